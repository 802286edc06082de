"""Lists of accounts: order, pages, search, and that the database meets an index for each."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert
from uuid_utils.compat import uuid7

from sindico_api.context import Context
from sindico_platform.database.tx import Actor, Tx
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.errors import InvalidInput
from sindico_platform.paging.schemas import PageRequest
from sindico_tenants.accounts import queries
from sindico_tenants.accounts.errors import AccountNotFound
from sindico_tenants.accounts.models import Account
from sindico_tenants.accounts.schemas import AccountFilters
from tests.support.statements import counting

NAMES = ["Álamo Ltda.", "alvorada", "Bela Vista", "Çavalcante", "Zélia 100%"]


async def add_accounts(tx: Tx, *names: str, **values: Any) -> list[UUID]:
    shared = {"person_type": "company", "is_active": True, "created_at": tx.now}
    rows: list[dict[str, Any]] = [
        {"tenant_id": tx.tenant_id, "id": tx.new_id(), "name": name, "updated_at": tx.now}
        | shared
        | values
        for name in names
    ]
    await tx.session.execute(insert(Account), rows)
    return [row["id"] for row in rows]


@pytest.fixture
async def tx(uow: UnitOfWork) -> AsyncIterator[Tx]:
    """A transaction in a tenant of its own."""
    async with uow.begin(Actor.system(uuid7())) as opened:
        yield opened


async def names_of(tx: Tx, request: PageRequest | None = None, **filters: Any) -> list[str]:
    page = await queries.list_accounts(
        tx, request=request or PageRequest(), filters=AccountFilters(**filters)
    )
    return [item.name for item in page.items]


async def test_names_sort_without_regard_to_accents_and_case(tx: Tx) -> None:
    await add_accounts(tx, *reversed(NAMES))

    assert await names_of(tx) == NAMES
    assert await names_of(tx, PageRequest(sort="-name")) == NAMES[::-1]
    assert await names_of(tx, PageRequest(sort="created_at")) == NAMES[::-1]


@pytest.mark.parametrize("sort", ["name", "-name", "created_at", "-created_at"])
async def test_pages_meet_every_row_once(tx: Tx, sort: str) -> None:
    await add_accounts(tx, *NAMES, "Bela Vista", "Bela Vista")
    seen: list[UUID] = []
    after = None

    for _ in range(4):
        page = await queries.list_accounts(
            tx, request=PageRequest(limit=2, sort=sort, after=after), filters=AccountFilters()
        )
        seen += [item.id for item in page.items]
        after = page.next_cursor

    assert len(seen) == len(set(seen)) == 7
    assert after is None


@pytest.mark.parametrize("after", ["x", "WyJuYW1lIl0", "W10=", "é", "WyItbmFtZSIsICJhIiwgImIiXQ"])
async def test_a_foreign_cursor_is_refused(tx: Tx, after: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        await names_of(tx, PageRequest(after=after))

    assert refusal.value.errors[0].code == "cursor-invalid"


async def test_an_unknown_order_is_refused(tx: Tx) -> None:
    with pytest.raises(InvalidInput) as refusal:
        await names_of(tx, PageRequest(sort="cnpj"))

    assert refusal.value.errors[0].code == "order-unknown"


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("cavalc", ["Çavalcante"]),
        ("BELA  vis", ["Bela Vista"]),
        ("ela ista", ["Bela Vista"]),
        ("al", ["Álamo Ltda.", "alvorada"]),
        ("100%", ["Zélia 100%"]),
        ("%", []),
        ("a\x00b", []),
        ("nobody", []),
        ("  ", NAMES),
    ],
)
async def test_search_finds_parts_of_names(tx: Tx, typed: str, found: list[str]) -> None:
    await add_accounts(tx, *NAMES)

    assert await names_of(tx, q=typed) == found


@pytest.mark.parametrize("typed", ["12.abc.345/01de-35", "12ABC34501DE35", "12.ABC.345", "345/01"])
async def test_search_finds_a_cnpj_with_or_without_mask(tx: Tx, typed: str) -> None:
    await add_accounts(tx, "Other")
    await add_accounts(tx, "Ours", cnpj="12ABC34501DE35")

    assert await names_of(tx, q=typed) == ["Ours"]


async def test_filters_restrict(tx: Tx) -> None:
    await add_accounts(tx, "Gone", erp_removed_at=tx.now, state="SP")
    await add_accounts(tx, "Here", cnpj="12ABC34501DE35", is_active=False, state="SC")

    assert await names_of(tx, is_removed=True) == ["Gone"]
    assert await names_of(tx, is_removed=False) == ["Here"]
    assert await names_of(tx, cnpj="12.abc.345/01de-35") == ["Here"]
    assert await names_of(tx, is_active=True) == ["Gone"]
    assert await names_of(tx, state="sc") == ["Here"]


async def test_search_does_not_cross_tenants(uow: UnitOfWork) -> None:
    async with uow.begin(Actor.system(uuid7())) as tx:
        (theirs,) = await add_accounts(tx, "Bela Vista")

    async with uow.begin(Actor.system(uuid7())) as tx:
        assert await names_of(tx, q="bela vista") == []
        with pytest.raises(AccountNotFound):
            await queries.get_account(tx, theirs)


async def test_a_list_is_one_binding_and_one_select(context: Context) -> None:
    with counting(context.engines) as statements:
        async with context.uow.begin(Actor.system(uuid7())) as tx:
            await names_of(tx, q="bela")

    assert statements.total == 2
