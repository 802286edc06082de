"""Each mistake people make with FTP and FTPS is told apart on a real server."""

import asyncio
import errno
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
from OpenSSL._util import lib as openssl
from pyftpdlib.filesystems import AbstractedFS
from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler

from sindico_platform.connection_tests.schemas import Stage
from sindico_platform.egress import EgressGuard
from sindico_platform.file_transport import Connection
from sindico_platform.settings import Secret
from tests.platform.egress.conftest import no_such_name, serving, silence
from tests.platform.file_transport.reports import diagnose, expect
from tests.support.file_servers import ALL_RIGHTS, serving_ftp, serving_sftp, settings_at


async def test_a_wrong_password_is_told_with_the_servers_words(folder: Path) -> None:
    with serving_ftp(folder, auth_failed_timeout=0) as running:
        diagnosis = await diagnose(running.settings(password=Secret("errada")))

    told = expect(diagnosis, Stage.AUTHENTICATE, "file-login-refused")
    assert "530 Authentication failed." in told.text
    assert "errada" not in told.text


async def test_a_server_that_repeats_the_password_does_not_get_it_shown(folder: Path) -> None:
    def repeat(handler: Any, line: str) -> None:
        handler.respond(f"530 No, {line} is wrong.")

    with serving_ftp(folder, ftp_PASS=repeat) as running:
        told = expect(
            await diagnose(running.settings(password=Secret("s3cr3t!"))),
            Stage.AUTHENTICATE,
            "file-login-refused",
        )

    assert "s3cr3t!" not in told.text
    assert "No, *** is wrong." in told.text


@pytest.mark.parametrize(
    "refusal",
    [
        "550 SSL/TLS required on the control channel.",
        "530 Non-anonymous sessions must use encryption.",
        "534 Policy requires SSL.",
        "503 Use AUTH first.",
        "421 Sorry, cleartext sessions and weak ciphers are not accepted on this server.",
    ],
    ids=["proftpd", "vsftpd", "iis", "filezilla", "pure-ftpd"],
)
async def test_a_server_that_wants_encryption_says_so_in_many_ways(
    folder: Path, refusal: str
) -> None:
    def refuse(handler: Any, _line: str) -> None:
        handler.respond(refusal)

    with serving_ftp(folder, ftp_USER=refuse) as running:
        expect(await diagnose(running.settings()), Stage.AUTHENTICATE, "ftp-tls-required")


async def test_ftps_at_a_server_without_it(folder: Path) -> None:
    with serving_ftp(folder) as running:
        settings = running.settings(connection=Connection.FTPS)
        expect(await diagnose(settings), Stage.TLS, "ftps-not-offered")


async def test_a_certificate_of_an_unknown_authority(folder: Path, ca: trustme.CA) -> None:
    with serving_ftp(folder, ca=ca) as running:
        settings = running.settings(certificate=trustme.CA().cert_pem.bytes().decode())
        expect(await diagnose(settings), Stage.TLS, "tls-certificate-refused")


async def test_a_certificate_for_another_name(folder: Path, ca: trustme.CA) -> None:
    with serving_ftp(folder, ca=ca) as running:
        settings = running.settings(host="127.0.0.1")
        expect(await diagnose(settings), Stage.TLS, "tls-certificate-other-name")


async def test_a_self_signed_certificate(folder: Path, tmp_path: Path) -> None:
    own = trustme.CA()
    path = tmp_path / "own.pem"
    own.private_key_pem.write_to_path(str(path))
    own.cert_pem.write_to_path(str(path), append=True)
    with serving_ftp(folder, ca=own, certfile=str(path)) as running:
        expect(
            await diagnose(running.settings(certificate=None)),
            Stage.TLS,
            "tls-certificate-self-signed",
        )


async def test_an_expired_certificate(folder: Path, ca: trustme.CA, tmp_path: Path) -> None:
    path = tmp_path / "expired.pem"
    yesterday = datetime.now(UTC) - timedelta(days=1)
    issued = ca.issue_cert("localhost", not_after=yesterday)
    issued.private_key_and_cert_chain_pem.write_to_path(str(path))
    with serving_ftp(folder, ca=ca, certfile=str(path)) as running:
        expect(await diagnose(running.settings()), Stage.TLS, "tls-certificate-expired")


async def test_a_folder_that_is_not_there(folder: Path) -> None:
    with serving_ftp(folder) as running:
        told = expect(
            await diagnose(running.settings(folder="/Documentos")), Stage.FOLDER, "folder-missing"
        )

    assert "/Documentos" in told.text


async def test_no_right_to_write(folder: Path) -> None:
    with serving_ftp(folder, rights="elr") as running:
        expect(await diagnose(running.settings()), Stage.WRITE, "write-refused")


async def test_no_right_to_rename(folder: Path) -> None:
    with serving_ftp(folder, rights=ALL_RIGHTS.replace("f", "")) as running:
        expect(await diagnose(running.settings()), Stage.WRITE, "rename-refused")

    assert not (folder / "teste.txt.part").exists()


async def test_no_right_to_read(folder: Path) -> None:
    with serving_ftp(folder, rights=ALL_RIGHTS.replace("r", "")) as running:
        expect(await diagnose(running.settings()), Stage.READ_BACK, "read-refused")


class _FullFile:
    closed = False

    def __init__(self, name: str) -> None:
        self.name = name

    def write(self, _data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    def close(self) -> None:
        self.closed = True


class _FullDisk(AbstractedFS):  # type: ignore[misc]  # pyftpdlib has no types
    def open(self, filename: str, mode: str) -> Any:
        return _FullFile(filename) if "w" in mode else super().open(filename, mode)


@pytest.mark.parametrize(
    "reply",
    [
        "452 Insufficient storage.",
        "552 Disk quota exceeded.",
        "451 Failure writing to local file.",
        "426 No space left on device; transfer aborted.",
    ],
    ids=["proftpd", "quota", "vsftpd", "pyftpdlib"],
)
async def test_a_disk_that_is_full(folder: Path, reply: str) -> None:
    def refuse(handler: Any, _file: str) -> None:
        handler.respond(reply)

    with serving_ftp(folder, ftp_STOR=refuse) as running:
        expect(await diagnose(running.settings()), Stage.WRITE, "disk-full")


async def test_a_disk_that_gets_full_meanwhile(folder: Path) -> None:
    """This server's words do not say why, so the advice names what it mostly is."""
    with serving_ftp(folder, abstracted_fs=_FullDisk) as running:
        told = expect(await diagnose(running.settings()), Stage.WRITE, "write-failed")

    assert "free space" in told.text


async def test_passive_ports_that_a_firewall_closes(folder: Path) -> None:
    def lie(handler: Any, _line: str) -> None:
        handler.respond("227 Entering passive mode (10,0,0,5,0,9).")  # nobody listens on 9

    with serving_ftp(folder, ftp_PASV=lie) as running:
        told = expect(await diagnose(running.settings()), Stage.WRITE, "passive-ports-blocked")

    assert told.facts["data_port"] == 9


async def test_the_address_a_server_names_for_data_is_not_believed(folder: Path) -> None:
    with serving_ftp(folder, masquerade_address="169.254.169.254") as running:
        assert await diagnose(running.settings()) is None


async def test_a_server_that_cannot_open_the_data_connection(folder: Path) -> None:
    def refuse(handler: Any, _file: str) -> None:
        handler.respond("425 Can't open data connection.")

    with serving_ftp(folder, ftp_STOR=refuse) as running:
        expect(await diagnose(running.settings()), Stage.WRITE, "passive-ports-blocked")


async def test_data_that_may_not_be_encrypted(folder: Path, ca: trustme.CA) -> None:
    def refuse(handler: Any, _line: str) -> None:
        handler.respond("536 PROT P is not supported.")

    with serving_ftp(folder, ca=ca, ftp_PROT=refuse) as running:
        expect(await diagnose(running.settings()), Stage.AUTHENTICATE, "data-encryption-refused")


async def test_the_data_connection_resumes_the_session_of_the_control(
    folder: Path, ca: trustme.CA
) -> None:
    """Many servers insist on it, vsftpd and ProFTPD among them."""
    resumed: list[bool] = []

    class Watching(TLS_FTPHandler.dtp_handler):  # type: ignore[misc]  # pyftpdlib has no types
        def close(self) -> None:
            resumed.append(bool(openssl.SSL_session_reused(self.socket._ssl)))
            super().close()

    with serving_ftp(folder, ca=ca, dtp_handler=Watching, tls_data_required=True) as running:
        assert await diagnose(running.settings()) is None

    assert resumed == [True, True]


async def test_a_file_that_comes_back_different(folder: Path) -> None:
    class Converting(FTPHandler.dtp_handler):  # type: ignore[misc]  # pyftpdlib has no types
        def _posix_ascii_data_wrapper(self, chunk: bytes) -> bytes:
            return chunk.replace(b"\n", b"\r\n")

        def enable_receiving(self, _type: str, cmd: str) -> None:
            super().enable_receiving("a", cmd)

    with serving_ftp(folder, dtp_handler=Converting) as running:
        told = expect(await diagnose(running.settings()), Stage.COMPARE, "file-differs")

    assert told.facts["read_bytes"] == told.facts["written_bytes"] + 1


async def test_ftp_spoken_to_an_sftp_port(folder: Path) -> None:
    async with serving_sftp(folder) as running:
        settings = running.settings(connection=Connection.FTP)
        expect(await diagnose(settings), Stage.GREETING, "sftp-on-ftp-port")


@pytest.mark.parametrize(
    ("greeting", "code"),
    [
        ("220 mail.example.com ESMTP Postfix\r\n", "mail-server-not-file-server"),
        ("+OK POP3 ready\r\n", "ftp-not-spoken"),
        ("HTTP/1.1 400 Bad Request\r\n\r\n", "ftp-not-spoken"),
        ("no end of line", "ftp-not-spoken"),
        ("\0\1\2\3\n", "ftp-not-spoken"),
        ("220-" + "many lines\r\n220-" * 600, "ftp-not-spoken"),
        ("2" * 2_000_000, "ftp-not-spoken"),
        ("421 Too many connections (8) from this IP\r\n", "file-server-busy"),
        ("", "file-server-hung-up"),
    ],
    ids=["smtp", "pop3", "http", "unfinished", "binary", "endless", "huge", "busy", "closed"],
)
async def test_other_servers_are_recognised(greeting: str, code: str) -> None:
    async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting.encode())
        await writer.drain()

    async with serving(greet) as port:
        settings = settings_at(Connection.FTP, port)
        expect(await diagnose(settings), Stage.GREETING, code)


async def test_a_server_that_says_nothing(folder: Path) -> None:
    async def wait(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with serving(wait) as port:
        told = expect(
            await diagnose(settings_at(Connection.FTP, port, answer_seconds=0.2)),
            Stage.GREETING,
            "greeting-timed-out",
        )

    assert "990" in told.text


async def test_a_server_that_falls_silent() -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 Hello\r\n")
        await reader.read()

    async with serving(greet) as port:
        expect(
            await diagnose(settings_at(Connection.FTP, port, answer_seconds=1)),
            Stage.AUTHENTICATE,
            "file-server-silent",
        )


async def test_a_server_that_hangs_up() -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 Hello\r\n")
        await reader.readline()

    async with serving(greet) as port:
        expect(
            await diagnose(settings_at(Connection.FTP, port)),
            Stage.AUTHENTICATE,
            "file-server-hung-up",
        )


async def test_replies_in_a_windows_code_page_are_read() -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 Ol\xe1\r\n")
        await reader.readline()
        writer.write(b"331 Senha\r\n")
        await reader.readline()
        writer.write("530 Usuário não pode entrar.\r\n".encode("cp1252"))
        await reader.read()

    async with serving(greet) as port:
        told = expect(
            await diagnose(settings_at(Connection.FTP, port)),
            Stage.AUTHENTICATE,
            "file-login-refused",
        )

    assert "Usuário não pode entrar." in told.text


async def test_a_port_where_nobody_listens() -> None:
    async with serving(lambda _reader, _writer: asyncio.sleep(0)) as port:
        pass

    expect(await diagnose(settings_at(Connection.FTP, port)), Stage.CONNECT, "connection-refused")


async def test_a_name_that_does_not_exist() -> None:
    told = await diagnose(settings_at(Connection.FTP, 21), guard=EgressGuard(resolver=no_such_name))

    expect(told, Stage.RESOLVE, "dns-not-found")


async def test_a_host_that_drops_what_is_sent() -> None:
    with silence() as port:
        told = await diagnose(settings_at(Connection.FTP, port, connect_seconds=0.2))

    expect(told, Stage.CONNECT, "connection-timed-out")
