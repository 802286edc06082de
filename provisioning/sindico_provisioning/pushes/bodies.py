"""The bytes of a push: kept as they come, uncompressed as they are read."""

import hashlib
import tempfile
import zlib
from collections.abc import AsyncIterable, Iterator
from enum import StrEnum
from typing import Self

import zstandard

from sindico_provisioning.pushes.errors import (
    BodyDamaged,
    EncodingNotSupported,
    PushTooLarge,
)
from sindico_provisioning.pushes.limits import MAX_BYTES, PIECE_BYTES

IN_MEMORY_BYTES = 1024 * 1024
"""A larger body lies in a file without a name until it has been taken in."""
READ_BYTES = 64 * 1024
ZSTD_READ_BYTES = 1024
"""Of zstd, so little at a time that even the tightest bomb of that size fits into memory."""
ZSTD_WINDOW_BYTES = 8 * 1024 * 1024
"""What every zstd decoder must support (RFC 8878); more would let a sender claim our memory."""
GZIP = 16 + zlib.MAX_WBITS


class Encoding(StrEnum):
    """How a body may be compressed."""

    IDENTITY = "identity"
    GZIP = "gzip"
    ZSTD = "zstd"


def encoding_of(header: str | None) -> Encoding:
    """Read a Content-Encoding.

    Raises:
        EncodingNotSupported: it is none of ours, or several.
    """
    name = (header or Encoding.IDENTITY).strip().lower().removeprefix("x-")
    try:
        return Encoding(name)
    except ValueError:
        raise EncodingNotSupported(encoding=name[:60]) from None


class Body:
    """A whole body as it was sent; use it as a context manager.

    Args:
        encoding: how it is compressed.
        with_digest: tell its digest in the end, which costs some time per byte.
    """

    def __init__(
        self, encoding: Encoding = Encoding.IDENTITY, *, with_digest: bool = False
    ) -> None:
        self.encoding = encoding
        self.sent_bytes = 0
        self._file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115 (closed at our own exit)
        self._digest = hashlib.sha256() if with_digest else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    async def receive(self, stream: AsyncIterable[bytes]) -> None:
        """Keep what comes, to its end.

        Raises:
            PushTooLarge: more came than one push may have.
        """
        async for sent in stream:
            self.sent_bytes += len(sent)
            if self.sent_bytes > MAX_BYTES:
                raise PushTooLarge(most_bytes=MAX_BYTES)
            if self._digest is not None:
                self._digest.update(sent)
            self._file.write(sent)

    @property
    def digest(self) -> str | None:
        """SHA-256 of the body as it was sent, in hexadecimal digits, if it was asked for."""
        return None if self._digest is None else self._digest.hexdigest()

    def head(self) -> bytes:
        """The beginning of what was sent."""
        self._file.seek(0)
        return self._file.read(PIECE_BYTES)

    def read(self) -> Iterator[bytes]:
        """Give the uncompressed body, a little at a time; from the beginning with every call.

        Raises:
            PushTooLarge: it is more than one push may have.
            BodyDamaged: it is not whole, or no such compression.
        """
        self._file.seek(0)
        total = 0
        for part in self._decoded():
            total += len(part)
            if total > MAX_BYTES:
                raise PushTooLarge(most_bytes=MAX_BYTES)
            yield part

    def _decoded(self) -> Iterator[bytes]:
        if self.encoding is Encoding.GZIP:
            return self._gunzipped()
        if self.encoding is Encoding.ZSTD:
            return self._unpacked()
        return iter(lambda: self._file.read(READ_BYTES), b"")

    def _gunzipped(self) -> Iterator[bytes]:
        """Undo gzip; several members count as one."""
        decoder, is_begun = zlib.decompressobj(GZIP), False
        while sent := self._file.read(READ_BYTES):
            while sent:
                is_begun = True
                try:
                    yield decoder.decompress(sent, PIECE_BYTES)
                except zlib.error as fault:
                    raise self._damaged() from fault
                sent = decoder.unconsumed_tail or decoder.unused_data
                if decoder.eof:
                    decoder, is_begun = zlib.decompressobj(GZIP), False
        if is_begun:
            raise self._damaged()

    def _unpacked(self) -> Iterator[bytes]:
        """Undo zstd; several frames count as one."""
        unpacker = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW_BYTES)
        decoder, is_begun = unpacker.decompressobj(), False
        while sent := self._file.read(ZSTD_READ_BYTES):
            while sent:
                is_begun = True
                try:
                    yield decoder.decompress(sent)
                except zstandard.ZstdError as fault:
                    raise self._damaged() from fault
                sent = decoder.unused_data if decoder.eof else b""
                if decoder.eof:
                    decoder, is_begun = unpacker.decompressobj(), False
        if is_begun:
            raise self._damaged()

    def _damaged(self) -> BodyDamaged:
        return BodyDamaged(encoding=self.encoding)
