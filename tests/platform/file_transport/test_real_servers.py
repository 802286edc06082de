"""Each mistake is told apart on ProFTPD and OpenSSH, and files pass through both."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import asyncssh
import pytest

from sindico_platform.connection_tests.schemas import Stage
from sindico_platform.egress import EgressGuard
from sindico_platform.egress.ranges import LOOPBACK
from sindico_platform.file_transport import Connection, FileServerSettings, open_file_server
from sindico_platform.settings import Secret
from tests.platform.egress.conftest import no_such_name, resolver_to, serving, silence
from tests.platform.file_transport.reports import diagnose, expect
from tests.support.file_servers import GUARD
from tests.support.servers.certificates import HOST, Certificates
from tests.support.servers.openssh import OpenSsh, run_openssh
from tests.support.servers.proftpd import PASSWORD, USER, ProFtpd, run_proftpd

pytestmark = pytest.mark.stack

CONTENT = bytes(range(256)) * 8192
FIREWALL = "127.0.0.2"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def proftpd(
    tmp_path_factory: pytest.TempPathFactory, certificates: Certificates
) -> Iterator[ProFtpd]:
    with run_proftpd(tmp_path_factory.mktemp("proftpd"), certificates.right()) as running:
        yield running


@pytest.fixture(scope="module")
def openssh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenSsh]:
    with run_openssh(tmp_path_factory.mktemp("openssh")) as running:
        yield running


@pytest.fixture
def ftp(proftpd: ProFtpd) -> FileServerSettings:
    return FileServerSettings(
        connection=Connection.FTP,
        host=HOST,
        port=proftpd.port,
        folder="documentos",
        username=USER,
        password=Secret(PASSWORD),
    )


@pytest.fixture
def ftps(ftp: FileServerSettings, certificates: Certificates) -> FileServerSettings:
    return replace(ftp, connection=Connection.FTPS, certificate=certificates.ca_pem)


@pytest.fixture
def sftp(openssh: OpenSsh) -> FileServerSettings:
    return settings_of(openssh)


def settings_of(openssh: OpenSsh) -> FileServerSettings:
    return FileServerSettings(
        connection=Connection.SFTP,
        host=HOST,
        port=openssh.port,
        folder=str(openssh.folder),
        username=openssh.user,
        private_key=Secret(openssh.private_key),
        host_key=openssh.fingerprint,
    )


async def chunks() -> AsyncIterator[bytes]:
    for start in range(0, len(CONTENT), 50_000):
        yield CONTENT[start : start + 50_000]


@asynccontextmanager
async def forwarding(to_port: int) -> AsyncIterator[int]:
    """A firewall with an address of its own, which forwards one port and nothing else."""

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection(HOST, to_port)
        await asyncio.gather(pump(reader, there_writer), pump(there_reader, writer))

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(4096):
            writer.write(chunk)
            await writer.drain()
        writer.close()

    async with serving(forward, host=FIREWALL) as port:
        yield port


@pytest.mark.parametrize("kind", ["ftp", "ftps", "sftp"])
async def test_a_file_goes_there_and_back(kind: str, request: pytest.FixtureRequest) -> None:
    settings: FileServerSettings = request.getfixturevalue(kind)
    async with open_file_server(GUARD, settings) as server:
        for _ in range(2):  # the second replaces the first
            await server.upload("contrato ação.pdf", chunks())
        found = await server.find("contrato ação.pdf")
        back = b"".join([chunk async for chunk in server.download("contrato ação.pdf")])
        await server.delete("contrato ação.pdf")
        gone = await server.find("contrato ação.pdf")

    assert found is not None
    assert found.size_bytes == len(CONTENT)
    assert back == CONTENT
    assert gone is None


@pytest.mark.parametrize("kind", ["ftp", "ftps", "sftp"])
async def test_right_settings_pass_every_stage(kind: str, request: pytest.FixtureRequest) -> None:
    assert await diagnose(request.getfixturevalue(kind)) is None


async def test_ftp_mistakes(ftp: FileServerSettings, openssh: OpenSsh) -> None:
    wrong = replace(ftp, password=Secret("errada"))
    expect(await diagnose(wrong), Stage.AUTHENTICATE, "file-login-refused")
    as_sftp = replace(ftp, connection=Connection.SFTP)
    expect(await diagnose(as_sftp), Stage.GREETING, "ftp-on-sftp-port")
    other_port = replace(ftp, port=openssh.port)
    expect(await diagnose(other_port), Stage.GREETING, "sftp-on-ftp-port")


@pytest.mark.parametrize("kind", ["ftp", "ftps"])
async def test_ftp_folders(kind: str, request: pytest.FixtureRequest) -> None:
    settings: FileServerSettings = request.getfixturevalue(kind)
    expect(await diagnose(replace(settings, folder="nada")), Stage.FOLDER, "folder-missing")
    read_only = replace(settings, folder="somente-leitura")
    expect(await diagnose(read_only), Stage.WRITE, "write-refused")


@pytest.mark.parametrize("kind", ["ftp", "ftps", "sftp"])
async def test_refused_timed_out_and_misspelt_are_three_things(
    kind: str, request: pytest.FixtureRequest
) -> None:
    settings: FileServerSettings = request.getfixturevalue(kind)
    with silence() as port:
        dropped = replace(settings, port=port, connect_seconds=0.2)
        expect(await diagnose(dropped), Stage.CONNECT, "connection-timed-out")
    expect(await diagnose(replace(settings, port=1)), Stage.CONNECT, "connection-refused")
    typo = replace(settings, host="ftp.empresa.exmaple")
    told = await diagnose(typo, guard=EgressGuard(resolver=no_such_name))
    expect(told, Stage.RESOLVE, "dns-not-found")


@pytest.mark.parametrize("kind", ["ftp", "ftps"])
async def test_a_firewall_that_lets_only_the_control_port_pass(
    kind: str, request: pytest.FixtureRequest
) -> None:
    settings: FileServerSettings = request.getfixturevalue(kind)
    there = EgressGuard(allow=LOOPBACK, resolver=resolver_to(FIREWALL))
    async with forwarding(settings.port) as port:
        behind = replace(settings, host="localhost", port=port)
        found = await diagnose(behind, guard=there)

    told = expect(found, Stage.WRITE, "passive-ports-blocked")
    assert told.facts["data_port"] != port


async def test_ftps_mistakes(
    tmp_path: Path, ftps: FileServerSettings, certificates: Certificates
) -> None:
    public = replace(ftps, certificate=None)
    expect(await diagnose(public), Stage.TLS, "tls-certificate-refused")
    for certificate, code in (
        (certificates.for_another_name(), "tls-certificate-other-name"),
        (certificates.expired(), "tls-certificate-expired"),
        (certificates.of_a_stranger(), "tls-certificate-refused"),
        (certificates.self_signed(), "tls-certificate-self-signed"),
    ):
        with run_proftpd(tmp_path / code / certificate.stem, certificate) as running:
            expect(await diagnose(replace(ftps, port=running.port)), Stage.TLS, code)


async def test_a_server_that_demands_encryption(
    tmp_path: Path, ftp: FileServerSettings, ftps: FileServerSettings, certificates: Certificates
) -> None:
    with run_proftpd(tmp_path / "proftpd", certificates.right(), tls_required=True) as running:
        plain = replace(ftp, port=running.port)
        expect(await diagnose(plain), Stage.AUTHENTICATE, "ftp-tls-required")
        assert await diagnose(replace(ftps, port=running.port)) is None


async def test_sftp_mistakes(sftp: FileServerSettings) -> None:
    unknown = asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()
    other_key = replace(sftp, private_key=Secret(unknown))
    expect(await diagnose(other_key), Stage.AUTHENTICATE, "ssh-key-refused")
    by_password = replace(sftp, private_key=None, password=Secret("x"))
    expect(await diagnose(by_password), Stage.AUTHENTICATE, "ssh-key-needed")
    expect(await diagnose(replace(sftp, folder="/nada")), Stage.FOLDER, "folder-missing")
    unpinned = replace(sftp, host_key=None)
    told = expect(await diagnose(unpinned), Stage.HOST_KEY, "host-key-unconfirmed")
    assert told.facts["fingerprint"] == f"ssh-ed25519 {sftp.host_key}"


async def test_a_folder_that_may_only_be_read(tmp_path: Path) -> None:
    with run_openssh(tmp_path / "openssh", read_only=True) as running:
        expect(await diagnose(settings_of(running)), Stage.WRITE, "write-refused")


async def test_a_server_that_comes_back_with_another_key(tmp_path: Path) -> None:
    with run_openssh(tmp_path / "before") as running:
        settings = settings_of(running)
        assert await diagnose(settings) is None
    with run_openssh(tmp_path / "after", port=running.port):
        expect(await diagnose(settings), Stage.HOST_KEY, "host-key-changed")
