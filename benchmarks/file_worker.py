"""One upload in a process of its own: `python -m benchmarks.file_worker WAY MEGABYTES SETTINGS`.

WAY is ``ours`` or ``straight``: the same library, or for FTP Python's own, without us. Prints
megabytes per second and the resident memory's highest mark, in megabytes.
"""

import asyncio
import ftplib
import json
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncssh
import uvloop

from sindico_platform.egress import EgressGuard
from sindico_platform.egress.ranges import LOOPBACK
from sindico_platform.file_transport import Connection, FileServerSettings, open_file_server
from sindico_platform.settings import Secret

MEGABYTE, CHUNK_BYTES = 1 << 20, 1 << 16
BLOCK = bytes(range(256)) * (CHUNK_BYTES // 256)


async def upload_ours(told: dict[str, Any], megabytes: int) -> float:
    """Through the guard, under a temporary name, renamed at the end."""
    settings = FileServerSettings(
        connection=Connection(told["connection"]),
        host="127.0.0.1",
        port=told["port"],
        folder=told["folder"],
        username=told["username"],
        password=Secret(told["password"]) if told["password"] else None,
        private_key=Secret(told["private_key"]) if told["private_key"] else None,
        host_key=told["host_key"],
    )
    async with open_file_server(EgressGuard(allow=LOOPBACK), settings) as server:
        begun = time.monotonic()
        await server.upload("ours.bin", blocks(megabytes))
        return time.monotonic() - begun


async def blocks(megabytes: int) -> AsyncIterator[bytes]:
    for _ in range(megabytes * MEGABYTE // CHUNK_BYTES):
        yield BLOCK


async def upload_straight(told: dict[str, Any], _megabytes: int) -> float:
    """A local file by the library's own way."""
    path = told["source"]
    if told["connection"] == Connection.FTP:
        return await asyncio.to_thread(store_by_ftplib, told, path)
    key = asyncssh.import_private_key(told["private_key"])
    async with (
        asyncssh.connect(
            "127.0.0.1",
            told["port"],
            username=told["username"],
            client_keys=[key],
            known_hosts=None,
            config=None,
        ) as connection,
        connection.start_sftp_client() as sftp,
    ):
        begun = time.monotonic()
        await sftp.put(path, f"{told['folder']}/straight.bin")
        return time.monotonic() - begun


def store_by_ftplib(told: dict[str, Any], path: str) -> float:
    with ftplib.FTP() as ftp, open(path, "rb") as source:  # noqa: S321, PTH123 (the yardstick)
        ftp.connect("127.0.0.1", told["port"])
        ftp.login(told["username"], told["password"])
        ftp.cwd(told["folder"])
        begun = time.monotonic()
        ftp.storbinary("STOR straight.bin", source, blocksize=CHUNK_BYTES)
        return time.monotonic() - begun


def main() -> None:
    way, megabytes, told = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
    upload = upload_ours if way == "ours" else upload_straight
    seconds = uvloop.run(upload(told, megabytes))  # as the product's processes do
    print(json.dumps({"rate": megabytes / seconds, "peak": peak_megabytes()}))


def peak_megabytes() -> float:
    """The highest mark since this program began; getrusage would tell that of its parent too."""
    status = Path("/proc/self/status").read_text()
    kilobytes = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(kilobytes.split()[1]) / 1024


if __name__ == "__main__":
    main()
