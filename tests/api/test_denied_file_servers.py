"""What operators put on the list of denied hosts is refused at saving, testing and using."""

from pathlib import Path

import pytest
from httpx import AsyncClient

from sindico_api.context import Context
from sindico_platform.egress import EgressGuard
from sindico_platform.errors import OutsideError
from sindico_platform.tenancy.models import Tenant
from tests.api.test_documents import (
    configure,
    director,
    folder,
    names_in,
    nearby,
    read,
    tenant,
    typed,
    uploaded,
)
from tests.support.callers import ClientAs
from tests.support.file_servers import serving_sftp
from tests.support.identity import MakeTenant
from tests.support.jobs import eventually, run_jobs

__all__ = ["director", "folder", "nearby", "tenant"]

SETTINGS, DENIED = "/api/v1/ftp-settings", "/api/v1/denied-hosts"
ADDRESS = "127.0.0.71"
"""Of this test alone: the list is everybody's."""


@pytest.fixture
async def operator(make_tenant: MakeTenant, nearby_as: ClientAs) -> AsyncClient:
    return await nearby_as(await make_tenant(master=True), "operator")


async def test_a_denied_file_server_is_neither_saved_nor_tested_nor_used(
    director: AsyncClient, operator: AsyncClient, nearby: Context, tenant: Tenant, folder: Path
) -> None:
    async with serving_sftp(folder, address=ADDRESS) as running:
        fields = typed(running, host=ADDRESS)
        settings = await configure(director, fields)
        before = await uploaded(director, filename="antes.txt")
        await run_jobs(nearby, tenant.tenant_id)

        denied = await operator.post(DENIED, json={"entry": f"{ADDRESS}/32", "reason": "Our own"})
        await eventually(lambda: is_denied(nearby.guard))
        saved = await director.put(f"{SETTINGS}/{settings}", json=fields | {"folder": "x"})
        typed_test = await director.post(f"{SETTINGS}/test", json=fields)
        stored_test = await director.post(f"{SETTINGS}/{settings}/test")
        after = await uploaded(director, filename="depois.txt")
        await run_jobs(nearby, tenant.tenant_id)
        fetched = await director.get(f"/api/v1/documents/{before['id']}/content")
        await operator.delete(f"{DENIED}/{denied.json()['id']}")

    assert denied.status_code == 201
    assert [(each["field"], each["code"]) for each in saved.json()["errors"]] == [
        ("host", "egress-host-denied")
    ]
    for answer in (typed_test, stored_test):
        first = answer.json()["stages"][0]
        assert (first["stage"], first["code"]) == ("resolve", "egress-host-denied")
    failed = await read(director, after["id"])
    assert (failed["state"], failed["reason"]["code"]) == ("failed", "egress-host-denied")
    assert (fetched.status_code, fetched.json()["code"]) == (502, "egress-host-denied")
    assert names_in(folder) == [f"{before['id']}-antes.txt"]


async def is_denied(guard: EgressGuard) -> bool:
    try:
        await guard.resolve(ADDRESS, 22)
    except OutsideError as error:
        return error.code == "egress-host-denied"
    return False
