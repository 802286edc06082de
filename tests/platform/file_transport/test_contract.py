"""What every file server does alike, over FTP, FTPS and SFTP."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from sindico_platform.connection_tests.schemas import StageResult, StageStatus
from sindico_platform.connection_tests.walk import Watch, observe
from sindico_platform.errors import OutsideError, Terminal
from sindico_platform.file_transport import FileServer, open_file_server
from sindico_platform.file_transport.check import PLANS, check_file_server
from tests.support.file_servers import GUARD, RunningServer
from tests.support.metrics import growth

SOME_MEGABYTES = bytes(range(256)) * 4096 * 9 + b"and a bit"


async def chunks_of(content: bytes, size: int = 100_000) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def read(server: FileServer, path: str) -> bytes:
    return b"".join([chunk async for chunk in server.download(path)])


def names_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


async def test_what_is_uploaded_stands_in_the_folder_under_its_name(
    running: RunningServer, folder: Path
) -> None:
    async with open_file_server(GUARD, running.settings()) as server:
        size = await server.upload("contrato.pdf", chunks_of(SOME_MEGABYTES))

    assert size == len(SOME_MEGABYTES)
    assert names_in(folder) == ["contrato.pdf"]
    assert (folder / "contrato.pdf").read_bytes() == SOME_MEGABYTES


async def test_a_session_is_measured_once_by_its_outcome(
    running: RunningServer, folder: Path
) -> None:
    settings, calls = running.settings(), "outside_call_duration_seconds_count"
    with (
        growth(calls, system=settings.connection, outcome="succeeded") as succeeded,
        growth(calls, system=settings.connection, outcome="terminal") as terminal,
    ):
        async with open_file_server(GUARD, settings) as server:
            await server.upload("a.txt", chunks_of(b"x"))
        with pytest.raises(Terminal):
            async with open_file_server(GUARD, settings) as server:
                await read(server, "none.txt")

        assert (succeeded(), terminal()) == (1, 1)


async def test_an_upload_replaces_what_has_its_name(running: RunningServer, folder: Path) -> None:
    (folder / "a.txt").write_bytes(b"old and longer")

    async with open_file_server(GUARD, running.settings()) as server:
        await server.upload("a.txt", chunks_of(b"new"))

    assert (folder / "a.txt").read_bytes() == b"new"


async def test_an_empty_file_is_a_file(running: RunningServer, folder: Path) -> None:
    async with open_file_server(GUARD, running.settings()) as server:
        assert await server.upload("empty", chunks_of(b"")) == 0
        assert await read(server, "empty") == b""


async def test_a_download_gives_every_byte(running: RunningServer, folder: Path) -> None:
    (folder / "big.bin").write_bytes(SOME_MEGABYTES)

    async with open_file_server(GUARD, running.settings()) as server:
        found = await read(server, "big.bin")

    assert hashlib.sha256(found).digest() == hashlib.sha256(SOME_MEGABYTES).digest()


async def test_several_files_pass_one_after_the_other(running: RunningServer, folder: Path) -> None:
    async with open_file_server(GUARD, running.settings()) as server:
        for number in range(5):
            await server.upload(f"{number}.txt", chunks_of(b"%d" % number))
        assert [await read(server, f"{number}.txt") for number in range(5)] == [
            b"%d" % number for number in range(5)
        ]


async def test_a_missing_file_is_told_and_the_connection_goes_on(running: RunningServer) -> None:
    async with open_file_server(GUARD, running.settings()) as server:
        with pytest.raises(Terminal) as raised:
            await read(server, "none.txt")
        await server.upload("there.txt", chunks_of(b"x"))

    assert raised.value.code == "remote-file-missing"
    assert raised.value.facts["name"] == "none.txt"


async def test_find_tells_size_and_time_or_nothing(running: RunningServer, folder: Path) -> None:
    path = folder / "a.txt"
    path.write_bytes(b"12345")

    async with open_file_server(GUARD, running.settings()) as server:
        found, missing = await server.find("a.txt"), await server.find("b.txt")

    assert missing is None
    assert found is not None
    assert found.size_bytes == 5
    assert found.modified_at is not None
    assert abs(found.modified_at.timestamp() - path.stat().st_mtime) < 2


async def test_delete_can_be_repeated_and_takes_leftovers_too(
    running: RunningServer, folder: Path
) -> None:
    (folder / "a.txt").write_bytes(b"x")
    (folder / "a.txt.part").write_bytes(b"half")

    async with open_file_server(GUARD, running.settings()) as server:
        await server.delete("a.txt")
        await server.delete("a.txt")

    assert names_in(folder) == []


async def test_a_file_goes_into_a_folder_below(running: RunningServer, folder: Path) -> None:
    (folder / "2026/11").mkdir(parents=True)

    async with open_file_server(GUARD, running.settings()) as server:
        await server.upload("2026/11/a.txt", chunks_of(b"x"))
        assert await read(server, "2026/11/a.txt") == b"x"

    assert names_in(folder) == ["2026/11/a.txt"]


async def test_the_configured_folder_is_where_files_go(
    running: RunningServer, folder: Path
) -> None:
    (folder / "crm/documentos").mkdir(parents=True)

    for typed in ("crm/documentos", "/crm//documentos/"):
        async with open_file_server(GUARD, running.settings(folder=typed)) as server:
            await server.upload("a.txt", chunks_of(b"x"))

    assert names_in(folder) == ["crm/documentos/a.txt"]


@pytest.mark.parametrize(
    "name", ["relatório ação.pdf", "a b (1).txt", "日本.txt", "-rf", "~x", "%s"]
)
async def test_names_arrive_as_they_are(running: RunningServer, folder: Path, name: str) -> None:
    async with open_file_server(GUARD, running.settings()) as server:
        await server.upload(name, chunks_of(b"x"))
        assert await read(server, name) == b"x"

    assert names_in(folder) == [name]


async def test_a_source_that_fails_leaves_nothing_and_the_connection_goes_on(
    running: RunningServer, folder: Path
) -> None:
    async def failing() -> AsyncIterator[bytes]:
        yield SOME_MEGABYTES
        raise OSError("the sender hung up")

    async with open_file_server(GUARD, running.settings()) as server:
        with pytest.raises(OSError, match="the sender hung up"):
            await server.upload("a.txt", failing())
        assert names_in(folder) == []
        await server.upload("b.txt", chunks_of(b"x"))

    assert names_in(folder) == ["b.txt"]


async def test_a_cancelled_upload_leaves_nothing(running: RunningServer, folder: Path) -> None:
    begun = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield SOME_MEGABYTES
        begun.set()
        await asyncio.Event().wait()

    async def upload() -> None:
        async with open_file_server(GUARD, running.settings()) as server:
            await server.upload("a.txt", endless())

    task = asyncio.create_task(upload())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert names_in(folder) == []


async def test_a_failed_upload_leaves_the_file_that_was_there(
    running: RunningServer, folder: Path
) -> None:
    (folder / "a.txt").write_bytes(b"the old one")

    async def failing() -> AsyncIterator[bytes]:
        yield SOME_MEGABYTES
        raise ValueError

    async with open_file_server(GUARD, running.settings()) as server:
        with pytest.raises(ValueError, match=r"^$"):
            await server.upload("a.txt", failing())

    assert (folder / "a.txt").read_bytes() == b"the old one"
    assert names_in(folder) == ["a.txt"]


async def test_a_download_may_be_given_up(running: RunningServer, folder: Path) -> None:
    (folder / "big.bin").write_bytes(SOME_MEGABYTES)

    async with (
        open_file_server(GUARD, running.settings()) as server,
        aclosing(server.download("big.bin")) as chunks,
    ):
        first = await anext(chunks)

    assert SOME_MEGABYTES.startswith(first)


async def test_the_test_walks_every_stage_and_leaves_its_file(
    running: RunningServer, folder: Path
) -> None:
    async def walk(watch: Watch) -> None:
        await check_file_server(
            GUARD, running.settings(), watch, path="teste.txt", content=b"Funciona.\n"
        )

    plan = PLANS[running.connection]
    results: list[StageResult] = [result async for result in observe(plan, walk)]

    assert [result.stage for result in results] == list(plan)
    assert {result.status for result in results} <= {StageStatus.SUCCEEDED, StageStatus.SKIPPED}
    assert all(result.evidence for result in results)
    assert (folder / "teste.txt").read_bytes() == b"Funciona.\n"


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../a.txt",
        "a/../../b.txt",
        "/etc/passwd",
        "a//b",
        "a/",
        "a\0b",
        "a\r\nDELE b",
        "a\nb",
        "\x1b[2J",
        "a\\..\\b",
        "x" * 201,
        "\ud800",
        "gpj.\u202eexe",
    ],
    ids=repr,
)
async def test_names_that_lead_elsewhere_are_refused(
    running: RunningServer, folder: Path, name: str
) -> None:
    (folder.parent / "b.txt").write_bytes(b"not yours")

    async with open_file_server(GUARD, running.settings()) as server:
        for attempt in (
            server.upload(name, chunks_of(b"x")),
            read(server, name),
            server.find(name),
            server.delete(name),
        ):
            with pytest.raises(OutsideError) as raised:
                await attempt
            assert raised.value.code == "file-name-malformed"

    assert names_in(folder) == []


@pytest.mark.parametrize(
    "typed", ["..", "../x", "a/../b", "a\0b", "a\r\nDELE b", "C:\\docs", "x" * 1001], ids=repr
)
async def test_folders_that_lead_elsewhere_are_refused(running: RunningServer, typed: str) -> None:
    with pytest.raises(OutsideError) as raised:
        async with open_file_server(GUARD, running.settings(folder=typed)):
            raise AssertionError("such a folder must not be entered")

    assert raised.value.code == "folder-malformed"
