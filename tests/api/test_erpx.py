"""The module screen of ERPX, and the notification at the end."""

import secrets
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient

from sindico_api.context import Context
from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.identity.api_clients import service as api_clients
from sindico_platform.identity.tokens import service as tokens
from sindico_platform.tenancy.models import Tenant
from sindico_provisioning.grid import GRID
from tests.support.callers import ClientAs, caller_of
from tests.support.identity import MakeTenant
from tests.support.jobs import run_jobs

MODULE = "/api/v1/erpx/modules/crm"


@pytest.fixture
async def operator(client_as: ClientAs, make_tenant: MakeTenant) -> AsyncClient:
    return await client_as(await make_tenant(master=True), "operator")


@pytest.fixture
async def platform(uow: UnitOfWork, make_tenant: MakeTenant, served: Any) -> AsyncClient:
    """A platform-level API client, as ERPX is."""
    master = await make_tenant(master=True)
    async with uow.begin(Actor.system(master.tenant_id)) as tx:
        client, _ = await api_clients.create_api_client(
            tx,
            name=f"ERPX {secrets.token_hex(4)}",
            permissions=frozenset({"erpx_modules:view", "erpx_modules:edit"}),
            grid=GRID,
        )
        issued = await tokens.issue_to_api_client(tx, api_client_id=client.id)
    return caller_of(served, token=issued.access.reveal())


async def new_tenant(operator: AsyncClient, package: str | None = "starter") -> dict[str, Any]:
    body = {
        "name": "Acme",
        "domain": f"{secrets.token_hex(6)}.test",
        "cnpj": "12ABC34501DE35",
        "contracted_package": package,
    }
    tenant: dict[str, Any] = (await operator.post("/api/v1/tenants", json=body)).json()
    return tenant


async def test_activating_the_module_provisions_the_contracted_package(
    operator: AsyncClient, platform: AsyncClient, context: Context, client_as: ClientAs
) -> None:
    tenant = await new_tenant(operator)
    order = {"active": True, "tenant_domain": tenant["domain"].upper()}

    started = await platform.put(MODULE, json=order)
    again = await platform.put(MODULE, json=order)
    await run_jobs(context, UUID(tenant["id"]))
    done = await platform.put(MODULE, json=order)
    read = await platform.get(started.headers["Location"])

    assert (started.status_code, started.json()["active"]) == (202, False)
    assert again.json() == started.json()
    assert (done.status_code, done.json()["active"], done.json()["package"]) == (
        200,
        True,
        "starter",
    )
    assert read.json() == done.json()
    run = await operator.get(f"/api/v1/provisioning-runs/{done.json()['provisioning_run_id']}")
    assert (run.json()["status"], run.json()["default_integration"]) == ("succeeded", "erpx")


async def test_at_the_end_a_notification_says_that_the_crm_is_ready(
    operator: AsyncClient, platform: AsyncClient, context: Context, client_as: ClientAs
) -> None:
    made = await new_tenant(operator)
    tenant_id = UUID(made["id"])
    await platform.put(MODULE, json={"active": True, "tenant_domain": made["domain"]})
    await run_jobs(context, tenant_id)
    async with context.uow.begin(Actor.system(tenant_id)) as tx:
        tenant = await tx.session.get_one(Tenant, tenant_id)
    reader, colleague = await client_as(tenant, "admin"), await client_as(tenant, "admin")

    before = (await reader.get("/api/v1/notifications")).json()["items"]
    portuguese = await reader.get("/api/v1/notifications", headers={"Accept-Language": "pt-BR"})
    await reader.post(f"/api/v1/notifications/{before[0]['id']}/read")
    unread = (await reader.get("/api/v1/notifications?unread=true")).json()["items"]
    others = (await colleague.get("/api/v1/notifications/unread")).json()
    await colleague.post("/api/v1/notifications/read")
    seen = (await operator.get(f"/api/v1/tenants/{tenant_id}/notifications")).json()["items"]

    assert [(item["code"], item["title"]) for item in before] == [
        ("crm-ready", "The CRM is ready to be configured")
    ]
    assert portuguese.json()["items"][0]["title"] == "O CRM está pronto para ser configurado"
    assert (unread, others) == ([], {"unread": 1})
    assert (await colleague.get("/api/v1/notifications/unread")).json() == {"unread": 0}
    assert [item["code"] for item in seen] == ["crm-ready"]


async def test_a_contract_without_a_package_is_a_clear_refusal(
    operator: AsyncClient, platform: AsyncClient
) -> None:
    tenant = await new_tenant(operator, package=None)

    response = await platform.put(MODULE, json={"active": True, "tenant_domain": tenant["domain"]})

    assert (response.status_code, response.json()["code"]) == (409, "no-contracted-package")
    assert (await operator.get(f"/api/v1/tenants/{tenant['id']}")).json()["crm_state"] == "absent"


@pytest.mark.parametrize(
    ("order", "status", "code"),
    [
        ({"active": True}, 422, "invalid-input"),
        ({"active": True, "tenant_domain": "nobody.test"}, 404, "tenant-not-found"),
        ({"active": "yes", "tenant_domain": "nobody.test"}, 422, "invalid-input"),
    ],
)
async def test_a_wrong_order_activates_nothing(
    platform: AsyncClient, order: dict[str, Any], status: int, code: str
) -> None:
    response = await platform.put(MODULE, json=order)

    assert (response.status_code, response.json()["code"]) == (status, code)


async def test_the_module_is_not_deactivated_from_the_erp(
    operator: AsyncClient, platform: AsyncClient
) -> None:
    tenant = await new_tenant(operator)

    response = await platform.put(MODULE, json={"active": False, "tenant_domain": tenant["domain"]})

    assert (response.status_code, response.json()["code"]) == (409, "module-stays-active")


async def test_a_customers_client_reaches_its_own_tenant_alone(
    operator: AsyncClient, context: Context, client_as: ClientAs
) -> None:
    made, other = await new_tenant(operator), await new_tenant(operator)
    async with context.uow.begin(Actor.system(UUID(made["id"]))) as tx:
        tenant = await tx.session.get_one(Tenant, UUID(made["id"]))
    customer = await client_as(tenant, "erpx_modules:view", "erpx_modules:edit")

    own = await customer.put(MODULE, json={"active": True})
    foreign = await customer.get(f"{MODULE}?tenant_domain={other['domain']}")

    assert (own.status_code, own.json()["tenant_id"]) == (202, made["id"])
    assert (foreign.status_code, foreign.json()["code"]) == (404, "tenant-not-found")


async def test_without_mail_the_operator_hands_the_invitation_over(
    operator: AsyncClient, platform: AsyncClient, context: Context, client: AsyncClient
) -> None:
    made = await new_tenant(operator)
    module = await platform.put(MODULE, json={"active": True, "tenant_domain": made["domain"]})
    address = f"/api/v1/provisioning-runs/{module.json()['provisioning_run_id']}/invitation"

    early = await operator.post(address)
    await run_jobs(context, UUID(made["id"]))
    link = (await operator.post(address)).json()
    accepted = await client.post(
        "/api/v1/auth/accept-invitation",
        json={"token": link["url"].partition("token=")[2], "password": "uma frase bem longa 7"},
    )
    late = await operator.post(address)

    assert (early.status_code, early.json()["code"]) == (409, "crm-not-active")
    assert accepted.is_success, accepted.text
    assert (late.status_code, late.json()["code"]) == (409, "administrator-already-in")
