"""Where bytes lie: ``file:///folder`` or ``s3://bucket/prefix``, in constant memory.

What is written becomes visible whole or not at all. Writing a key again replaces it, deleting
what is not there does nothing. Blocking calls run in threads, one buffer at a time, so that a
slow sender holds none.
"""

import asyncio
import hashlib
import os
import tempfile
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO, Any, Protocol, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store

from sindico_platform.blobs import errors
from sindico_platform.settings import SettingsInvalid

R = TypeVar("R")

BUFFER_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Stored:
    """What was written."""

    sha256: str
    """64 hex digits."""
    size_bytes: int


class ByteStore(Protocol):
    """Bytes by key; a key is ``tenant/blob`` and never typed by anybody."""

    async def write(
        self, key: str, chunks: AsyncIterable[bytes], *, max_bytes: int | None = None
    ) -> Stored:
        """Write all of `chunks`, counted and hashed.

        Raises:
            BlobTooLarge: more than `max_bytes` came.
            Transient, Terminal: the store failed or refused.
        """

    def read(self, key: str) -> AsyncIterator[bytes]:
        """The bytes, in chunks of up to `BUFFER_BYTES`.

        Raises:
            Terminal: ``blob-bytes-missing`` or refused.
            Transient: the store failed.
        """

    async def delete(self, key: str) -> None:
        """Remove the bytes and whatever an interrupted write left of them."""


def open_store(url: str) -> ByteStore:
    """The store of ``SINDICO_BLOB_URL``.

    ``s3://bucket/prefix`` takes ``?endpoint=…`` and ``&region=…`` for other makers' stores;
    credentials come from where AWS tools look for them.

    Raises:
        SettingsInvalid: another scheme, or no folder or bucket.
    """
    parts = urlsplit(url)
    if parts.scheme == "file" and not parts.netloc and parts.path.strip("/"):
        return FolderStore(Path(unquote(parts.path)))
    if parts.scheme == "s3" and parts.netloc:
        options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        if not options.keys() - {"endpoint", "region"}:
            return BucketStore(parts.netloc, parts.path.strip("/"), **options)
    raise SettingsInvalid(
        ["SINDICO_BLOB_URL: expected file:///folder or s3://bucket/prefix?endpoint=…&region=…"]
    )


class FolderStore:
    """A local folder, made when first written to, for its owner alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def write(
        self, key: str, chunks: AsyncIterable[bytes], *, max_bytes: int | None = None
    ) -> Stored:
        path = self._folder / key
        file = await _in_thread(key, _open_part, path)
        try:
            stored = await _pour(key, chunks, file, max_bytes)
            await _in_thread(key, _keep_part, file, path)
        except BaseException:
            with suppress(OSError):  # a full disk refuses what is still in the buffer
                file.close()
            _part_of(path).unlink(missing_ok=True)
            raise
        return stored

    async def read(self, key: str) -> AsyncIterator[bytes]:
        with await _in_thread(key, _open_to_read, self._folder / key) as file:
            while chunk := await _in_thread(key, file.read, BUFFER_BYTES):
                yield chunk

    async def delete(self, key: str) -> None:
        path = self._folder / key
        for leftover in (path, _part_of(path)):
            await _in_thread(key, leftover.unlink, missing_ok=True)


class BucketStore:
    """An S3 bucket. What is written waits in a local temporary file until it is complete.

    obstore's asynchronous calls can abort a process that ends soon after them, so its blocking
    ones run in threads.
    """

    def __init__(
        self, bucket: str, prefix: str, *, endpoint: str | None = None, region: str | None = None
    ) -> None:
        options: dict[str, Any] = {"endpoint": endpoint, "region": region, "prefix": prefix}
        self._store = S3Store(
            bucket,
            **{name: value for name, value in options.items() if value},
            client_options={"allow_http": (endpoint or "").startswith("http://")},
            retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=30)},
        )

    async def write(
        self, key: str, chunks: AsyncIterable[bytes], *, max_bytes: int | None = None
    ) -> Stored:
        with tempfile.TemporaryFile() as file:
            stored = await _pour(key, chunks, file, max_bytes)
            await _in_thread(key, file.seek, 0)
            await _in_thread(key, obstore.put, self._store, key, file, max_concurrency=2)
        return stored

    async def read(self, key: str) -> AsyncIterator[bytes]:
        found = await _in_thread(key, obstore.get, self._store, key)
        stream = iter(found.stream(min_chunk_size=BUFFER_BYTES))
        while chunk := await _in_thread(key, _next_of, stream):
            yield chunk

    async def delete(self, key: str) -> None:
        await _in_thread(key, obstore.delete, self._store, key)


async def _pour(
    key: str, chunks: AsyncIterable[bytes], file: IO[bytes], max_bytes: int | None
) -> Stored:
    digest, size_bytes, buffer = hashlib.sha256(), 0, bytearray()

    def flush() -> None:
        digest.update(buffer)
        file.write(buffer)
        buffer.clear()

    async for chunk in chunks:
        size_bytes += len(chunk)
        if max_bytes is not None and size_bytes > max_bytes:
            raise errors.BlobTooLarge(max_bytes=max_bytes)
        buffer += chunk
        if len(buffer) >= BUFFER_BYTES:
            await _in_thread(key, flush)
    await _in_thread(key, flush)
    return Stored(digest.hexdigest(), size_bytes)


def _part_of(path: Path) -> Path:
    # One name per key, so that deleting the blob removes what a killed process left.
    return path.with_name(f"{path.name}.part")


def _open_part(path: Path) -> IO[bytes]:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.fdopen(os.open(_part_of(path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


def _open_to_read(path: Path) -> IO[bytes]:
    return path.open("rb", 0)


def _keep_part(file: IO[bytes], path: Path) -> None:
    """Make it last before the row says that it does."""
    file.flush()
    os.fsync(file.fileno())
    file.close()
    _part_of(path).replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _next_of(stream: Iterator[Any]) -> bytes:
    return bytes(next(stream, b""))


async def _in_thread(key: str, function: Callable[..., R], *args: Any, **options: Any) -> R:
    try:
        return await asyncio.to_thread(function, *args, **options)
    except FileNotFoundError as error:  # obstore's missing object is one
        raise errors.missing(key) from error
    except (PermissionDeniedError, UnauthenticatedError) as error:
        raise errors.store_refused(type(error).__name__) from error
    except BaseError as error:
        raise errors.store_failed(str(error).splitlines()[0][:200]) from error
    except OSError as error:
        raise errors.store_failed(error.strerror or type(error).__name__) from error
