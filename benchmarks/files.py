"""Uploads to SFTP and FTP beside the same client straight to the server, and their memory."""

import asyncio
import json
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.support.servers.certificates import Certificates
from tests.support.servers.openssh import run_openssh
from tests.support.servers.proftpd import PASSWORD, USER, run_proftpd

from benchmarks.figures import Figure, tell
from benchmarks.stack import Stack

SMALL, MIDDLE, LARGE = 1, 256, 2048
"""Megabytes."""
ROUNDS = 5
"""Of which the best counts on either side: what else the machine does only slows one down."""
BLOCK = bytes(range(256)) * 4096


async def measure(_stack: Stack) -> list[Figure]:
    """OpenSSH and ProFTPD on loopback; each upload in a process of its own."""
    figures: list[Figure] = []
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sindico-files-")))
        source = make_file(root / "source.bin")
        for name, told in open_servers(stack, root).items():
            figures += await measure_one(name, {**told, "source": str(source)})
    return figures


def make_file(path: Path) -> Path:
    path.parent.chmod(0o755)  # the servers' own users pass through it
    with path.open("wb") as file:
        for _ in range(MIDDLE):
            file.write(BLOCK)
    return path


def open_servers(stack: ExitStack, root: Path) -> dict[str, dict[str, Any]]:
    ssh = stack.enter_context(run_openssh(root / "openssh"))
    certificates = root / "certificates"
    certificates.mkdir()
    certificate = Certificates(certificates).right()
    ftp = stack.enter_context(run_proftpd(root / "proftpd", certificate))
    nothing = {"password": None, "private_key": None, "host_key": None}
    return {
        "SFTP": nothing
        | {
            "connection": "sftp",
            "port": ssh.port,
            "folder": str(ssh.folder),
            "username": ssh.user,
            "private_key": ssh.private_key,
            "host_key": ssh.fingerprint,
        },
        "FTP": nothing
        | {
            "connection": "ftp",
            "port": ftp.port,
            "folder": "/documentos",
            "username": USER,
            "password": PASSWORD,
        },
    }


async def measure_one(name: str, told: dict[str, Any]) -> list[Figure]:
    ours, straight = [], []
    for _ in range(ROUNDS):
        straight.append((await run_worker("straight", MIDDLE, told))["rate"])
        ours.append((await run_worker("ours", MIDDLE, told))["rate"])
    tell(f"{name}: {max(ours):.0f} MB/s, straight {max(straight):.0f} MB/s")
    small = (await run_worker("ours", SMALL, told))["peak"]
    large = (await run_worker("ours", LARGE, told))["peak"]
    return [
        Figure(
            name=f"upload to {name}",
            value=max(ours),
            unit="MB/s",
            yardstick="the same client straight",
            yardstick_value=max(straight),
            at_least=0.7,
        ),
        Figure(name=f"memory of a 2 GB upload to {name}", value=large, unit="MB", at_most=100),
        Figure(
            name=f"memory from 1 MB to 2 GB, {name}", value=large - small, unit="MB", at_most=32
        ),
    ]


async def run_worker(way: str, megabytes: int, told: dict[str, Any]) -> dict[str, float]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "benchmarks.file_worker",
        way,
        str(megabytes),
        json.dumps(told),
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"{way} upload failed")
    measured: dict[str, float] = json.loads(output)
    return measured
