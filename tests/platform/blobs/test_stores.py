"""One suite for both stores, and what is special to each."""

import asyncio
import hashlib
import resource
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from sindico_platform.blobs.errors import BlobTooLarge
from sindico_platform.blobs.stores import BUFFER_BYTES, ByteStore, FolderStore, open_store
from sindico_platform.errors import OutsideError, Terminal, Transient
from sindico_platform.settings import SettingsInvalid
from tests.platform.blobs.s3 import Bucket, serving_bucket

KEY = "018f4c00-0000-7000-8000-00000000000a/018f4c00-0000-7000-8000-00000000000b"


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with serving_bucket() as served:
        yield served


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ByteStore:
    if request.param == "folder":
        return open_store((tmp_path / "não existe ainda").as_uri())
    served: Bucket = request.getfixturevalue("bucket")
    return open_store(f"s3://files/pre/fix?endpoint={served.url}&region=sa-east-1")


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def read_all(store: ByteStore, key: str = KEY) -> bytes:
    return b"".join([chunk async for chunk in store.read(key)])


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [b""],
        [b"a", b"", b"b"],
        [bytes([n]) * 100_003 for n in range(150)],
        [b"x" * (BUFFER_BYTES * 3 + 1)],
    ],
    ids=["nothing", "an empty chunk", "small", "15 MB in parts", "one large chunk"],
)
async def test_what_is_written_is_read(store: ByteStore, parts: list[bytes]) -> None:
    whole = b"".join(parts)

    stored = await store.write(KEY, chunks(*parts))

    assert stored.size_bytes == len(whole)
    assert stored.sha256 == hashlib.sha256(whole).hexdigest()
    assert await read_all(store) == whole


async def test_writing_again_replaces(store: ByteStore) -> None:
    await store.write(KEY, chunks(b"first and longer"))
    await store.write(KEY, chunks(b"second"))

    assert await read_all(store) == b"second"


async def test_deleting_is_repeatable(store: ByteStore) -> None:
    await store.write(KEY, chunks(b"bytes"))

    await store.delete(KEY)
    await store.delete(KEY)

    with pytest.raises(Terminal, match="missing"):
        await read_all(store)


async def test_too_many_bytes_leave_nothing(store: ByteStore) -> None:
    with pytest.raises(BlobTooLarge, match="up to 2000000 bytes"):
        await store.write(KEY, chunks(*[b"x" * 999_999] * 3), max_bytes=2_000_000)

    with pytest.raises(Terminal):
        await read_all(store)


async def test_a_senders_failure_leaves_nothing_and_keeps_its_name(store: ByteStore) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"x" * (BUFFER_BYTES * 2)
        raise FileNotFoundError("the sender's own")

    with pytest.raises(FileNotFoundError, match="the sender's own"):
        await store.write(KEY, broken())

    with pytest.raises(Terminal):
        await read_all(store)


async def test_a_cancelled_write_leaves_nothing(store: ByteStore) -> None:
    started = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * BUFFER_BYTES
            started.set()
            await asyncio.sleep(0.001)

    task = asyncio.create_task(store.write(KEY, endless()))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    with pytest.raises(Terminal):
        await read_all(store)


async def test_a_large_file_is_never_in_memory(tmp_path: Path) -> None:
    store, parts = FolderStore(tmp_path), 300
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    await store.write(KEY, chunks(*[b"x" * BUFFER_BYTES] * parts))
    size_bytes = 0
    async for chunk in store.read(KEY):
        size_bytes += len(chunk)

    grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert size_bytes == parts * BUFFER_BYTES
    assert grown_kb < 60_000


async def test_files_are_their_owners_alone_and_leftovers_go_with_them(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "blobs")
    await store.write(KEY, chunks(b"bytes"))
    path = tmp_path / "blobs" / KEY
    leftover = path.with_name(path.name + ".part")
    leftover.write_bytes(b"of a killed process")

    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    await store.delete(KEY)
    assert list(path.parent.iterdir()) == []


async def test_a_full_or_forbidden_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")

    with pytest.raises(Transient, match="Not a directory") as raised:
        await FolderStore(tmp_path / "file").write(KEY, chunks(b"bytes"))

    assert raised.value.code == "blob-store-failed"


@pytest.mark.parametrize("size_bytes", [5, BUFFER_BYTES * 2], ids=["small", "large"])
async def test_a_full_disk_is_told_and_keeps_no_half_file(tmp_path: Path, size_bytes: int) -> None:
    """The device gives the very error that a file system without room gives."""
    path = tmp_path / KEY
    path.parent.mkdir()
    part = path.with_name(f"{path.name}.part")
    part.symlink_to("/dev/full")
    store = FolderStore(tmp_path)

    with pytest.raises(Transient, match="No space left on device") as raised:
        await store.write(KEY, chunks(b"x" * size_bytes))

    assert raised.value.code == "blob-store-failed"
    assert list(path.parent.iterdir()) == []
    await store.write(KEY, chunks(b"there is room again"))
    assert await read_all(store) == b"there is room again"


async def test_a_bucket_that_refuses_is_told(bucket: Bucket) -> None:
    store = open_store(f"s3://files?endpoint={bucket.url}&region=sa-east-1")
    bucket.refuse_with = 403

    with pytest.raises(OutsideError) as raised:
        await store.write(KEY, chunks(b"bytes"))

    assert (type(raised.value), raised.value.code) == (Terminal, "blob-store-refused")
    assert not bucket.objects


async def test_objects_lie_under_bucket_and_prefix(bucket: Bucket) -> None:
    store = open_store(f"s3://files/pre/fix?endpoint={bucket.url}&region=sa-east-1")

    await store.write(KEY, chunks(b"bytes"))

    assert bucket.objects == {f"/files/pre/fix/{KEY}": b"bytes"}


@pytest.mark.parametrize(
    "url",
    ["", "file://", "file:///", "file://host/x", "s3://", "ftp://x/y", "s3://bucket?colour=red"],
)
def test_a_malformed_address_is_refused(url: str) -> None:
    with pytest.raises(SettingsInvalid, match="SINDICO_BLOB_URL: expected"):
        open_store(url)


def test_a_process_that_ends_right_after_writing_ends_well(bucket: Bucket) -> None:
    """Obstore's asynchronous calls would abort some of these."""
    script = (
        "import asyncio, sys\n"
        "from sindico_platform.blobs.stores import open_store\n"
        "async def one():\n"
        "    yield b'bytes'\n"
        "asyncio.run(open_store(sys.argv[1]).write('t/b', one()))\n"
    )
    url = f"s3://files?endpoint={bucket.url}&region=sa-east-1"

    for _ in range(5):
        assert subprocess.run([sys.executable, "-c", script, url], check=False).returncode == 0
