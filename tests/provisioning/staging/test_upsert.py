"""Pages into the staging: once, set-based, counted, older never over newer."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from uuid_utils.compat import uuid7

from sindico_platform.database.tx import Actor, Tx
from sindico_platform.database.uow import UnitOfWork
from sindico_provisioning.erp_tables.queries import TABLES, build_example, get_table
from sindico_provisioning.erp_tables.schemas import Checked
from sindico_provisioning.erp_tables.service import check_rows
from sindico_provisioning.staging import queries, service
from sindico_provisioning.staging.models import STAGING, StagingRejection
from sindico_provisioning.staging.schemas import Counts
from sindico_provisioning.staging.service import MOST_BY_ARRAYS

EMPRESA = get_table("empresa")
SIZES = {"arrays": 3, "copy": MOST_BY_ARRAYS + 3}


def companies(count: int, **changes: Any) -> Checked:
    row = build_example(EMPRESA) | {"atualizado_em": None} | changes
    checked = check_rows(EMPRESA, [row | {"id_erp": f"e{n}"} for n in range(count)])
    assert not checked.rejections
    return checked


class Store:
    """A tenant with an integration."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow, self.tenant, self.integration = uow, uuid7(), uuid7()

    async def put(self, checked: Checked) -> Counts:
        async with self.uow.begin(Actor.system(self.tenant)) as tx:
            return await service.upsert_page(
                tx, table=checked.table, integration_id=self.integration, rows=checked.rows
            )

    async def names(self) -> set[str]:
        async with self.uow.begin(Actor.system(self.tenant)) as tx:
            return set(await tx.session.scalars(select(STAGING["empresa"].c.razao_social)))


@pytest.fixture
def store(uow: UnitOfWork) -> Store:
    return Store(uow)


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
async def test_a_page_is_stored_once(store: Store, size: int) -> None:
    page = companies(size)

    first, second = await store.put(page), await store.put(page)

    assert first == Counts(created=size)
    assert second == Counts(unchanged=size)


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
async def test_only_changed_rows_are_updated(store: Store, size: int) -> None:
    await store.put(companies(size - 1))
    changed = companies(size, razao_social="Nova")
    same = companies(size)
    rows = [changed.rows[0], *same.rows[1:]]

    counts = await store.put(Checked(table=EMPRESA, received=size, rows=rows, rejections=[]))

    assert counts == Counts(created=1, updated=1, unchanged=size - 2)


async def test_an_older_row_does_not_replace_a_newer_one(store: Store) -> None:
    await store.put(companies(1, razao_social="Nova", atualizado_em="2026-11-02T10:00:00-03:00"))

    older = await store.put(
        companies(1, razao_social="Velha", atualizado_em="2026-11-01T10:00:00-03:00")
    )
    undated = await store.put(companies(1, razao_social="Sem data"))

    assert older == Counts(unchanged=1)
    assert undated == Counts(updated=1)
    assert await store.names() == {"Sem data"}


async def test_integrations_and_tenants_keep_apart(uow: UnitOfWork, store: Store) -> None:
    await store.put(companies(1))
    other = Store(uow)
    other.tenant = store.tenant

    assert await other.put(companies(1)) == Counts(created=1)
    assert await Store(uow).put(companies(1)) == Counts(created=1)


@pytest.mark.parametrize("name", TABLES)
async def test_every_table_takes_its_example(store: Store, name: str) -> None:
    table = get_table(name)
    page = check_rows(table, [build_example(table)])

    assert await store.put(page) == Counts(created=1)
    assert await store.put(page) == Counts(unchanged=1)


async def test_copy_takes_every_table(store: Store) -> None:
    for table in TABLES.values():
        example = build_example(table)
        rows = [example | {"id_erp": str(n)} for n in range(MOST_BY_ARRAYS + 1)]

        assert (await store.put(check_rows(table, rows))).created == MOST_BY_ARRAYS + 1


async def test_what_a_complete_snapshot_lacks_is_marked_and_comes_back(
    uow: UnitOfWork, store: Store
) -> None:
    await store.put(companies(3))
    load_id = uuid7()
    rejected = check_rows(EMPRESA, [{"id_erp": "e1"}])

    async with uow.begin(Actor.system(store.tenant)) as tx:
        await service.note_seen_keys(tx, load_id=load_id, checked=companies(1))
        await service.note_seen_keys(tx, load_id=load_id, checked=rejected)
        marked = await mark(tx, store, load_id)
        again = await mark(tx, store, load_id)
        present = await queries.count_present(
            tx, integration_id=store.integration, resource="empresa"
        )
        await service.forget_seen_keys(tx, load_id=load_id)

    assert (marked, again, present) == (1, 0, 2)
    assert await store.put(companies(3)) == Counts(updated=1, unchanged=2)


async def mark(tx: Tx, store: Store, load_id: UUID) -> int:
    return await service.mark_removed(
        tx, load_id=load_id, integration_id=store.integration, table=EMPRESA
    )


async def test_rejected_rows_are_kept_with_reasons(uow: UnitOfWork) -> None:
    checked = check_rows(
        EMPRESA,
        [
            {"id_erp": "a", "razao_social": "X", "cnpj": "11222333000182"},
            {"id_erp": "b", "razao_social": "nul \x00 here"},
            {"id_erp": "c", "razao_social": "half \ud800"},
            {"id_erp": "d", "razao_social": "x" * 40_000},
            {"id_erp": "e", "razao_social": object()},
            "no object",
        ],
        first_index=10,
    )

    async with uow.begin(Actor.system(uuid7())) as tx:
        await service.reject_rows(
            tx, load_id=uuid7(), resource="empresa", rejections=checked.rejections
        )
        kept = list(await tx.session.scalars(select(StagingRejection).order_by("row_index")))

    assert [row.row_index for row in kept] == list(range(10, 16))
    assert [row.errors[0]["code"] for row in kept] == [
        "cnpj-check-digits",
        "nul-byte",
        "lone-surrogate",
        "too-long",
        "not-text",
        "not-an-object",
    ]
    assert kept[0].raw == '{"id_erp":"a","razao_social":"X","cnpj":"11222333000182"}'
    assert kept[0].errors[0]["field"] == "cnpj"
    assert kept[0].at > datetime(2026, 1, 1, tzinfo=UTC)
