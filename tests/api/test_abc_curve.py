"""The curve over HTTP: settings, simulation, results, classification, placing by hand."""

from typing import Any

import pytest
from httpx import AsyncClient
from uuid_utils.compat import uuid7

from sindico_api.context import Context
from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.tenancy.models import Tenant
from sindico_tenants.abc_curve import service as abc_curve
from sindico_tenants.abc_curve.schemas import AbcSettingsIn
from tests.support.callers import ClientAs
from tests.support.classification import classify_accounts
from tests.support.identity import MakeTenant
from tests.support.jobs import POINTS, kill_after, run_jobs, run_through_kills
from tests.support.rows import make_branch, make_company, make_seller
from tests.support.statements import CountStatements
from tests.tenants.abc_curve.conftest import Clientele

PATH = "/api/v1/abc-curve"
SETTINGS = "/api/v1/abc-settings"
NARROW = {"a_percent": 10, "b_percent": 10, "c_percent": 80}
BOUGHT = {"Acme": 80, "Bela": 15, "Casa": 5, "Duda": 0}


@pytest.fixture
async def tenant(make_tenant: MakeTenant) -> Tenant:
    return await make_tenant()


@pytest.fixture
async def director(tenant: Tenant, client_as: ClientAs) -> AsyncClient:
    return await client_as(tenant, "crm-director")


@pytest.fixture
async def accounts(uow: UnitOfWork, tenant: Tenant) -> dict[str, str]:
    """Four classified accounts: their ids by name."""
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        clientele = Clientele(tx)
        await clientele.add(*BOUGHT)
        for name, cents in BOUGHT.items():
            await clientele.buy(name, cents)
        await classify_accounts(tx)
    return {name: str(account_id) for name, account_id in clientele.ids.items()}


@pytest.mark.usefixtures("accounts")
async def test_the_tenants_curve_is_drawn_by_the_defaults(director: AsyncClient) -> None:
    (settings,) = (await director.get(SETTINGS)).json()

    assert settings["id"] is None
    assert [settings[f"{each}_percent"] for each in "abc"] == [80, 15, 5]
    assert (settings["measure"], settings["period_months"]) == ("notes", 12)


@pytest.mark.usefixtures("accounts")
async def test_a_simulation_says_who_would_move_and_moves_nobody(director: AsyncClient) -> None:
    answer = await director.post(f"{SETTINGS}/simulate", json=NARROW)

    body = answer.json()
    assert answer.status_code == 200
    assert [each["accounts"] for each in body["curve"]["classes"]] == [1, 0, 2, 1]
    assert [(each["name"], each["to_class"]) for each in body["movers"]] == [("Bela", "C")]
    assert body["moves"] == [{"from_class": "B", "to_class": "C", "accounts": 1}]
    assert await classes(director) == {"Acme": "A", "Bela": "B", "Casa": "C", "Duda": "none"}


async def test_a_simulation_reads_the_documents_once_however_many_curves_there_are(
    director: AsyncClient, tenant: Tenant, uow: UnitOfWork, count_statements: CountStatements
) -> None:
    """Once for the curves, and once for those that are no account's."""
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        for _ in range(5):
            data = AbcSettingsIn(branch_id=await make_branch(tx))
            await abc_curve.create_settings(tx, data=data)

    with count_statements() as counted:
        simulated = await director.post(f"{SETTINGS}/simulate", json=NARROW)

    assert simulated.status_code == 200
    assert len([sent for sent in counted.sent if "crm.fiscal_note" in sent]) == 2


async def test_giving_a_curve_up_is_simulated_first(
    director: AsyncClient, accounts: dict[str, str], context: Context, tenant: Tenant
) -> None:
    made = await director.post(SETTINGS, json=NARROW)
    await run_jobs(context, tenant.tenant_id)
    one = f"{SETTINGS}/{made.json()['id']}"
    simulated = await director.post(f"{one}/simulate-delete")
    missing = await director.post(f"{SETTINGS}/{uuid7()}/simulate-delete")
    kept = (await director.get(one)).status_code

    body = simulated.json()
    assert (simulated.status_code, kept) == (200, 200)
    assert (missing.status_code, missing.json()["code"]) == (404, "abc-settings-not-found")
    assert [each["accounts"] for each in body["curve"]["classes"]] == [1, 1, 1, 1]
    assert body["curve"]["a_percent"] == 80
    assert [(each["account_id"], each["to_class"]) for each in body["movers"]] == [
        (accounts["Bela"], "B")
    ]
    assert (await classes(director))["Bela"] == "C"


@pytest.mark.kills("classification.classify_accounts", "classification.tell_of_changes")
@pytest.mark.parametrize("point", POINTS)
async def test_killed_anywhere_classes_change_once_and_are_told_once(
    director: AsyncClient,
    accounts: dict[str, str],
    context: Context,
    tenant: Tenant,
    client_as: ClientAs,
    *,
    point: str,
) -> None:
    """People by notifications, other systems by webhooks."""
    await director.post(SETTINGS, json=NARROW)
    told = await client_as(tenant, "webhooks:view", "webhooks:include")
    added = (await told.post("/api/v1/webhooks", json={"url": "https://1.1.1.1/abc"})).json()

    drawing = kill_after(point, only="classification.classify_accounts")
    await run_jobs(context, tenant.tenant_id, kill=drawing)
    telling = "classification.tell_of_changes"
    await run_through_kills(context, tenant.tenant_id, point=point, only=telling)

    reader = await client_as(tenant, "notifications:view")
    notices = (await reader.get("/api/v1/notifications")).json()["items"]
    assert await classes(director) == {"Acme": "A", "Bela": "C", "Casa": "C", "Duda": "none"}
    assert [each["code"] for each in notices].count("abc-changed") == 1
    sent = await told.get(f"/api/v1/webhooks/{added['webhook']['id']}/deliveries")
    assert [each["event"] for each in sent.json()["items"]] == ["account.class_changed"]


async def test_settings_take_effect_and_can_be_given_up(
    director: AsyncClient, accounts: dict[str, str], context: Context, tenant: Tenant
) -> None:
    made = await director.post(SETTINGS, json=NARROW)
    await run_jobs(context, tenant.tenant_id)
    narrow = await classes(director)
    one = f"{SETTINGS}/{made.json()['id']}"
    stale = await director.put(one, json={}, headers={"If-Match": '"9"'})
    again = await director.post(SETTINGS, json=NARROW)
    changed = await director.put(one, json={}, headers={"If-Match": made.headers["ETag"]})
    gone = await director.delete(one)
    await run_jobs(context, tenant.tenant_id)

    assert (made.status_code, stale.status_code, again.status_code) == (201, 412, 409)
    assert (changed.status_code, changed.json()["a_percent"], gone.status_code) == (200, 80, 204)
    assert narrow["Bela"] == "C"
    assert (await classes(director))["Bela"] == "B"
    shown = (await director.get(f"/api/v1/accounts/{accounts['Bela']}/classification")).json()
    moves = [(each["from_class"], each["to_class"]) for each in shown["class_history"]]
    assert moves == [("C", "B"), ("B", "C"), (None, "B")]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"a_percent": 90}, "a_percent"),
        ({"period_months": 0}, "period_months"),
        ({"measure": "wishes"}, "measure"),
        ({"company_id": str(uuid7())}, None),
        ({"cuts": 1}, "cuts"),
    ],
    ids=["cuts", "period", "measure", "company", "unknown"],
)
async def test_what_cannot_be_drawn_is_refused(
    director: AsyncClient, wrong: dict[str, Any], field: str | None
) -> None:
    answers = [await director.post(path, json=wrong) for path in (SETTINGS, f"{SETTINGS}/simulate")]

    for answer in answers:
        if field is None:
            assert answer.json()["code"] == "company-not-found"
        else:
            assert answer.status_code == 422
            assert field in answer.text


async def test_an_account_shows_where_it_stands_and_why(
    director: AsyncClient, accounts: dict[str, str]
) -> None:
    answer = await director.get(f"/api/v1/accounts/{accounts['Casa']}/classification")

    body = answer.json()
    reason = body["reason"]
    assert body["abc_class"] == "C"
    assert [reason[name] for name in ("rank", "before_cents", "curve_cents")] == [3, 95, 100]
    assert (body["placement"]["category"], body["placement"]["category_by"]) == ("Curva C", "class")
    assert body["placement"]["portfolio"] == "Sem carteira"
    assert [each["kind"] for each in body["placement_history"]] == ["category", "portfolio"]


async def test_an_account_is_placed_by_hand_and_given_back_to_the_rules(
    director: AsyncClient, accounts: dict[str, str], context: Context, tenant: Tenant
) -> None:
    place = f"/api/v1/accounts/{accounts['Acme']}/placement"
    made = await director.post("/api/v1/portfolios", json={"name": "Contas-chave"})
    taken = await director.post("/api/v1/portfolios", json={"name": "contas-CHÁVE"})
    wish = {"portfolio_id": made.json()["id"], "reason": "  Contrato   novo "}
    placed = await director.patch(place, json=wish)
    await director.post(f"{SETTINGS}/draw")
    await run_jobs(context, tenant.tenant_id)
    kept = await director.patch(place, json={})
    back = await director.patch(place, json={"portfolio_id": None, "reason": "Contrato acabou"})
    same = await director.patch(place, json={"portfolio_id": None, "reason": "Para nada"})
    shown = (await director.get(place.replace("placement", "classification"))).json()
    me = (await director.get("/api/v1/auth/me")).json()
    history = [
        (each["from_name"], each["to_name"], each["placed_by"], each["reason"])
        for each in shown["placement_history"]
        if each["kind"] == "portfolio"
    ]
    long = await director.patch(place, json={"reason": "x" * 501})
    wrong = await director.patch(place, json={"category_id": made.json()["id"]})

    assert (made.status_code, taken.status_code, taken.json()["code"]) == (201, 409, "name-taken")
    assert (placed.json()["portfolio"], placed.json()["portfolio_by"]) == ("Contas-chave", "hand")
    assert kept.json() == placed.json()
    assert (back.json()["portfolio"], back.json()["portfolio_by"]) == ("Sem carteira", "nothing")
    assert same.json() == back.json()
    assert history == [
        ("Contas-chave", "Sem carteira", "nothing", "Contrato acabou"),
        ("Sem carteira", "Contas-chave", "hand", "Contrato novo"),
        (None, "Sem carteira", "nothing", None),
    ]
    assert shown["placement_history"][0]["changed_by"] == me["login"]
    assert long.status_code == 422
    assert (wrong.status_code, wrong.json()["code"]) == (404, "category-not-found")


@pytest.mark.usefixtures("accounts")
async def test_the_dashboard_adds_up(director: AsyncClient) -> None:
    body = (await director.get(f"{PATH}/dashboard")).json()

    classes = {each["abc_class"]: each["revenue_cents"] for each in body["classes"]}
    assert classes == {"A": 80, "B": 15, "C": 5, "none": 0}
    assert [point["revenue_cents"] for point in body["pareto"]] == [0, 80, 95, 100]
    assert body["run"]["classified"] == 4
    assert [(each["name"], each["none"]) for each in body["by_seller"]] == [(None, 1)]
    assert sum(each["revenue_cents"] for each in body["by_category"]) == 100


async def test_an_empty_clientele_has_an_empty_dashboard(director: AsyncClient) -> None:
    body = (await director.get(f"{PATH}/dashboard")).json()

    assert (body["run"], body["pareto"], body["moves"]) == (None, [], [])
    assert [each["accounts"] for each in body["classes"]] == [0, 0, 0, 0]


@pytest.mark.usefixtures("accounts")
async def test_lists_have_pages_and_filters(director: AsyncClient) -> None:
    first = (await director.get(f"{PATH}/accounts", params={"limit": 3})).json()
    rest = (
        await director.get(f"{PATH}/accounts", params={"limit": 3, "after": first["next_cursor"]})
    ).json()
    only = (await director.get(f"{PATH}/accounts", params={"abc_class": "B"})).json()
    changes = (await director.get(f"{PATH}/changes", params={"to_class": "A"})).json()
    moves = (await director.get(f"{PATH}/changes", params={"moves_only": True})).json()
    runs = (await director.get(f"{PATH}/runs")).json()

    names = [each["name"] for each in [*first["items"], *rest["items"]]]
    assert names == ["Acme", "Bela", "Casa", "Duda"]
    assert [each["name"] for each in only["items"]] == ["Bela"]
    assert [each["name"] for each in changes["items"]] == ["Acme"]
    assert moves["items"] == []
    assert len(runs["items"]) == 1


async def test_lists_send_the_same_statements_however_long(
    director: AsyncClient, accounts: dict[str, str], count_statements: CountStatements
) -> None:
    await director.get(f"{PATH}/accounts")
    for path in (f"{PATH}/accounts", f"{PATH}/changes", f"{PATH}/dashboard"):
        totals = set()
        for limit in (1, 4):
            asked = {} if path.endswith("dashboard") else {"limit": limit}
            with count_statements() as sent:
                assert (await director.get(path, params=asked)).status_code == 200
            totals.add(sent.total)
        assert len(totals) == 1
        assert max(totals) <= (12 if path.endswith("dashboard") else 4)


async def test_a_salesperson_is_one_of_the_users(
    director: AsyncClient, tenant: Tenant, uow: UnitOfWork
) -> None:
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        seller = await make_seller(tx)
    me = (await director.get("/api/v1/auth/me")).json()
    path = f"/api/v1/sellers/{seller}"

    set_ = await director.patch(path, json={"user_id": me["id"]})
    wrong = await director.patch(path, json={"user_id": str(uuid7())})
    listed = (await director.get("/api/v1/sellers")).json()["items"]

    assert (set_.status_code, set_.json()["user_id"]) == (200, me["id"])
    assert wrong.status_code == 404
    assert [each["user_id"] for each in listed] == [me["id"]]


async def test_what_was_sold_is_listed(
    director: AsyncClient, accounts: dict[str, str], tenant: Tenant, uow: UnitOfWork
) -> None:
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        company = await make_company(tx)
    for path in ("sales-orders", "fiscal-notes", "trade-bills"):
        some = await director.get(f"/api/v1/{path}", params={"account_id": accounts["Acme"]})
        none = await director.get(f"/api/v1/{path}", params={"company_id": str(company)})

        assert len(some.json()["items"]) == (1 if path == "fiscal-notes" else 0)
        assert none.json()["items"] == []


async def classes(director: AsyncClient) -> dict[str, str]:
    found = (await director.get(f"{PATH}/accounts")).json()["items"]
    return {each["name"]: each["abc_class"] for each in found}
