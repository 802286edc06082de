"""Pages into the staging: once, set-based, counted, older never over newer."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text
from uuid_utils.compat import uuid7

from sindico_platform.database.tx import Actor, Tx
from sindico_platform.database.uow import UnitOfWork
from sindico_provisioning.erp_tables.queries import TABLES, build_example, get_table
from sindico_provisioning.erp_tables.schemas import Checked, ErpTable, encode_rows
from sindico_provisioning.erp_tables.service import check_rows
from sindico_provisioning.reconciliation.statements import compare, keep_outside
from sindico_provisioning.staging import queries, service
from sindico_provisioning.staging.lines import render_lines
from sindico_provisioning.staging.models import STAGING, PushRejection, StagingRejection
from sindico_provisioning.staging.schemas import Counts, Stored
from sindico_provisioning.staging.service import MOST_BY_ARRAYS
from sindico_provisioning.staging.statements import statements_of
from tests.support.jobs import eventually

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


async def test_of_many_new_rows_those_too_old_are_left_and_the_others_named(
    uow: UnitOfWork, store: Store
) -> None:
    order = get_table("pedido")
    example = build_example(order) | {"data_emissao": "2001-02-03"}
    old = [example | {"id_erp": f"old-{n}"} for n in range(3)]
    new = [build_example(order) | {"id_erp": f"new-{n}"} for n in range(MOST_BY_ARRAYS)]
    rows = check_rows(order, [*old, *new]).rows

    async with uow.begin(Actor.system(store.tenant)) as tx:
        stored = await merge(tx, store, order, rows)

    assert stored.counts == Counts(created=len(new), unchanged=len(old))
    assert sorted(stored.created_keys) == sorted(str(row["id_erp"]) for row in new)


async def test_two_pages_of_the_same_new_rows_at_once_store_each_once(
    uow: UnitOfWork, store: Store
) -> None:
    page = companies(MOST_BY_ARRAYS + 3)
    actor = Actor.system(store.tenant)
    async with uow.begin(actor) as tx:
        first = await merge(tx, store, EMPRESA, page.rows)
        late = asyncio.create_task(store.put(page))
        await eventually(partial(is_waited_for, tx))

    assert first.counts == Counts(created=len(page.rows))
    assert await late == Counts(unchanged=len(page.rows))


async def test_rejected_keys_are_held_one_after_the_other_in_their_order(
    uow: UnitOfWork, store: Store
) -> None:
    """Else pushes with keys in common may each hold what another waits for."""
    actor = Actor.system(store.tenant)

    async def push(tx: Tx, *wrong: str, right: str = "") -> None:
        errors: dict[str, list[dict[str, Any]]] = {key: [] for key in wrong}
        await service.note_rejections(
            tx,
            table=EMPRESA,
            integration_id=store.integration,
            errors=errors,
            sent={*wrong, right},
        )

    async def push_later() -> None:
        async with uow.begin(actor) as tx:
            await push(tx, "B", "a", right="c")

    async with uow.begin(actor) as tx:
        await push(tx, "a", "c")
    async with uow.begin(actor) as tx:
        await push(tx, "B")
        late = asyncio.create_task(push_later())
        await eventually(partial(is_waited_for, tx))
        free = text("SELECT id_erp FROM staging.push_rejection FOR UPDATE SKIP LOCKED")
        found = set(await tx.session.scalars(free))
    await late

    assert found == {"a", "B", "c"}
    async with uow.begin(actor) as tx:
        assert set(await tx.session.scalars(select(PushRejection.id_erp))) == {"a", "B"}


async def merge(tx: Tx, store: Store, table: ErpTable, rows: Sequence[Any]) -> Stored:
    await service.open_incoming(tx, table=table)
    await service.copy_incoming(
        tx, table=table, lines=service.in_parts(render_lines(encode_rows(rows)))
    )
    return await service.merge_incoming(
        tx, table=table, integration_id=store.integration, count=len(rows)
    )


async def is_waited_for(tx: Tx) -> bool:
    """Whether another transaction waits for this one."""
    waiting = text(
        "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"
        " AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))"
    )
    return bool(await tx.session.scalar(waiting))


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
            tx,
            integration_id=uuid7(),
            load_id=uuid7(),
            resource="empresa",
            rejections=checked.rejections,
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


@pytest.mark.parametrize("name", TABLES)
async def test_keys_are_looked_up_also_in_a_table_just_filled(store: Store, name: str) -> None:
    """Joined, sixty thousand rows that were not analyzed took minutes."""
    table = get_table(name)
    said = (statements_of(table).remove, compare(table), keep_outside(table))
    async with store.uow.begin(Actor.system(store.tenant)) as tx:
        driver, values = await service.driver_of(tx), (store.tenant, store.integration)
        bounds = ((*values, tx.now, ["a"]), (*values, uuid7()), (*values, uuid7()))
        explained = [
            await driver.fetch(f"EXPLAIN {statement}", *bound)
            for statement, bound in zip(said, bounds, strict=True)
        ]
        plans = ["\n".join(row[0] for row in lines) for lines in explained]

    assert [plan for plan in plans if "Nested Loop" in plan or "Anti Join" in plan] == []
    assert "Join" not in plans[0]


async def test_a_row_that_is_removed_while_it_is_pushed_is_removed_as_it_became(
    uow: UnitOfWork, store: Store
) -> None:
    actor, staged = Actor.system(store.tenant), STAGING["empresa"]
    await store.put(companies(3))
    target: dict[str, Any] = {"table": EMPRESA, "integration_id": store.integration}

    async def remove_later() -> frozenset[str]:
        async with uow.begin(actor) as tx:
            return await service.remove_rows(tx, keys=["e0", "e2", "e9"], **target)

    async with uow.begin(actor) as tx:
        await service.upsert_page(tx, rows=companies(1, razao_social="Nova").rows, **target)
        late = asyncio.create_task(remove_later())
        await eventually(partial(is_waited_for, tx))

    assert (await late, await remove_later()) == (frozenset({"e0", "e2"}), frozenset())
    async with uow.begin(actor) as tx:
        gone = select(staged.c.razao_social).where(staged.c.removed_at.is_not(None))
        assert "Nova" in set(await tx.session.scalars(gone))
