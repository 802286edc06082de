"""Records › Salespeople, and accounts placed by hand."""

import html
import re
from uuid import UUID

import pytest
from httpx import AsyncClient

from sindico_api.i18n import LANGUAGE_COOKIE
from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.identity.models import TenantUser
from sindico_platform.tenancy.models import Tenant
from sindico_tenants.portfolios.bulk import service as bulk
from sindico_tenants.portfolios.queries import list_placement_changes, read_placement
from sindico_tenants.portfolios.service import create_category
from sindico_tenants.sales.models import Seller
from sindico_tenants.sales.queries import get_seller
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant, MakeUser
from tests.support.rows import make_account, make_seller
from tests.support.statements import CountStatements
from tests.tenants.abc_curve.conftest import Clientele

PATH = "/console/sellers"


def text_of(page: str) -> str:
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", page).split()))


@pytest.fixture
async def tenant(make_tenant: MakeTenant) -> Tenant:
    return await make_tenant()


@pytest.fixture
async def browser(tenant: Tenant, console_as: ClientAs) -> AsyncClient:
    grants = ("sellers:view", "sellers:edit", "accounts:view", "portfolios:edit", "abc_curve:view")
    browser = await console_as(tenant, *grants)
    browser.cookies.set(LANGUAGE_COOKIE, "en")
    return browser


async def add_sellers(uow: UnitOfWork, tenant: Tenant, *emails: str | None) -> list[UUID]:
    ids = []
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        for email in emails:
            ids.append(await make_seller(tx))
            row = await tx.session.get_one(Seller, (tx.tenant_id, ids[-1]))
            row.email = email
    return ids


async def user_of(uow: UnitOfWork, tenant: Tenant, seller_id: UUID) -> UUID | None:
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        return (await get_seller(tx, seller_id)).user_id


async def give_email(uow: UnitOfWork, user: TenantUser, email: str) -> None:
    async with uow.begin(Actor.system(user.tenant_id)) as tx:
        (await tx.session.get_one(TenantUser, (user.tenant_id, user.id))).email = email


async def test_salespeople_are_linked_by_suggestion_and_by_choice(
    uow: UnitOfWork,
    tenant: Tenant,
    browser: AsyncClient,
    make_user: MakeUser,
    count_statements: CountStatements,
) -> None:
    ana, bob = await make_user(tenant), await make_user(tenant)
    await give_email(uow, ana, "Ana@acme.example")
    same, other = await add_sellers(uow, tenant, "ana@ACME.example", None)

    listed = text_of((await browser.get(PATH)).text)
    with count_statements() as few:
        await browser.get(PATH)
    taken = await browser.post(f"{PATH}/link-suggested")
    chosen = await browser.post(f"{PATH}/{other}", data={"user_id": str(bob.id)})
    mangled = await browser.post(f"{PATH}/{other}", data={"user_id": "bob"})
    users = [await user_of(uow, tenant, each) for each in (same, other)]
    await add_sellers(uow, tenant, *["ana@acme.example"] * 60)
    with count_statements() as many:
        page = (await browser.get(f"{PATH}?linked=no")).text
    nobody = await browser.post(f"{PATH}/{other}", data={"user_id": ""})
    shown = (await browser.get(f"{PATH}/{same}")).text

    assert f"Same e-mail: {ana.login}" in listed
    assert "Nobody yet" in listed
    assert [taken.status_code, chosen.status_code, nobody.status_code] == [303] * 3
    assert mangled.status_code == 422
    assert users == [ana.id, bob.id]
    assert await user_of(uow, tenant, other) is None
    assert many.total <= few.total
    assert 'rel="next"' in page
    assert f'<option value="{ana.id}" selected>' in shown


async def test_an_address_that_two_users_share_suggests_nobody(
    uow: UnitOfWork, tenant: Tenant, browser: AsyncClient, make_user: MakeUser
) -> None:
    for user in (await make_user(tenant), await make_user(tenant)):
        await give_email(uow, user, "vendas@acme.example")
    [seller_id] = await add_sellers(uow, tenant, "vendas@acme.example")

    await browser.post(f"{PATH}/link-suggested")

    assert await user_of(uow, tenant, seller_id) is None


async def test_an_account_is_placed_by_hand_and_given_back_to_the_rules(
    uow: UnitOfWork, tenant: Tenant, browser: AsyncClient
) -> None:
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        account_id = await make_account(tx)
        category = await create_category(tx, name="Contas-chave")
    address = f"/console/accounts/{account_id}"

    sent = {"category_id": str(category.id), "reason": "Compra <b>muito</b>"}
    placed = await browser.post(f"{address}/placement", data=sent)
    for wrong in ({"category_id": "Contas-chave"}, {"category_id": "", "reason": "x" * 501}):
        refused = await browser.post(f"{address}/placement", data=wrong)
        assert refused.status_code == 422
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        by_hand = await read_placement(tx, account_id)
        [change] = await list_placement_changes(tx, account_id)
    page = (await browser.get(address)).text
    await browser.post(f"{address}/placement", data={"category_id": ""})
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        by_rules = await read_placement(tx, account_id)

    assert placed.headers["location"] == address
    assert (by_hand.category, by_hand.category_by) == ("Contas-chave", "hand")
    assert f'<option value="{category.id}" selected>' in page
    assert by_rules.category_by != "hand"
    assert "Compra &lt;b&gt;muito&lt;/b&gt;" in page
    assert change.reason == "Compra <b>muito</b>"
    assert f"Contas-chave {change.changed_by} Compra" in text_of(page)


async def test_many_accounts_are_placed_those_marked_or_all_that_the_filters_show(
    uow: UnitOfWork, tenant: Tenant, browser: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        clientele = Clientele(tx)
        await clientele.add("Acme", "Bela", state="SP")
        await clientele.add("Casa", state="RJ")
        category = await create_category(tx, name="Contas-chave")
    choose, place = "/console/accounts/placement/choose", "/console/accounts/placement"
    wish = {"category_id": str(category.id), "reason": "Campanha"}
    paulistas = {"which": "all", "filter_state": "SP"}

    listed = (await browser.get("/console/accounts?state=SP")).text
    reloaded = await browser.get(choose)
    none = await browser.post(choose, data={"which": "marked"})
    marked = await browser.post(choose, data={"account_id": [str(clientele.ids["Casa"])]})
    every = text_of((await browser.post(choose, data=paulistas)).text)
    nothing = await browser.post(place, data=paulistas | {"expected": "2"})
    odd = await browser.post(place, data=paulistas | {"expected": "2", "seller_id": "x"})
    long = await browser.post(place, data=paulistas | wish | {"reason": "x" * 501})
    other = await browser.post(place, data=paulistas | wish | {"expected": "3"})
    placed = await browser.post(place, data=paulistas | wish | {"expected": "2"})
    one = await browser.post(place, data=wish | {"account_id": [str(clientele.ids["Casa"])]})
    monkeypatch.setattr(bulk, "MOST_MATCHED", 1)
    many = await browser.post(choose, data=paulistas)
    told = text_of((await browser.get(many.headers["location"])).text)
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        stand = [(await read_placement(tx, each)).category for each in clientele.ids.values()]
        [change] = await list_placement_changes(tx, clientele.ids["Casa"])

    assert '<input type="hidden" name="filter_state" value="SP">' in listed
    assert listed.count('name="account_id"') == 2
    assert none.headers["location"] == reloaded.headers["location"] == "/console/accounts"
    assert "1 account" in text_of(marked.text)
    assert "Place 2 accounts" in every
    assert [each.status_code for each in (nothing, odd, long, other)] == [422, 422, 422, 409]
    assert "At most 500 characters are allowed." in text_of(long.text)
    assert "2 accounts match now, not 3." in text_of(other.text)
    assert 'name="expected" value="2"' in other.text
    assert "has-error" not in other.text
    assert placed.headers["location"] == "/console/accounts?state=SP"
    assert one.headers["location"] == "/console/accounts"
    assert many.headers["location"] == "/console/accounts?state=SP"
    assert "At most 1 accounts are placed at once." in told
    assert stand == ["Contas-chave"] * 3
    assert change.reason == "Campanha"
