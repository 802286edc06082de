"""Each mistake people make with SFTP is told apart on a real server."""

import asyncio
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from sindico_platform.connection_tests.schemas import Stage
from sindico_platform.egress import EgressGuard
from sindico_platform.file_transport import Connection
from sindico_platform.settings import Secret
from tests.platform.egress.conftest import serving
from tests.platform.file_transport.reports import diagnose, expect
from tests.support.file_servers import (
    PASSWORD,
    USERNAME,
    SshRules,
    serving_ftp,
    serving_sftp,
    settings_at,
)

KEY = asyncssh.generate_private_key("ssh-ed25519")


def pem_of(key: asyncssh.SSHKey, passphrase: str | None = None) -> Secret[str]:
    return Secret(key.export_private_key(passphrase=passphrase).decode())


async def test_an_unknown_server_shows_its_key_and_gets_nothing(folder: Path) -> None:
    async with serving_sftp(folder, rules=SshRules(passwords={})) as running:
        told = expect(
            await diagnose(running.settings(host_key=None)), Stage.HOST_KEY, "host-key-unconfirmed"
        )

    assert told.facts["fingerprint"] == running.host_key


async def test_a_changed_key_stops_everything(folder: Path) -> None:
    tried: list[str] = []

    class Listening(asyncssh.SSHServer):
        def begin_auth(self, username: str) -> bool:
            tried.append(username)
            return True

    pinned = f"ssh-ed25519 {KEY.get_fingerprint()}"
    async with serving_sftp(folder, server_factory=Listening) as running:
        told = expect(
            await diagnose(running.settings(host_key=pinned)), Stage.HOST_KEY, "host-key-changed"
        )

    assert told.facts["fingerprint"] == running.host_key
    assert told.facts["expected"] == pinned
    assert tried == []


async def test_a_fingerprint_may_be_given_without_its_kind(folder: Path) -> None:
    async with serving_sftp(folder) as running:
        assert running.host_key
        bare = running.host_key.split()[1]
        assert await diagnose(running.settings(host_key=bare)) is None


@pytest.mark.parametrize("kind", ["ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256"])
async def test_of_several_keys_the_confirmed_one_is_asked_for(folder: Path, kind: str) -> None:
    keys = [
        asyncssh.generate_private_key(name)
        for name in ("ecdsa-sha2-nistp256", "ssh-rsa", "ssh-ed25519")
    ]
    confirmed = next(key for key in keys if key.get_algorithm() == kind)
    async with serving_sftp(folder, server_host_keys=keys) as running:
        settings = running.settings(host_key=f"{kind} {confirmed.get_fingerprint()}")
        assert await diagnose(settings) is None


async def test_a_wrong_password(folder: Path) -> None:
    async with serving_sftp(folder) as running:
        told = expect(
            await diagnose(running.settings(password=Secret("errada"))),
            Stage.AUTHENTICATE,
            "file-login-refused",
        )

    assert "errada" not in told.text


async def test_a_server_that_takes_only_keys(folder: Path) -> None:
    async with serving_sftp(folder, rules=SshRules(passwords={}, keys=[KEY])) as running:
        expect(await diagnose(running.settings()), Stage.AUTHENTICATE, "ssh-key-needed")


async def test_a_server_that_takes_only_passwords(folder: Path) -> None:
    async with serving_sftp(folder) as running:
        settings = running.settings(password=None, private_key=pem_of(KEY))
        expect(await diagnose(settings), Stage.AUTHENTICATE, "ssh-password-needed")


async def test_a_key_the_server_does_not_know(folder: Path) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519")
    async with serving_sftp(folder, rules=SshRules(passwords={}, keys=[other])) as running:
        settings = running.settings(password=None, private_key=pem_of(KEY))
        expect(await diagnose(settings), Stage.AUTHENTICATE, "ssh-key-refused")


@pytest.mark.parametrize("kind", ["ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp521"])
async def test_keys_of_every_kind_sign_in(folder: Path, kind: str) -> None:
    key = asyncssh.generate_private_key(kind)
    async with serving_sftp(folder, rules=SshRules(passwords={}, keys=[key])) as running:
        assert await diagnose(running.settings(private_key=pem_of(key), password=None)) is None


async def test_the_password_opens_a_locked_key_and_is_not_sent(folder: Path) -> None:
    rules = SshRules(passwords={USERNAME: PASSWORD}, keys=[KEY])
    async with serving_sftp(folder, rules=rules) as running:
        assert await diagnose(running.settings(private_key=pem_of(KEY, PASSWORD))) is None
        rules.keys.clear()
        settings = running.settings(private_key=pem_of(KEY, PASSWORD))
        expect(await diagnose(settings), Stage.AUTHENTICATE, "ssh-password-needed")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("not a key", "ssh-key-malformed"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nbroken\n", "ssh-key-malformed"),
        (KEY.export_public_key().decode(), "ssh-key-is-public"),
        ("PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n", "ssh-key-is-putty"),
        (pem_of(KEY, "another passphrase").reveal(), "ssh-key-locked"),
    ],
    ids=["nonsense", "broken", "public", "putty", "locked"],
)
async def test_a_key_that_cannot_be_used(folder: Path, text: str, code: str) -> None:
    async with serving_sftp(folder) as running:
        settings = running.settings(private_key=Secret(text))
        expect(await diagnose(settings), Stage.AUTHENTICATE, code)


async def test_a_login_without_file_transfer(folder: Path) -> None:
    async with serving_sftp(folder, sftp_factory=None) as running:
        expect(await diagnose(running.settings()), Stage.FOLDER, "sftp-not-offered")


async def test_a_folder_that_is_not_there(folder: Path) -> None:
    async with serving_sftp(folder) as running:
        expect(await diagnose(running.settings(folder="/crm")), Stage.FOLDER, "folder-missing")


async def test_a_folder_that_is_a_file(folder: Path) -> None:
    (folder / "crm").write_bytes(b"x")
    async with serving_sftp(folder) as running:
        expect(await diagnose(running.settings(folder="crm")), Stage.FOLDER, "folder-is-file")


def refusing(folder: Path, error: asyncssh.SFTPError, *names: str) -> Any:
    """A file system in which the calls `names` fail so."""

    class Refusing(asyncssh.SFTPServer):
        def __init__(self, channel: Any) -> None:
            super().__init__(channel, chroot=str(folder).encode())

    def refuse(*_args: object) -> None:
        raise error

    for name in names:
        setattr(Refusing, name, refuse)
    return Refusing


@pytest.mark.parametrize(
    ("error", "calls", "stage", "code"),
    [
        (asyncssh.SFTPPermissionDenied("no"), ["open"], Stage.WRITE, "write-refused"),
        (asyncssh.SFTPPermissionDenied("no"), ["stat"], Stage.FOLDER, "folder-refused"),
        (asyncssh.SFTPFailure("no"), ["posix_rename", "rename"], Stage.WRITE, "rename-refused"),
        (asyncssh.SFTPFailure("Failure"), ["write"], Stage.WRITE, "write-failed"),
        (asyncssh.SFTPPermissionDenied("no"), ["read"], Stage.READ_BACK, "read-refused"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
async def test_rights_that_are_missing(
    folder: Path, error: asyncssh.SFTPError, calls: list[str], stage: Stage, code: str
) -> None:
    async with serving_sftp(folder, sftp_factory=refusing(folder, error, *calls)) as running:
        expect(await diagnose(running.settings()), stage, code)

    assert not (folder / "teste.txt.part").exists()


async def test_a_full_disk_is_told_although_the_server_only_says_failure(folder: Path) -> None:
    class Full(refusing(folder, asyncssh.SFTPFailure("Failure"), "write")):  # type: ignore[misc]  # a class made on the spot
        def statvfs(self, _path: bytes) -> asyncssh.SFTPVFSAttrs:
            return asyncssh.SFTPVFSAttrs(bsize=4096, frsize=4096, blocks=1000, bavail=2)

    async with serving_sftp(folder, sftp_factory=Full) as running:
        expect(await diagnose(running.settings()), Stage.WRITE, "disk-full")


async def test_a_server_without_replacing_rename_is_served_too(folder: Path) -> None:
    class Old(asyncssh.SFTPServer):
        def __init__(self, channel: Any) -> None:
            super().__init__(channel, chroot=str(folder).encode())

        def posix_rename(self, _old: bytes, _new: bytes) -> None:
            raise asyncssh.SFTPOpUnsupported("unknown extension")

    (folder / "teste.txt").write_bytes(b"old")
    async with serving_sftp(folder, sftp_factory=Old) as running:
        assert await diagnose(running.settings()) is None

    assert (folder / "teste.txt").read_bytes() == b"Funciona.\n"


async def test_outdated_encryption(folder: Path) -> None:
    async with serving_sftp(folder, kex_algs=["diffie-hellman-group1-sha1"]) as running:
        expect(await diagnose(running.settings()), Stage.HOST_KEY, "ssh-algorithms-differ")


async def test_sftp_spoken_to_an_ftp_port(folder: Path) -> None:
    with serving_ftp(folder) as running:
        settings = running.settings(connection=Connection.SFTP)
        expect(await diagnose(settings), Stage.GREETING, "ftp-on-sftp-port")


@pytest.mark.parametrize(
    ("greeting", "code"),
    [
        ("220 mail.example.com ESMTP\r\n", "mail-server-not-file-server"),
        ("+OK POP3 ready\r\n", "sftp-not-spoken"),
        ("x" * 5000, "sftp-not-spoken"),
        ("", "file-server-hung-up"),
    ],
    ids=["smtp", "pop3", "endless", "closed"],
)
async def test_other_servers_are_recognised(greeting: str, code: str) -> None:
    async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting.encode())
        await writer.drain()

    async with serving(greet) as port:
        settings = settings_at(Connection.SFTP, port)
        expect(await diagnose(settings), Stage.GREETING, code)


async def test_a_greeting_that_comes_in_pieces_is_waited_for(folder: Path) -> None:
    async with serving_sftp(folder) as running:

        async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            there, back = await asyncio.open_connection("127.0.0.1", running.port)
            line = await there.readline()
            for piece in (b"Welcome.\r\n" + line[:6], line[6:]):
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0.02)
            await asyncio.gather(_pour(there, writer), _pour(reader, back))

        async with serving(relay) as port:
            settings = settings_at(Connection.SFTP, port, host_key=running.host_key)
            assert await diagnose(settings) is None


async def _pour(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while chunk := await source.read(65536):
        sink.write(chunk)
        await sink.drain()
    sink.close()


async def test_a_server_that_says_nothing() -> None:
    async def wait(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with serving(wait) as port:
        settings = settings_at(Connection.SFTP, port, answer_seconds=0.2)
        expect(await diagnose(settings), Stage.GREETING, "greeting-timed-out")


async def test_a_server_that_falls_silent_after_its_greeting() -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-Silent\r\n")
        await reader.read(1)
        await asyncio.Event().wait()

    async with serving(greet) as port:
        settings = settings_at(Connection.SFTP, port, answer_seconds=1)
        expect(await diagnose(settings), Stage.HOST_KEY, "file-server-silent")


async def test_the_servers_address_must_be_one_the_guard_allows(folder: Path) -> None:
    async with serving_sftp(folder) as running:
        diagnosis = await diagnose(running.settings(), guard=EgressGuard())

    expect(diagnosis, Stage.RESOLVE, "egress-address-refused")


async def test_no_file_of_this_machine_is_used_to_sign_in(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither keys, agents, known servers nor settings of whoever runs the process."""
    ssh = tmp_path / ".ssh"
    ssh.mkdir()
    KEY.write_private_key(str(ssh / "id_ed25519"))
    (ssh / "config").write_text("Host *\n  User root\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    async with serving_sftp(folder, rules=SshRules(passwords={}, keys=[KEY])) as running:
        (ssh / "known_hosts").write_text(f"* {running.host_key}\n")
        expect(await diagnose(running.settings()), Stage.AUTHENTICATE, "ssh-key-needed")
        settings = running.settings(host_key=None)
        expect(await diagnose(settings), Stage.HOST_KEY, "host-key-unconfirmed")


async def test_a_connection_that_breaks_while_writing_is_told_and_leaves_nothing(
    folder: Path,
) -> None:
    class Dying(asyncssh.SFTPServer):
        def __init__(self, channel: Any) -> None:
            super().__init__(channel, chroot=str(folder).encode())

        def write(self, _file: object, _offset: int, _data: bytes) -> int:
            self.channel.get_connection().abort()
            return 0

    async with serving_sftp(folder, sftp_factory=Dying) as running:
        expect(await diagnose(running.settings()), Stage.WRITE, "file-server-hung-up")

    assert not (folder / "teste.txt").exists()
