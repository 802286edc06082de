"""The sandbox file server offers one folder by FTP, FTPS and SFTP."""

import asyncio
import ftplib
import ssl
from collections.abc import AsyncIterator, Callable
from functools import partial
from io import BytesIO
from pathlib import Path

import asyncssh
import pytest

from sindico_provisioning.sandbox.files.sandbox import FOLDER, FileSandbox

CONTENT = b"conte\xc3\xbado" * 1_000


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[FileSandbox]:
    async with FileSandbox(directory=tmp_path) as running:
        yield running


def upload(kind: Callable[[], ftplib.FTP], sandbox: FileSandbox, password: str) -> None:
    with kind() as client:
        client.connect("127.0.0.1", sandbox.ports["ftp"], timeout=10)
        client.login(sandbox.user, password)
        if isinstance(client, ftplib.FTP_TLS):
            client.prot_p()
        client.cwd(f"/{FOLDER}")
        client.storbinary("STOR nota.bin", BytesIO(CONTENT))


async def connect_sftp(sandbox: FileSandbox, password: str) -> asyncssh.SSHClientConnection:
    return await asyncssh.connect(
        "127.0.0.1",
        sandbox.ports["sftp"],
        username=sandbox.user,
        password=password,
        known_hosts=None,
        client_keys=None,
    )


@pytest.mark.parametrize("is_encrypted", [False, True], ids=["ftp", "ftps"])
async def test_ftp_takes_a_file(sandbox: FileSandbox, *, is_encrypted: bool) -> None:
    trust = ssl.create_default_context(cadata=sandbox.ca_pem)
    kind = partial(ftplib.FTP_TLS, context=trust) if is_encrypted else ftplib.FTP

    await asyncio.to_thread(upload, kind, sandbox, sandbox.password)

    assert (sandbox.folder / FOLDER / "nota.bin").read_bytes() == CONTENT


async def test_ftp_refuses_a_wrong_password(sandbox: FileSandbox) -> None:
    with pytest.raises(ftplib.error_perm, match="530"):
        await asyncio.to_thread(upload, ftplib.FTP, sandbox, "wrong")


async def test_sftp_takes_a_file_into_the_same_folder(sandbox: FileSandbox) -> None:
    async with (
        await connect_sftp(sandbox, sandbox.password) as ssh,
        ssh.start_sftp_client() as sftp,
        sftp.open(f"/{FOLDER}/nota.bin", "wb") as file,
    ):
        await file.write(CONTENT)

    assert (sandbox.folder / FOLDER / "nota.bin").read_bytes() == CONTENT


async def test_sftp_refuses_a_wrong_password(sandbox: FileSandbox) -> None:
    with pytest.raises(asyncssh.PermissionDenied):
        await connect_sftp(sandbox, "wrong")


async def test_the_host_key_outlives_a_restart(tmp_path: Path) -> None:
    async with FileSandbox(directory=tmp_path) as first:
        before = await asyncssh.get_server_host_key("127.0.0.1", first.ports["sftp"])
    async with FileSandbox(directory=tmp_path) as second:
        after = await asyncssh.get_server_host_key("127.0.0.1", second.ports["sftp"])

    assert before is not None
    assert after is not None
    assert before.get_fingerprint() == after.get_fingerprint()
