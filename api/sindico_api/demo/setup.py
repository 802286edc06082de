"""Sees to it that the demonstration is complete, as the vendor's staff and a consultant would."""

import asyncio
from contextlib import suppress
from pathlib import Path

import msgspec

from sindico_api.demo.caller import Caller, SignInRefused
from sindico_api.demo.record import (
    DemoRecord,
    FilesAccess,
    MailAccess,
    MegaAccess,
    SandboxAccess,
    SandboxServers,
    find_logins,
    write_record,
    write_servers,
)
from sindico_api.demo.sandbox import files_facts, mail_facts
from sindico_platform.settings import Settings


async def ensure_demo(
    settings: Settings,
    data_dir: Path,
    *,
    base_url: str,
    mega: dict[str, str],
    servers: dict[str, str],
) -> DemoRecord:
    """Make what is missing of the demonstration and write down how to get at it; repeatable.

    Args:
        settings: of the running stack, whose API answers at `base_url`.
        mega: what the sandbox ERP says of itself: url, user, password, ca_file, tenant_id.
        servers: ports of the sandbox mail and file servers, by name.

    Raises:
        DemoFailed: the API refused a step.
    """
    if known := find_logins(data_dir):
        operator, tenants = known.operator, known.tenants
    else:
        # Another second of imports, which only the first start needs.
        from sindico_api.demo.making import make_fleet

        operator, tenants = await make_fleet(settings, base_url)
    with suppress(SignInRefused):  # whoever changed the password keeps what is connected
        async with Caller.signed_in(base_url, operator.login, operator.password) as caller:
            await connect_sandbox(caller, tenants[0].id, mega)
    access = SandboxServers(
        mail=msgspec.convert(mail_facts(data_dir, servers), MailAccess, strict=False),
        files=msgspec.convert(files_facts(data_dir, servers), FilesAccess, strict=False),
    )
    write_servers(data_dir, access)
    sandbox = SandboxAccess(
        mega=MegaAccess(**{key: mega[key] for key in MegaAccess.__struct_fields__})
    )
    record = DemoRecord(base_url=base_url, operator=operator, tenants=tenants, sandbox=sandbox)
    write_record(data_dir, record)
    return record


async def connect_sandbox(caller: Caller, tenant_id: str, mega: dict[str, str]) -> None:
    """Fill the service `integration_mega` as a consultant would."""
    ca_pem = await asyncio.to_thread(Path(mega["ca_file"]).read_text)
    await caller.put(
        f"/api/v1/tenants/{tenant_id}/service-properties/crm/integration_mega",
        {
            "url": mega["url"],
            "tenantId": mega["tenant_id"],
            "username": mega["user"],
            "password": mega["password"],
            "caCertificate": ca_pem,
            "ativo": True,
        },
    )
