"""An ERP's rows become ours: once, wholly, and without running over what people edited."""

from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    DateTime,
    Select,
    Text,
    cast,
    column,
    literal,
    select,
    update,
    values,
)
from uuid_utils.compat import uuid7

from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_tenants.accounts import service
from sindico_tenants.accounts.models import Account
from sindico_tenants.erp_links.models import ExternalRef
from sindico_tenants.erp_links.schemas import MergeCounts

INTEGRATION = uuid7()


def rows(**names: str) -> Select[Any]:
    given = values(column("key", Text), column("name", Text), name="given")
    source = given.data(list(names.items()))
    return select(
        source.c.key.label("id_erp"),
        source.c.name.label("name"),
        _constant("company", Text).label("person_type"),
        _constant(True, Boolean).label("is_active"),
        _constant(None, DateTime(timezone=True)).label("erp_removed_at"),
    )


def _constant(value: Any, kind: Any) -> Any:
    return cast(literal(value), kind)


async def load(uow: UnitOfWork, tenant: UUID, **names: str) -> MergeCounts:
    async with uow.begin(Actor.system(tenant)) as tx:
        return await service.import_accounts(tx, integration_id=INTEGRATION, incoming=rows(**names))


async def names_of(uow: UnitOfWork, tenant: UUID) -> list[str]:
    async with uow.begin(Actor.system(tenant)) as tx:
        return list(await tx.session.scalars(select(Account.name).order_by(Account.search_name)))


async def test_new_rows_are_created_and_linked(uow: UnitOfWork) -> None:
    tenant = uuid7()

    counts = await load(uow, tenant, a="Álamo", b="Bela Vista")

    assert counts == MergeCounts(received=2, created=2, updated=0)
    assert await names_of(uow, tenant) == ["Álamo", "Bela Vista"]
    async with uow.begin(Actor.system(tenant)) as tx:
        linked = await tx.session.execute(
            select(ExternalRef.id_erp, Account.name).join(Account, Account.id == ExternalRef.id)
        )
    assert {tuple(row) for row in linked} == {("a", "Álamo"), ("b", "Bela Vista")}


async def test_loading_twice_is_loading_once(uow: UnitOfWork) -> None:
    tenant = uuid7()
    await load(uow, tenant, a="Álamo", b="Bela Vista")

    again = await load(uow, tenant, a="Álamo", b="Bela Vista", c="Colina")

    assert again == MergeCounts(received=3, created=1, updated=0)
    assert again.unchanged == 2


async def test_a_changed_row_is_updated_and_keeps_its_id(uow: UnitOfWork) -> None:
    tenant = uuid7()
    await load(uow, tenant, a="Álamo", b="Bela Vista")

    counts = await load(uow, tenant, a="Álamo Novo", b="Bela Vista")

    assert counts == MergeCounts(received=2, created=0, updated=1)
    assert await names_of(uow, tenant) == ["Álamo Novo", "Bela Vista"]


async def test_a_pinned_field_is_left_alone(uow: UnitOfWork) -> None:
    tenant = uuid7()
    await load(uow, tenant, a="Álamo")
    async with uow.begin(Actor.system(tenant)) as tx:
        await tx.session.execute(update(Account).values(name="Por nós", pinned_fields=["name"]))

    counts = await load(uow, tenant, a="Álamo Novo")

    assert counts.unchanged == 1
    assert await names_of(uow, tenant) == ["Por nós"]


async def test_two_tenants_may_have_the_same_erp_keys(uow: UnitOfWork) -> None:
    alpha, beta = uuid7(), uuid7()
    await load(uow, alpha, a="Alpha")

    counts = await load(uow, beta, a="Beta")

    assert counts.created == 1
    assert await names_of(uow, alpha) == ["Alpha"]
