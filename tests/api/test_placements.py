"""Many accounts placed by hand over HTTP, by their ids or by a filter."""

from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import update
from uuid_utils.compat import uuid7

from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.tenancy.models import Tenant
from sindico_tenants.accounts.models import Account
from sindico_tenants.portfolios.bulk import service
from sindico_tenants.portfolios.models import AccountPlacement
from tests.support.callers import ClientAs
from tests.support.classification import classify_accounts
from tests.support.identity import MakeTenant
from tests.support.rows import make_account, make_seller
from tests.support.statements import CountStatements
from tests.tenants.abc_curve.conftest import Clientele

PATH = "/api/v1/accounts/placements"
COUNTS = ("matched", "changed", "unchanged", "refused")


@pytest.fixture
async def tenant(make_tenant: MakeTenant) -> Tenant:
    return await make_tenant()


@pytest.fixture
async def director(tenant: Tenant, client_as: ClientAs) -> AsyncClient:
    return await client_as(tenant, "crm-director")


@pytest.fixture
async def accounts(uow: UnitOfWork, tenant: Tenant) -> dict[str, UUID]:
    """Three accounts that the rules have placed, one of them of another state."""
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        clientele = Clientele(tx)
        await clientele.add("Acme", "Bela", state="SP")
        await clientele.add("Casa", state="RJ")
        await classify_accounts(tx)
    return clientele.ids


async def make_category(director: AsyncClient, name: str = "Contas-chave") -> str:
    made = await director.post("/api/v1/categories", json={"name": name})
    category_id: str = made.json()["id"]
    return category_id


async def history(director: AsyncClient, account_id: UUID, kind: str) -> list[tuple[Any, ...]]:
    shown = (await director.get(f"/api/v1/accounts/{account_id}/classification")).json()
    return [
        (each["from_name"], each["to_name"], each["placed_by"], each["reason"])
        for each in shown["placement_history"]
        if each["kind"] == kind
    ]


def counts_of(answer: Response) -> list[int]:
    body = answer.json()
    return [body[name] for name in COUNTS]


async def test_accounts_named_are_placed_with_the_reason_and_others_refused(
    director: AsyncClient,
    accounts: dict[str, UUID],
    uow: UnitOfWork,
    make_tenant: MakeTenant,
) -> None:
    async with uow.begin(Actor.system((await make_tenant()).tenant_id)) as tx:
        theirs = str(await make_account(tx))
    unknown = str(uuid7())
    named = [str(accounts["Acme"]), unknown, str(accounts["Bela"]), theirs, unknown]
    category = await make_category(director)
    wish = {"account_ids": named, "category_id": category, "reason": "Contrato novo"}

    placed = await director.post(PATH, json=wish)
    again = await director.post(PATH, json=wish)
    back = await director.post(
        PATH, json={"account_ids": named[:1], "category_id": None, "reason": "Acabou"}
    )

    assert (placed.status_code, counts_of(placed)) == (207, [4, 2, 0, 2])
    assert [(each["index"], each["account_id"]) for each in placed.json()["refusals"]] == [
        (1, unknown),
        (3, theirs),
    ]
    assert {each["code"] for each in placed.json()["refusals"]} == {"account-not-found"}
    assert counts_of(again) == [4, 0, 2, 2]
    assert (back.status_code, counts_of(back)) == (200, [1, 1, 0, 0])
    assert await history(director, accounts["Acme"], "category") == [
        ("Contas-chave", "Sem compras", "class", "Acabou"),
        ("Sem compras", "Contas-chave", "hand", "Contrato novo"),
        (None, "Sem compras", "class", None),
    ]
    assert len(await history(director, accounts["Casa"], "category")) == 1


async def test_a_filter_tells_nobody_who_may_not_see_accounts_how_many_match(
    tenant: Tenant, client_as: ClientAs, console_as: ClientAs, accounts: dict[str, UUID]
) -> None:
    """Else one could guess a name or a document until some account matches."""
    client = await client_as(tenant, "portfolios:edit")
    browser = await console_as(tenant, "portfolios:edit")
    form = {"which": "all", "filter_q": "Acme"}

    asked = await client.post(PATH, json={"filter": {"q": "Acme"}, "category_id": None})
    looked = await browser.post("/console/accounts/placement/choose", data=form)
    named = {"account_ids": [str(accounts["Acme"])], "category_id": None}

    assert (asked.status_code, asked.json()["permission"]) == (403, "accounts:view")
    assert looked.status_code == 403
    assert (await client.post(PATH, json=named)).status_code == 200


async def test_a_filter_places_what_the_list_shows_if_it_is_as_many_as_expected(
    director: AsyncClient, accounts: dict[str, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    category = await make_category(director)
    wish = {"filter": {"state": "SP"}, "category_id": category}

    other = await director.post(PATH, json=wish | {"expected": 3})
    placed = await director.post(PATH, json=wish | {"expected": 2})
    every = await director.post(PATH, json={"filter": {}, "category_id": category})
    none = await director.post(PATH, json={"filter": {"q": "zzzz"}, "category_id": category})
    monkeypatch.setattr(service, "MOST_MATCHED", 2)
    many = await director.post(PATH, json={"filter": {}, "category_id": None})

    assert (other.status_code, other.json()["code"]) == (409, "other-number-of-accounts")
    assert counts_of(placed) == [2, 2, 0, 0]
    assert counts_of(every) == [3, 1, 2, 0]
    assert counts_of(none) == [0, 0, 0, 0]
    assert (many.status_code, many.json()["code"]) == (409, "too-many-accounts")
    assert (await history(director, accounts["Casa"], "category"))[0][2] == "hand"


async def test_a_salesperson_chosen_brings_the_portfolio_and_is_given_back_to_the_erp(
    director: AsyncClient, accounts: dict[str, UUID], uow: UnitOfWork, tenant: Tenant
) -> None:
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        seller = await make_seller(tx)
    name = (await director.get("/api/v1/sellers")).json()["items"][0]["name"]
    which = {"account_ids": [str(accounts["Acme"]), str(accounts["Bela"])]}
    portfolio = (await director.post("/api/v1/portfolios", json={"name": "Sul"})).json()["id"]

    chosen = await director.post(PATH, json=which | {"seller_id": str(seller), "reason": "Férias"})
    same = await director.post(PATH, json=which | {"seller_id": str(seller)})
    both = {"seller_id": None, "portfolio_id": portfolio, "account_ids": which["account_ids"][:1]}
    back = await director.post(PATH, json=both | {"reason": "Voltou"})
    after = await pins(uow, tenant, accounts)

    assert counts_of(chosen) == [2, 2, 0, 0]
    assert counts_of(same) == [2, 0, 2, 0]
    assert counts_of(back) == [1, 1, 0, 0]
    assert after == {"Acme": (seller, []), "Bela": (seller, ["seller_id"]), "Casa": (None, [])}
    assert await history(director, accounts["Acme"], "seller") == [
        (name, name, "erp", "Voltou"),
        (None, name, "hand", "Férias"),
    ]
    assert await history(director, accounts["Acme"], "portfolio") == [
        (name, "Sul", "hand", "Voltou"),
        ("Sem carteira", name, "seller", None),
        (None, "Sem carteira", "nothing", None),
    ]


async def pins(uow: UnitOfWork, tenant: Tenant, accounts: dict[str, UUID]) -> dict[str, Any]:
    """Each account's salesperson and the fields that loads leave alone."""
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        rows = {
            name: await tx.session.get_one(Account, (tx.tenant_id, row_id))
            for name, row_id in accounts.items()
        }
        return {name: (row.seller_id, row.pinned_fields) for name, row in rows.items()}


async def test_what_is_unclear_or_unknown_changes_nothing(
    director: AsyncClient, accounts: dict[str, UUID]
) -> None:
    named: dict[str, Any] = {"account_ids": [str(accounts["Acme"])]}
    wrong: list[dict[str, Any]] = [
        named,
        {"category_id": None},
        named | {"filter": {}, "category_id": None},
        {"account_ids": [], "category_id": None},
        {"account_ids": ["x"], "category_id": None},
        {"account_ids": [str(uuid7())] * 10_001, "category_id": None},
        named | {"category_id": None, "reason": "x" * 501},
        {"filter": {"moon": "full"}, "category_id": None},
    ]
    unknown = str(uuid7())

    refused = [await director.post(PATH, json=each) for each in wrong]
    missing = [
        (await director.post(PATH, json=named | {name: unknown})).json()["code"]
        for name in ("category_id", "portfolio_id", "seller_id")
    ]

    assert [each.status_code for each in refused] == [422] * len(wrong)
    assert missing == ["category-not-found", "portfolio-not-found", "seller-not-found"]
    assert len(await history(director, accounts["Acme"], "category")) == 1


async def test_one_key_places_once_and_leaves_one_event(
    director: AsyncClient, accounts: dict[str, UUID], tenant: Tenant, client_as: ClientAs
) -> None:
    key = {"Idempotency-Key": str(uuid7())}
    wish = {
        "account_ids": [str(each) for each in accounts.values()],
        "category_id": await make_category(director),
        "reason": "Campanha",
    }

    first = await director.post(PATH, json=wish, headers=key)
    again = await director.post(PATH, json=wish, headers=key)
    other = await director.post(PATH, json=wish | {"reason": "Outra"}, headers=key)
    auditor = await client_as(tenant, "audit:view")
    events = (await auditor.get("/api/v1/audit-events?tag=account:place-many")).json()["items"]

    assert counts_of(first) == counts_of(again) == [3, 3, 0, 0]
    assert other.status_code == 422
    [event] = events
    assert event["facts"] == {"count": 3, "updated": 3}
    assert {each["field"]: each["after"] for each in event["changes"]} == {
        "category": "Contas-chave",
        "reason": "Campanha",
    }


async def test_however_many_they_take_the_same_statements(
    director: AsyncClient, uow: UnitOfWork, tenant: Tenant, count_statements: CountStatements
) -> None:
    category = await make_category(director)
    totals = []
    for count in (1, 400):
        async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
            await Clientele(tx).add(*(f"Loja {count} {number}" for number in range(count)))
        with count_statements() as sent:
            placed = await director.post(PATH, json={"filter": {}, "category_id": category})
        assert placed.json()["changed"] == count
        totals.append(sent.total)

    assert totals[0] == totals[1]


async def test_a_load_leaves_the_decisions_alone(
    director: AsyncClient, accounts: dict[str, UUID], uow: UnitOfWork, tenant: Tenant
) -> None:
    category = await make_category(director)
    await director.post(PATH, json={"filter": {}, "category_id": category})

    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        await tx.session.execute(update(Account).values(erp_category="Atacado"))
        await classify_accounts(tx)
        kept = await tx.session.get_one(AccountPlacement, (tx.tenant_id, accounts["Acme"]))

    assert (str(kept.category_id), kept.category_by) == (category, "hand")
