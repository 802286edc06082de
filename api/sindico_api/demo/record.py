"""`demo.json`: what a person or a program needs to try the demonstration."""

from pathlib import Path

import msgspec

from sindico_platform.embedded.files import write_private

FILE_NAME = "demo.json"
SERVERS_FILE_NAME = "sandbox-servers.json"
ERPS_FILE_NAME = "sandbox-erps.json"


class Login(msgspec.Struct, kw_only=True):
    login: str
    password: str


class DemoTenant(msgspec.Struct, kw_only=True):
    id: str
    domain: str
    package: str
    admin: Login


class MegaAccess(msgspec.Struct, kw_only=True):
    url: str
    user: str
    password: str
    ca_file: str


class MailAccess(msgspec.Struct, kw_only=True):
    host: str
    port_starttls: int
    port_ssl: int
    port_open: int
    user: str
    password: str
    ca_file: str
    web_url: str
    """The page that shows what arrived."""


class FilesAccess(msgspec.Struct, kw_only=True):
    host: str
    port_ftp: int
    """FTP and, on demand, FTPS."""
    port_sftp: int
    folder: str
    user: str
    password: str
    ca_file: str


class SandboxAccess(msgspec.Struct, kw_only=True):
    mega: MegaAccess


class DemoLogins(msgspec.Struct, kw_only=True):
    """What later starts keep, also of a file that an earlier release wrote."""

    operator: Login
    tenants: list[DemoTenant]


class DemoRecord(msgspec.Struct, kw_only=True):
    """The file's content; programs rely on exactly this. It holds passwords."""

    base_url: str
    operator: Login
    tenants: list[DemoTenant]
    sandbox: SandboxAccess

    def tenant(self, domain: str) -> DemoTenant:
        return next(tenant for tenant in self.tenants if tenant.domain == domain)


class SandboxServers(msgspec.Struct, kw_only=True):
    """Beside it in a file of its own: the mail and file servers to try settings on."""

    mail: MailAccess
    files: FilesAccess


class ViewsAccess(msgspec.Struct, kw_only=True):
    """As the form of a View integration asks for it."""

    host: str
    port: int
    database: str
    username: str
    password: str
    time_zone: str


class ErpxAccess(msgspec.Struct, kw_only=True):
    url: str
    tenant_name: str
    access_key: str
    secret: str
    ca_file: str


class PushAccess(msgspec.Struct, kw_only=True):
    """Of the API client that sends rows."""

    tenant: str
    client_id: str
    client_secret: str


class SandboxErps(msgspec.Struct, kw_only=True):
    """In a third file: the ERPs of the other two tenants."""

    views: ViewsAccess
    erpx: ErpxAccess
    push: PushAccess | None = None
    """None until the demonstration has made it."""


def read_record(data_dir: Path) -> DemoRecord:
    return msgspec.json.decode((data_dir / FILE_NAME).read_bytes(), type=DemoRecord)


def read_servers(data_dir: Path) -> SandboxServers:
    return msgspec.json.decode((data_dir / SERVERS_FILE_NAME).read_bytes(), type=SandboxServers)


def find_erps(data_dir: Path) -> SandboxErps | None:
    path = data_dir / ERPS_FILE_NAME
    return msgspec.json.decode(path.read_bytes(), type=SandboxErps) if path.exists() else None


def find_logins(data_dir: Path) -> DemoLogins | None:
    path = data_dir / FILE_NAME
    return msgspec.json.decode(path.read_bytes(), type=DemoLogins) if path.exists() else None


def write_record(data_dir: Path, record: DemoRecord) -> None:
    _write(data_dir / FILE_NAME, record)


def write_servers(data_dir: Path, servers: SandboxServers) -> None:
    _write(data_dir / SERVERS_FILE_NAME, servers)


def write_erps(data_dir: Path, erps: SandboxErps) -> None:
    _write(data_dir / ERPS_FILE_NAME, erps)


def _write(path: Path, content: msgspec.Struct) -> None:
    """For its owner alone."""
    document = msgspec.json.format(msgspec.json.encode(content), indent=2).decode()
    write_private(path, document + "\n")
