"""Registering, changing and deleting companies and branches over HTTP."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient, Response
from uuid_utils.compat import uuid7

from sindico_api.console.audit_words import TAG_LABELS
from sindico_platform.audit import queries as audit
from sindico_platform.audit.schemas import AuditFilters
from sindico_platform.brazil.cnpj import is_cnpj
from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.paging.schemas import PageRequest
from sindico_platform.tenancy.models import Tenant
from sindico_tenants.accounts.models import Account
from sindico_tenants.companies.registration.fields import COMPANY_FIELDS
from tests.api.test_crm_lists import add
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant

COMPANIES, BRANCHES = "/api/v1/companies", "/api/v1/branches"
KINDS = ("companies", "branches")
CNPJS = [cnpj for base in range(1, 60) for cnpj in [f"112223330001{base:02}"] if is_cnpj(cnpj)] + [
    "12ABC34501DE35",
    "16727230000197",
]
Register = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
async def tenant(make_tenant: MakeTenant) -> Tenant:
    return await make_tenant()


@pytest.fixture
async def director(tenant: Tenant, client_as: ClientAs) -> AsyncClient:
    return await client_as(tenant, "crm-director", "audit:view")


@pytest.fixture
async def company_id(director: AsyncClient) -> str:
    """Whose the branches are."""
    made = await director.post(COMPANIES, json={"name": "Grupo Itajaí"})
    return str(made.json()["id"])


@pytest.fixture
def register(director: AsyncClient, company_id: str) -> Register:
    """Register one of either kind."""

    async def make(kind: str, **fields: Any) -> dict[str, Any]:
        made = await director.post(f"/api/v1/{kind}", json=body_of(kind, company_id, **fields))
        assert made.status_code == 201, made.text
        body: dict[str, Any] = made.json()
        return body

    return make


def body_of(kind: str, company_id: str, **fields: Any) -> dict[str, Any]:
    own = {"company_id": company_id} if kind == "branches" else {}
    return {"name": "Metalúrgica Itajaí Ltda."} | own | fields


def problem(response: Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def faults(response: Response) -> set[tuple[str, str]]:
    return {(each["field"], each["code"]) for each in response.json()["errors"]}


FULL = {
    "trade_name": "Metal Itajaí",
    "erp_code": "77",
    "cnpj": "12.ABC.345/01DE-35",
    "state_registration": "254839170",
    "is_active": False,
    "email": "contato@itajai.com.br",
    "phone": "(47) 3326-1234",
    "cep": "89010-025",
    "street": "Rua XV de Novembro",
    "number": "1280",
    "complement": "Sala 402",
    "district": "Centro",
    "city": "Blumenau",
    "ibge_code": "4202404",
    "state": "sc",
}
STORED = {
    "cnpj": "12ABC34501DE35",
    "phone": "+554733261234",
    "cep": "89010025",
    "state": "SC",
}


@pytest.mark.parametrize("kind", KINDS)
async def test_everything_registered_is_read_again(
    kind: str, director: AsyncClient, company_id: str
) -> None:
    sent = body_of(kind, company_id, **FULL)

    made = await director.post(f"/api/v1/{kind}", json=sent)
    read = await director.get(made.headers["Location"])

    assert made.status_code == 201
    assert read.json() == made.json()
    assert read.headers["ETag"] == made.headers["ETag"] == '"1"'
    wanted = {**sent, **STORED, "pinned_fields": [], "erp_values": None, "erp_removed_at": None}
    assert {name: read.json()[name] for name in wanted} == wanted


@pytest.mark.parametrize("kind", KINDS)
async def test_a_name_is_enough(kind: str, register: Register) -> None:
    made = await register(kind)

    assert made["is_active"] is True
    assert made["cnpj"] is None
    assert made.get("is_head_office", False) is False


@pytest.mark.parametrize("kind", KINDS)
async def test_everything_wrong_is_told_at_once(
    kind: str, director: AsyncClient, company_id: str
) -> None:
    wrong = {"name": "x" * 10_000, "cnpj": "1", "email": "a\r\nBcc: b@c.d", "state": "XX"}

    refused = await director.post(f"/api/v1/{kind}", json=body_of(kind, company_id, **wrong))
    missing = await director.post(f"/api/v1/{kind}", json=body_of(kind, company_id, name=" "))

    assert problem(refused) == (422, "invalid-input")
    assert faults(refused) == {
        ("name", "too-long"),
        ("cnpj", "cnpj-length"),
        ("email", "control-character"),
        ("state", "uf-unknown"),
    }
    assert faults(missing) == {("name", "required")}


@pytest.mark.parametrize(
    ("language", "words"), [("pt-BR", "Aqui cabem no máximo 200"), ("en", "At most 200")]
)
async def test_faults_are_told_in_the_callers_language(
    director: AsyncClient, language: str, words: str
) -> None:
    refused = await director.post(
        COMPANIES, json={"name": "x" * 201}, headers={"Accept-Language": language}
    )

    assert refused.json()["errors"][0]["detail"].startswith(words)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_post_is_carried_out_once_per_key(
    kind: str, director: AsyncClient, company_id: str
) -> None:
    sent, key = body_of(kind, company_id), {"Idempotency-Key": str(uuid7())}

    first, second = [
        await director.post(f"/api/v1/{kind}", json=sent, headers=key) for _ in range(2)
    ]

    assert first.content == second.content
    assert second.headers["Idempotency-Replayed"] == "true"
    assert second.headers["Location"] == first.headers["Location"]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_field_is_changed_and_nothing_else(
    kind: str, director: AsyncClient, register: Register
) -> None:
    made = await register(kind, **FULL)

    changed = await director.patch(
        f"/api/v1/{kind}/{made['id']}", json={"phone": "(47) 99999-1234", "complement": None}
    )

    assert changed.headers["ETag"] == '"2"'
    differs = {name for name in made if made[name] != changed.json()[name]}
    assert differs == {"phone", "complement", "revision", "updated_at"}
    assert changed.json()["complement"] is None
    assert changed.json()["pinned_fields"] == []


@pytest.mark.parametrize("kind", KINDS)
async def test_saying_the_same_again_changes_nothing(
    kind: str, director: AsyncClient, register: Register
) -> None:
    made = await register(kind, **FULL)

    again = await director.patch(f"/api/v1/{kind}/{made['id']}", json=FULL)

    assert again.headers["ETag"] == '"1"'
    assert again.json() == made


@pytest.mark.parametrize("kind", KINDS)
async def test_nobody_overwrites_or_deletes_what_they_have_not_seen(
    kind: str, director: AsyncClient, register: Register
) -> None:
    address, old = f"/api/v1/{kind}/{(await register(kind))['id']}", {"If-Match": '"1"'}
    await director.patch(address, json={"name": "Outro"}, headers=old)

    refused = [
        await director.patch(address, json={"name": "Terceiro"}, headers=old),
        await director.post(f"{address}/fields/name/unpin", headers=old),
        await director.delete(address, headers=old),
    ]

    assert [problem(each) for each in refused] == [(412, "changed-meanwhile")] * 3
    assert (await director.get(address)).json()["name"] == "Outro"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("field", "value", "code"),
    [("cnpj", CNPJS[0], "cnpj-taken"), ("erp_code", "1", "code-taken")],
)
async def test_codes_and_documents_are_one_records_own(
    *, kind: str, field: str, value: str, code: str, director: AsyncClient, register: Register
) -> None:
    holder = await register(kind, name="Dona", **{field: value})
    other = await register(kind, name="Outra")
    address = f"/api/v1/{kind}/{other['id']}"

    created = await director.post(
        f"/api/v1/{kind}", json=body_of(kind, other.get("company_id", ""), **{field: value})
    )
    edited = await director.patch(address, json={field: value})
    own = await director.patch(f"/api/v1/{kind}/{holder['id']}", json={field: value, "name": "Eu"})

    assert problem(created) == problem(edited) == (409, code)
    assert edited.json()["holder_id"] == holder["id"]
    assert "Dona" in edited.json()["detail"]
    assert own.status_code == 200


async def test_of_many_at_once_one_gets_the_code(director: AsyncClient) -> None:
    sent = {"name": "Grupo", "erp_code": "1"}

    answers = await asyncio.gather(*(director.post(COMPANIES, json=sent) for _ in range(5)))

    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]


async def test_branches_of_two_companies_may_have_the_same_code(
    director: AsyncClient, register: Register
) -> None:
    other = await register("companies", name="Outro grupo")
    await register("branches", erp_code="1")

    made = await director.post(
        BRANCHES, json={"name": "Sul", "company_id": other["id"], "erp_code": "1"}
    )

    assert made.status_code == 201


async def test_a_company_has_one_head_office(director: AsyncClient, register: Register) -> None:
    head = await register("branches", name="Matriz", is_head_office=True)
    other = await register("branches", name="Sul")
    address = f"{BRANCHES}/{other['id']}"

    refused = await director.patch(address, json={"is_head_office": True})
    await director.patch(f"{BRANCHES}/{head['id']}", json={"is_head_office": False})
    moved = await director.patch(address, json={"is_head_office": True})

    assert problem(refused) == (409, "head-office-taken")
    assert refused.json()["name"] == "Matriz"
    assert moved.json()["is_head_office"] is True


@pytest.mark.parametrize("kind", KINDS)
async def test_one_without_linked_data_goes(
    kind: str, director: AsyncClient, register: Register
) -> None:
    address = f"/api/v1/{kind}/{(await register(kind))['id']}"

    gone = await director.delete(address)

    assert (gone.status_code, gone.content) == (204, b"")
    assert (await director.get(address)).status_code == 404
    assert (await director.delete(address)).status_code == 404


async def test_one_with_linked_data_stays_and_says_what_is_linked(
    tenant: Tenant, uow: UnitOfWork, director: AsyncClient, register: Register, company_id: str
) -> None:
    branch = await register("branches")
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        for name in ("Aurora", "Bela Vista"):
            await add(
                tx,
                Account,
                name=name,
                person_type="company",
                company_id=UUID(company_id),
                branch_id=UUID(branch["id"]),
            )

    company = await director.delete(f"{COMPANIES}/{company_id}")
    its_branch = await director.delete(f"{BRANCHES}/{branch['id']}")

    assert problem(company) == problem(its_branch) == (409, "data-linked")
    assert company.json()["total"] == 3
    assert company.json()["linked"] == [
        {"resource": "branches", "count": 1, "url": f"{BRANCHES}?company_id={company_id}"},
        {
            "resource": "accounts",
            "count": 2,
            "url": f"/api/v1/accounts?company_id={company_id}",
        },
    ]
    for each in company.json()["linked"]:
        listed = (await director.get(each["url"])).json()["items"]
        assert len(listed) == each["count"]
    assert [each["count"] for each in its_branch.json()["linked"]] == [2]
    assert (await director.get(f"{BRANCHES}/{branch['id']}")).status_code == 200


@pytest.mark.parametrize("kind", KINDS)
async def test_a_field_nobody_knows(kind: str, director: AsyncClient, register: Register) -> None:
    address = f"/api/v1/{kind}/{(await register(kind))['id']}"

    unknown = await director.post(f"{address}/fields/tenant_id/unpin")
    by_hand = await director.post(f"{address}/fields/name/take-erp-value")
    misspelt = await director.patch(address, json={"nmae": "x"})

    assert problem(unknown) == (404, "field-not-found")
    assert problem(by_hand) == (409, "not-from-erp")
    assert faults(misspelt) == {("nmae", "unknown-field")}


async def test_a_branch_needs_a_company_of_ones_own(
    director: AsyncClient, make_tenant: MakeTenant, client_as: ClientAs
) -> None:
    stranger = await client_as(await make_tenant(), "crm-director")
    theirs = (await stranger.post(COMPANIES, json={"name": "Deles"})).json()["id"]

    refused = [
        await director.post(BRANCHES, json={"name": "Sul", "company_id": each})
        for each in (theirs, str(uuid7()))
    ]
    without = await director.post(BRANCHES, json={"name": "Sul"})

    assert [problem(each) for each in refused] == [(404, "company-not-found")] * 2
    assert faults(without) == {("company_id", "required")}


@pytest.mark.parametrize("kind", KINDS)
async def test_the_trail_says_who_changed_what(
    *, kind: str, tenant: Tenant, uow: UnitOfWork, director: AsyncClient, register: Register
) -> None:
    made = await register(kind, name="Antes", email="a@b.com.br")
    address = f"/api/v1/{kind}/{made['id']}"
    await director.patch(address, json={"name": "Depois"})
    await director.delete(address)

    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        events = await audit.list_events(
            tx, request=PageRequest(sort="at"), filters=AuditFilters(target_id=UUID(made["id"]))
        )

    told = [
        (
            event.tag.partition(":")[2],
            {each.field: (each.before, each.after) for each in event.changes},
        )
        for event in events.items
    ]
    assert [verb for verb, _ in told] == ["create", "edit", "delete"]
    assert told[0][1]["email"] == (None, "a@b.com.br")
    assert told[1][1] == {"name": ("Antes", "Depois")}
    assert told[2][1]["name"] == ("Depois", None)
    assert {event.tag for event in events.items} <= TAG_LABELS.keys()


def test_every_verb_on_either_has_its_words() -> None:
    verbs = ("create", "edit", "delete", "unpin", "take-erp-value")

    assert {f"{kind}:{verb}" for kind in ("company", "branch") for verb in verbs} <= {*TAG_LABELS}


def test_the_tests_fill_every_field() -> None:
    assert {*FULL, "name"} == {*COMPANY_FIELDS}
