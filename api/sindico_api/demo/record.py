"""`demo.json`: what a person or a program needs to try the demonstration."""

from pathlib import Path

import msgspec

from sindico_platform.embedded.files import write_private

FILE_NAME = "demo.json"


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


class SandboxAccess(msgspec.Struct, kw_only=True):
    mega: MegaAccess


class DemoRecord(msgspec.Struct, kw_only=True):
    """The file's content; it holds passwords, so only its owner may read it."""

    base_url: str
    operator: Login
    tenants: list[DemoTenant]
    sandbox: SandboxAccess

    def tenant(self, domain: str) -> DemoTenant:
        return next(tenant for tenant in self.tenants if tenant.domain == domain)


def read_record(data_dir: Path) -> DemoRecord | None:
    path = data_dir / FILE_NAME
    return msgspec.json.decode(path.read_bytes(), type=DemoRecord) if path.exists() else None


def write_record(data_dir: Path, record: DemoRecord) -> None:
    document = msgspec.json.format(msgspec.json.encode(record), indent=2).decode()
    write_private(data_dir / FILE_NAME, document + "\n")
