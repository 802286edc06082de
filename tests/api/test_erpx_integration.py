"""An ERPX customer from the module screen to its data: activation, configuration, test, load."""

import json
import secrets
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import func, select

from sindico_api.context import Context
from sindico_platform.database.tx import Actor
from sindico_platform.egress import EgressGuard, GuardedHttp
from sindico_platform.egress.ranges import LOOPBACK
from sindico_platform.tenancy.models import Tenant
from sindico_provisioning.connectors.erpx.schemas import Access
from sindico_provisioning.exchanges.compression import decompress
from sindico_provisioning.exchanges.models import Exchange, ExchangeChunk
from sindico_provisioning.sandbox.erpx.sandbox import ErpxSandbox
from sindico_tenants.accounts.models import Account, Contact
from sindico_tenants.companies.models import Branch, Company
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant
from tests.support.jobs import run_jobs
from tests.support.trade import TINY, recent_end

PROPERTIES = "service-properties/crm/integration_erpx"


@pytest.fixture
async def erpx(tmp_path: Path) -> AsyncIterator[ErpxSandbox]:
    async with ErpxSandbox(scale=TINY, end=recent_end(), directory=tmp_path) as sandbox:
        yield sandbox


@pytest.fixture
async def operator(nearby_as: ClientAs, make_tenant: MakeTenant) -> AsyncClient:
    return await nearby_as(await make_tenant(master=True), "operator", "erpx_modules:edit")


@pytest.fixture
async def customer(operator: AsyncClient, context: Context) -> Tenant:
    """One whose CRM was activated on the module screen of ERPX."""
    body = {
        "name": "Acme",
        "domain": f"{secrets.token_hex(6)}.test",
        "cnpj": "12ABC34501DE35",
        "contracted_package": "starter",
    }
    created = (await operator.post("/api/v1/tenants", json=body)).json()
    assert "domain" in created, created
    order = {"active": True, "tenant_domain": created["domain"]}
    activated = await operator.put("/api/v1/erpx/modules/crm", json=order)
    assert activated.status_code == 202, activated.text
    tenant_id = UUID(created["id"])
    await run_jobs(context, tenant_id)
    async with context.uow.begin(Actor.system(tenant_id)) as tx:
        return await tx.session.get_one(Tenant, tenant_id)


async def load(caller: AsyncClient, context: Context, tenant: Tenant) -> dict[str, Any]:
    """Start the tenant's only integration and run it to its end."""
    (integration,) = (await caller.get("/api/v1/integrations")).json()["items"]
    assert integration["kind"] == "erpx"
    wanted = {"integration_id": integration["id"]}
    started = await caller.post("/api/v1/initial-loads", json=wanted)
    assert started.status_code == 202, started.text
    reaching = replace(context, http=GuardedHttp(EgressGuard(allow=LOOPBACK)))
    await run_jobs(reaching, tenant.tenant_id, at_once=True)
    ended: dict[str, Any] = (await caller.get(started.headers["Location"])).json()
    return ended


async def count(context: Context, tenant: Tenant, *tables: Any) -> list[int]:
    async with context.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        return [
            await tx.session.scalar(select(func.count()).select_from(table)) or 0
            for table in tables
        ]


async def exchanged(context: Context, tenant: Tenant) -> tuple[list[str], str]:
    """Paths of the ledger, and everything else that it kept."""
    async with context.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        paths = list(await tx.session.scalars(select(Exchange.path)))
        bodies = list(await tx.session.scalars(select(ExchangeChunk.body)))
    return paths, b"".join(map(decompress, bodies)).decode()


async def test_an_activated_customer_is_configured_tried_and_loaded_either_way(
    *,
    erpx: ErpxSandbox,
    customer: Tenant,
    operator: AsyncClient,
    nearby_as: ClientAs,
    context: Context,
) -> None:
    caller = await nearby_as(customer, "loads:view", "loads:include", "integrations:view")
    address = f"/api/v1/tenants/{customer.tenant_id}/{PROPERTIES}"

    before = (await operator.get(address)).json()
    saved = await operator.put(address, json=erpx.properties(Access.KEY))
    tested = (await operator.post(f"{address}/test")).json()
    first = await load(caller, context, customer)
    both = erpx.properties(Access.KEY) | erpx.properties(Access.USER)
    del both["secret"]  # which is kept
    switched = await operator.put(address, json=both)
    second = await load(caller, context, customer)
    paths, kept = await exchanged(context, customer)

    assert before["complete"] is False
    assert (saved.json()["complete"], switched.json()["complete"]) == (True, True)
    assert erpx.secret not in saved.text
    assert tested["succeeded"], tested
    assert (first["status"], second["status"]) == ("succeeded", "succeeded"), first
    received = {each["table"]: each for each in first["phases"] if each["step"] == "fetch"}
    assert {name: each["received"] for name, each in received.items()} == {
        name: told.rows for name, told in erpx.content.told.items()
    }
    assert {name: each["rejected"] for name, each in received.items()} == {
        name: told.spoilt for name, told in erpx.content.told.items()
    }
    assert sum(each["created"] + each["updated"] for each in second["phases"]) == 0
    told = erpx.content.told
    good = {name: each.rows - each.spoilt for name, each in told.items()}
    assert await count(context, customer, Company, Branch, Account, Contact) == [
        good["empresa_propria"],
        good["filial"],
        good["empresa"],
        good["contato"],
    ]
    assert erpx.sign_ins == {"accepted": 2}
    assert any("e001pes?filter=" in path for path in paths)
    assert not any(
        word in kept for word in (erpx.secret, erpx.password, "access_token", "jsonToken")
    )


async def test_a_stored_secret_goes_nowhere_else_and_a_switched_login_asks_for_its_own(
    erpx: ErpxSandbox, customer: Tenant, operator: AsyncClient
) -> None:
    address = f"/api/v1/tenants/{customer.tenant_id}/{PROPERTIES}"
    filled = erpx.properties(Access.KEY)
    assert (await operator.put(address, json=filled)).status_code == 200
    kept = {name: value for name, value in filled.items() if name != "secret"}

    same = await operator.put(address, json=kept)
    aimed = await operator.put(address, json=kept | {"url": "https://evil.test:443/"})
    other = await operator.put(address, json=kept | {"accessKey": "outra"})
    switched = await operator.put(
        address, json=kept | {"acesso": "usuario", "username": "ana@acme.test", "password": "s"}
    )
    back = await operator.put(address, json=kept | {"acesso": "telepatia"})

    assert (same.status_code, switched.status_code) == (200, 200)
    for refused in (aimed, other):
        assert refused.status_code == 422
        assert [each["code"] for each in refused.json()["errors"]] == ["type-again"]
    assert json.loads(back.text)["errors"][0]["field"] == "acesso"


async def test_a_load_without_configuration_is_refused_by_the_services_name(
    customer: Tenant, nearby_as: ClientAs
) -> None:
    caller = await nearby_as(customer, "loads:view", "loads:include", "integrations:view")
    (integration,) = (await caller.get("/api/v1/integrations")).json()["items"]

    refused = await caller.post("/api/v1/initial-loads", json={"integration_id": integration["id"]})

    assert (refused.status_code, refused.json()["code"]) == (409, "integration-not-configured")
    assert "crm/integration_erpx" in refused.text
