"""Provisioning, default records, integrations and service properties over HTTP."""

import asyncio
import json
import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import delete, select, update

from sindico_api.context import Context
from sindico_platform.audit.models import AuditEvent
from sindico_platform.database.tx import Actor, Tx
from sindico_platform.identity.models import Role, TenantUser
from sindico_platform.tenancy.models import Tenant
from sindico_provisioning.provisioning_runs.errors import DefaultsNotRight
from sindico_provisioning.provisioning_runs.steps import service as steps
from sindico_provisioning.provisioning_runs.steps.catalogue import STEP_BY_CODE, StepInput
from sindico_provisioning.service_properties import queries as properties
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant
from tests.support.jobs import run_jobs

MEGA = "/service-properties/crm/integration_mega"
FILLED: Mapping[str, Any] = {
    "url": "https://erp.acme.test:8443/",
    "username": "crm",
    "password": "segredo-do-erp",
}


@pytest.fixture
async def operator(client_as: ClientAs, make_tenant: MakeTenant) -> AsyncClient:
    """A vendor operator, signed in."""
    return await client_as(await make_tenant(master=True), "operator")


def order(**changed: Any) -> dict[str, Any]:
    return {
        "package": "freemium",
        "default_integration": "mega",
        "admin": {"name": "Ana", "email": "ana@acme.test", "login": "ana"},
    } | changed


async def new_tenant(operator: AsyncClient) -> UUID:
    body = {"name": "Acme", "domain": f"{secrets.token_hex(6)}.test", "cnpj": "12ABC34501DE35"}
    return UUID((await operator.post("/api/v1/tenants", json=body)).json()["id"])


async def provisioned(operator: AsyncClient, context: Context, **changed: Any) -> UUID:
    tenant = await new_tenant(operator)
    started = await operator.post(
        f"/api/v1/tenants/{tenant}/provisioning-runs", json=order(**changed)
    )
    assert started.status_code == 202, started.text
    await run_jobs(context, tenant)
    return tenant


async def as_admin(context: Context, client_as: ClientAs, tenant_id: UUID) -> AsyncClient:
    """The tenant's administrator, signed in."""
    async with context.uow.begin(Actor.system(tenant_id)) as tx:
        tenant = await tx.session.get_one(Tenant, tenant_id)
        user = (await tx.session.scalars(select(TenantUser).where(TenantUser.login == "ana"))).one()
        user.state = "active"
    return await client_as(tenant, user=user)


async def test_an_operator_provisions_a_tenant_and_watches_it(
    operator: AsyncClient, context: Context
) -> None:
    tenant = await new_tenant(operator)

    started = await operator.post(f"/api/v1/tenants/{tenant}/provisioning-runs", json=order())
    watching = asyncio.create_task(operator.get(f"{started.headers['Location']}/events"))
    await run_jobs(context, tenant)
    events = (await watching).text

    done = (await operator.get(started.headers["Location"])).json()
    assert (started.status_code, started.json()["percent"]) == (202, 0)
    assert (done["status"], done["percent"]) == ("succeeded", 100)
    assert {step["status"] for step in done["steps"]} == {"succeeded"}
    last = events.strip().split("\r\n\r\n")[-1].splitlines()
    assert last[0] == "event: finished"
    assert json.loads(last[1].removeprefix("data: "))["status"] == "succeeded"
    shown = (await operator.get(f"/api/v1/tenants/{tenant}")).json()
    assert (shown["crm_state"], shown["package"]) == ("active", "freemium")
    runs = (await operator.get(f"/api/v1/tenants/{tenant}/provisioning-runs")).json()
    assert [item["id"] for item in runs["items"]] == [done["id"]]


async def test_a_step_that_fails_says_why_in_the_callers_language(
    operator: AsyncClient, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(_tx: Tx, _given: StepInput) -> None:
        raise DefaultsNotRight(["role:admin"])

    roles = replace(STEP_BY_CODE["roles"], apply=refuse)
    monkeypatch.setattr(steps, "STEP_BY_CODE", {**STEP_BY_CODE, "roles": roles})
    tenant, portuguese = await new_tenant(operator), {"Accept-Language": "pt-BR"}
    run = (
        await operator.post(f"/api/v1/tenants/{tenant}/provisioning-runs", json=order())
    ).headers["Location"]
    await run_jobs(context, tenant)

    english = step_of((await operator.get(run)).json())
    translated = step_of((await operator.get(run, headers=portuguese)).json())
    events = (await operator.get(f"{run}/events", headers=portuguese)).text
    again = step_of((await operator.post(f"{run}/retry", headers=portuguese)).json(), "package")

    assert english["error"]["detail"] == (
        "These default records are missing or different: role:admin."
    )
    assert translated["title"] == "Papéis e permissões"
    assert translated["error"]["detail"] == (
        "Estes cadastros padrão faltam ou estão diferentes: role:admin."
    )
    assert translated["error"]["advice"].startswith("Abra Conferir cadastros")
    assert translated["error"]["facts"] == {"records": "role:admin"}
    assert translated["error"]["advice"] in events
    assert again["title"] == "Pacote e limites"


def step_of(run: dict[str, Any], code: str = "roles") -> dict[str, Any]:
    return next(step for step in run["steps"] if step["code"] == code)


async def test_the_same_order_sent_twice_starts_one_run(operator: AsyncClient) -> None:
    address = f"/api/v1/tenants/{await new_tenant(operator)}/provisioning-runs"
    key = {"Idempotency-Key": secrets.token_hex(8)}

    first = await operator.post(address, json=order(), headers=key)
    again = await operator.post(address, json=order(), headers=key)
    without = await operator.post(address, json=order())

    assert (first.status_code, again.status_code, again.json()) == (202, 202, first.json())
    assert (without.status_code, without.json()["code"]) == (409, "provisioning-under-way")


@pytest.mark.parametrize(
    ("changed", "status", "code", "fields"),
    [
        ({"package": "gold"}, 422, "unknown-package", ["package"]),
        ({"package": "starter"}, 409, "package-not-offered", None),
        ({"default_integration": "sap"}, 422, "invalid-input", ["default_integration"]),
        (
            {"admin": {"name": " ", "email": "ana", "login": "a b"}},
            422,
            "invalid-input",
            ["admin.name", "admin.email", "admin.login"],
        ),
        (
            {"admin": {"name": "Ana", "email": "ana@acme.test", "login": "suportecrm"}},
            422,
            "invalid-input",
            ["admin.login"],
        ),
        ({"admin": {"name": "Ana"}}, 422, "invalid-input", ["admin.email"]),
    ],
)
async def test_a_wrong_order_starts_nothing(
    operator: AsyncClient,
    changed: dict[str, Any],
    status: int,
    code: str,
    fields: list[str] | None,
) -> None:
    tenant = await new_tenant(operator)

    response = await operator.post(
        f"/api/v1/tenants/{tenant}/provisioning-runs", json=order(**changed)
    )

    problem = response.json()
    assert (response.status_code, problem["code"]) == (status, code)
    assert fields is None or [error["field"] for error in problem["errors"]] == fields
    assert (await operator.get(f"/api/v1/tenants/{tenant}")).json()["crm_state"] == "absent"


async def test_a_suspended_tenant_is_not_provisioned(operator: AsyncClient) -> None:
    tenant = await new_tenant(operator)
    await operator.post(f"/api/v1/tenants/{tenant}/suspend", json={"reason": "unpaid"})

    response = await operator.post(f"/api/v1/tenants/{tenant}/provisioning-runs", json=order())

    assert (response.status_code, response.json()["code"]) == (409, "tenant-not-active")


async def test_a_login_may_be_given_with_its_domain(
    operator: AsyncClient, context: Context
) -> None:
    tenant = await new_tenant(operator)
    domain = (await operator.get(f"/api/v1/tenants/{tenant}")).json()["domain"]
    admin = {"name": "Ana", "email": "ana@acme.test", "login": f"Ana@{domain}"}

    started = await operator.post(
        f"/api/v1/tenants/{tenant}/provisioning-runs", json=order(admin=admin)
    )

    assert started.json()["admin_login"] == "ana"


@pytest.mark.parametrize("path", ["", "/events"])
async def test_an_unknown_run_is_not_found(operator: AsyncClient, path: str) -> None:
    response = await operator.get(f"/api/v1/provisioning-runs/{UUID(int=7)}{path}")

    assert (response.status_code, response.json()["code"]) == (404, "provisioning-run-not-found")


async def test_to_a_customer_provisioning_does_not_exist(
    operator: AsyncClient, context: Context, client_as: ClientAs
) -> None:
    tenant = await provisioned(operator, context)
    runs = (await operator.get(f"/api/v1/tenants/{tenant}/provisioning-runs")).json()["items"]
    customer = await as_admin(context, client_as, tenant)

    answers = [
        await customer.get(f"/api/v1/provisioning-runs/{runs[0]['id']}"),
        await customer.post(f"/api/v1/tenants/{tenant}/provisioning-runs", json=order()),
        await customer.get(f"/api/v1/tenants/{tenant}{MEGA}"),
        await customer.get(f"/api/v1/tenants/{tenant}/default-records"),
    ]

    assert [answer.json()["code"] for answer in answers] == ["not-found"] * 4


async def test_default_records_are_checked_and_repaired(
    operator: AsyncClient, context: Context
) -> None:
    tenant = await provisioned(operator, context)
    address = f"/api/v1/tenants/{tenant}/default-records"
    right = (await operator.get(address)).json()
    async with context.uow.begin(Actor.system(tenant)) as tx:
        await tx.session.execute(delete(Role).where(Role.code == "crm-user"))
        await tx.session.execute(
            update(Role).where(Role.code == "crm-director").values(permissions=["accounts:view"])
        )
        await tx.session.execute(
            update(TenantUser).where(TenantUser.login == "suportecrm").values(state="disabled")
        )

    wrong = (await operator.get(address)).json()
    one = await operator.post(f"{address}/repair", json={"records": ["role:crm-user"]})
    repaired = (await operator.post(f"{address}/repair")).json()

    assert right["ok"] is True
    assert {
        item["code"]: item["status"] for item in wrong["records"] if item["status"] != "ok"
    } == {
        "role:crm-user": "missing",
        "role:crm-director": "different",
        "user:suportecrm": "different",
    }
    assert not one.json()["ok"]
    assert repaired["ok"] is True


async def test_an_unknown_record_cannot_be_repaired(
    operator: AsyncClient, context: Context
) -> None:
    tenant = await provisioned(operator, context)

    response = await operator.post(
        f"/api/v1/tenants/{tenant}/default-records/repair", json={"records": ["moon"]}
    )

    assert (response.status_code, response.json()["errors"][0]["field"]) == (422, "records")


async def test_a_consultant_fills_the_mega_properties_and_the_secret_stays_hidden(
    operator: AsyncClient, context: Context
) -> None:
    tenant = await provisioned(operator, context)
    address = f"/api/v1/tenants/{tenant}{MEGA}"

    before = (await operator.get(address)).json()
    saved = await operator.put(address, json={"properties": FILLED})
    read = await operator.get(address)

    assert (before["complete"], saved.status_code, saved.json()["complete"]) == (False, 200, True)
    by_key = {item["key"]: item for item in read.json()["properties"]}
    assert (by_key["password"]["value"], by_key["password"]["stored"]) == (None, True)
    assert (by_key["url"]["value"], by_key["grantType"]["value"]) == (FILLED["url"], "Api")
    assert FILLED["password"] not in saved.text + read.text
    async with context.uow.begin(Actor.system(tenant)) as tx:
        opened = await properties.read_properties(
            tx, context.secrets, domain="crm", name="integration_mega"
        )
        trail = list(await tx.session.scalars(select(AuditEvent.changes)))
    assert opened["password"].reveal() == FILLED["password"]
    assert FILLED["password"] not in str(trail)
    assert "'password': ['changed', 'changed']" in str(trail)


async def test_a_secret_left_out_is_kept_unless_its_destination_changes(
    operator: AsyncClient, context: Context
) -> None:
    tenant = await provisioned(operator, context)
    address = f"/api/v1/tenants/{tenant}{MEGA}"
    await operator.put(address, json=FILLED)
    rest = {key: value for key, value in FILLED.items() if key != "password"}

    kept = await operator.put(address, json=rest | {"ativo": False})
    aimed = await operator.put(address, json=rest | {"url": "https://evil.test:443/"})

    assert (kept.status_code, kept.json()["complete"]) == (200, True)
    assert aimed.status_code == 422
    assert [(e["field"], e["code"]) for e in aimed.json()["errors"]] == [("password", "type-again")]
    listed = (await operator.get(f"/api/v1/tenants/{tenant}/integrations")).json()["items"]
    assert [(item["kind"], item["state"]) for item in listed] == [("mega", "paused")]


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://erp.acme.test:80/", "url-scheme"),
        ("https://erp.acme.test/", "url-port-missing"),
        ("https://erp.acme.test:8443", "url-trailing-slash"),
        ("https://erp.acme.test:8443/api", "url-extra-path"),
    ],
)
async def test_a_url_of_another_form_is_refused(
    operator: AsyncClient, context: Context, url: str, code: str
) -> None:
    tenant = await provisioned(operator, context)

    response = await operator.put(f"/api/v1/tenants/{tenant}{MEGA}", json={**FILLED, "url": url})

    assert response.status_code == 422
    assert (response.json()["errors"][0]["field"], response.json()["errors"][0]["code"]) == (
        "url",
        code,
    )


async def test_a_property_nobody_declared_is_refused(
    operator: AsyncClient, context: Context
) -> None:
    tenant = await provisioned(operator, context)

    response = await operator.put(
        f"/api/v1/tenants/{tenant}{MEGA}", json={**FILLED, "colour": "red"}
    )

    assert [error["code"] for error in response.json()["errors"]] == ["unknown-field"]


async def test_somebody_elses_change_of_properties_is_not_overwritten(
    operator: AsyncClient, context: Context
) -> None:
    tenant = await provisioned(operator, context)
    address = f"/api/v1/tenants/{tenant}{MEGA}"
    seen = (await operator.get(address)).headers["ETag"]

    first = await operator.put(address, json=FILLED, headers={"If-Match": seen})
    late = await operator.put(address, json=FILLED, headers={"If-Match": seen})

    assert (first.status_code, late.status_code) == (200, 412)


async def test_a_tenant_changes_its_own_properties_and_sees_its_integration(
    operator: AsyncClient, context: Context, client_as: ClientAs
) -> None:
    tenant = await provisioned(operator, context)
    admin = await as_admin(context, client_as, tenant)

    saved = await admin.put(f"/api/v1{MEGA}", json=FILLED)
    listed = (await admin.get("/api/v1/integrations")).json()["items"]

    assert saved.status_code == 200
    assert [(item["kind"], item["is_default"]) for item in listed] == [("mega", True)]
    one = await admin.get(f"/api/v1/integrations/{listed[0]['id']}")
    assert one.json() == listed[0]


async def test_a_package_without_mega_cannot_configure_it(
    operator: AsyncClient, context: Context
) -> None:
    tenant = await provisioned(operator, context, package="starter", default_integration=None)

    response = await operator.put(f"/api/v1/tenants/{tenant}{MEGA}", json=FILLED)

    assert (response.status_code, response.json()["code"]) == (409, "feature-not-in-package")


async def test_an_unknown_service_is_not_found(operator: AsyncClient, context: Context) -> None:
    tenant = await provisioned(operator, context)

    response = await operator.get(f"/api/v1/tenants/{tenant}/service-properties/crm/moon")

    assert (response.status_code, response.json()["code"]) == (404, "service-not-found")
