"""What is told to the ledger is read back, masked where it must be, and goes after its days."""

from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import msgspec
import pytest
from sqlalchemy import text
from uuid_utils.compat import uuid7

from sindico_platform.database.roles import RoleUrls
from sindico_platform.database.tx import Actor, ActorKind
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.paging.schemas import PageRequest
from sindico_platform.tenancy.models import Tenant
from sindico_provisioning.exchanges import queries, service
from sindico_provisioning.exchanges.compression import compress
from sindico_provisioning.exchanges.errors import ExchangeNotFound
from sindico_provisioning.exchanges.masking import MASK, SEES_PERSONAL_DATA
from sindico_provisioning.exchanges.models import BodyFormat, Direction
from sindico_provisioning.exchanges.schemas import ExchangeFilters, Piece, ReceivedRow, Record
from sindico_provisioning.staging.schemas import Counts
from tests.support.identity import MakeTenant

ROWS = (
    b'{"id_erp":"1","nome":"Ana","email":"ana@acme.test","comissao":2.5}',
    b'{"id_erp":"2","nome":null,"apelido":"Bia"}',
)
REJECTION = {
    "index": 1,
    "key": "2",
    "errors": [
        {"field": "nome", "code": "odd", "detail": "{name} is odd.", "facts": {"name": "Bia"}}
    ],
}


def piece(*rows: bytes, kind: BodyFormat = BodyFormat.NDJSON, first: int = 0) -> Piece:
    body = b"\n".join(rows) if kind is BodyFormat.NDJSON else b"[" + b",".join(rows) + b"]"
    return Piece(format=kind, first_index=first, row_count=len(rows), body=compress(body))


def push_of(*pieces: Piece) -> Record:
    return Record(
        id=uuid7(),
        direction=Direction.IN,
        method="POST",
        path="/api/v1/erp/vendedor",
        status=207,
        started_at=datetime.now(UTC),
        duration_ms=12,
        resource="vendedor",
        counts=Counts(created=1, rejected=1),
        body_bytes=100,
        pieces=pieces,
        outcomes="cr",
        rejections=[REJECTION],
        answer=b'{"received":2}',
    )


def actor_of(tenant: Tenant, *permissions: str) -> Actor:
    return Actor(
        tenant_id=tenant.tenant_id,
        kind=ActorKind.API_CLIENT,
        id=uuid7(),
        name="erp",
        permissions=frozenset(permissions),
        request_id="req-1",
    )


async def write(uow: UnitOfWork, actor: Actor, record: Record) -> UUID:
    async with uow.begin(actor) as tx:
        await service.record_exchange(tx, record)
    return record.id


async def read_rows(uow: UnitOfWork, actor: Actor, exchange_id: UUID) -> list[ReceivedRow]:
    async with uow.begin(actor) as tx:
        exchange = await queries.get_exchange(tx, exchange_id)
        return [row async for row in queries.stream_rows(tx, exchange)]


@pytest.mark.parametrize("kind", [BodyFormat.NDJSON, BodyFormat.JSON], ids=str)
async def test_rows_come_back_with_what_became_of_them(
    uow: UnitOfWork, make_tenant: MakeTenant, kind: BodyFormat
) -> None:
    actor = actor_of(await make_tenant(), SEES_PERSONAL_DATA)
    pieces = (piece(ROWS[0], kind=kind), piece(ROWS[1], kind=kind, first=1))

    made = await write(uow, actor, push_of(*pieces))

    first, second = await read_rows(uow, actor, made)
    assert (first.index, first.outcome, first.rejection) == (0, "c", None)
    assert first.row == msgspec.json.decode(ROWS[0])
    assert (second.index, second.outcome, second.rejection) == (1, "r", REJECTION)


async def test_personal_and_unknown_fields_are_masked_for_those_without_the_right(
    uow: UnitOfWork, make_tenant: MakeTenant
) -> None:
    actor = actor_of(await make_tenant())
    made = await write(uow, actor, push_of(piece(*ROWS, b"broken")))

    first, second, third = await read_rows(uow, actor, made)

    assert first.row is not None
    assert (first.row["id_erp"], first.row["email"]) == ("1", MASK)
    assert second.row is not None
    assert (second.row["nome"], second.row["apelido"]) == (None, MASK)
    assert second.rejection is not None
    assert second.rejection["errors"][0]["facts"] == {"name": MASK}
    assert (third.row, third.text) == (None, None)


async def test_a_raw_body_is_shown_only_to_those_who_may_see_personal_data(
    uow: UnitOfWork, make_tenant: MakeTenant
) -> None:
    tenant = await make_tenant()
    sees, sees_not = actor_of(tenant, SEES_PERSONAL_DATA), actor_of(tenant)
    body = bytes(range(256)) * 10_000
    made = await write(uow, sees, push_of(*service.cut(body)))

    async with uow.begin(sees) as tx:
        assert await queries.read_body(tx, await queries.get_exchange(tx, made)) == body
    async with uow.begin(sees_not) as tx:
        assert await queries.read_body(tx, await queries.get_exchange(tx, made)) is None


async def test_the_list_tells_who_asked_and_is_the_tenants_own(
    uow: UnitOfWork, make_tenant: MakeTenant
) -> None:
    actor, other = actor_of(await make_tenant()), actor_of(await make_tenant())
    made = await write(uow, actor, push_of())

    async with uow.begin(actor) as tx:
        mine = await queries.list_exchanges(
            tx, request=PageRequest(limit=10), filters=ExchangeFilters(resources=["vendedor"])
        )
    async with uow.begin(other) as tx:
        theirs = await queries.list_exchanges(
            tx, request=PageRequest(limit=10), filters=ExchangeFilters()
        )
        with pytest.raises(ExchangeNotFound):
            await queries.get_exchange(tx, made)

    (item,) = mine.items
    assert (item.id, item.actor_kind, item.actor_name) == (made, "api_client", "erp")
    assert (item.received, item.created, item.rejected) == (2, 1, 1)
    assert theirs.items == []


async def test_days_are_made_ahead_and_old_ones_dropped(fresh_database: RoleUrls) -> None:
    """Killed before its end, the duty has done nothing; repeated, it changes nothing."""
    owner = await asyncpg.connect(fresh_database.owner)
    fleet = await asyncpg.connect(fresh_database.fleet)
    try:
        today = (await owner.fetchval("SELECT (now() AT TIME ZONE 'UTC')::date")).toordinal()
        await owner.execute(
            "CREATE TABLE partitions.exchange_20200101 PARTITION OF control.exchange"
            " FOR VALUES FROM ('2020-01-01') TO ('2020-01-02');"
            f"DROP TABLE partitions.exchange_{_day(today + 7)}"
        )
        before = await _partitions(owner)

        killed = fleet.transaction()
        await killed.start()
        assert tuple(await fleet.fetchrow(service.TEND, 7, 8)) == (1, 1)
        await killed.rollback()
        assert await _partitions(owner) == before

        assert tuple(await fleet.fetchrow(service.TEND, 7, 8)) == (1, 1)
        assert tuple(await fleet.fetchrow(service.TEND, 7, 8)) == (0, 0)
        days = {f"exchange_{_day(today + n)}" for n in range(-1, 8)}
        assert {name for name in await _partitions(owner) if "chunk" not in name} == days
    finally:
        await owner.close()
        await fleet.close()


def _day(ordinal: int) -> str:
    return datetime.fromordinal(ordinal).strftime("%Y%m%d")


async def _partitions(owner: asyncpg.Connection) -> set[str]:
    rows = await owner.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind = 'r'",
        "partitions",
    )
    return {row["relname"] for row in rows}


async def test_no_role_of_a_running_process_reaches_a_day_directly(
    uow: UnitOfWork, make_tenant: MakeTenant
) -> None:
    actor = actor_of(await make_tenant())
    async with uow.begin(actor) as tx:
        reachable = await tx.session.scalars(
            text(
                "SELECT relname FROM pg_class WHERE relnamespace = 'partitions'::regnamespace"
                " AND (has_table_privilege('sindico_app', oid, 'SELECT, INSERT, UPDATE, DELETE')"
                " OR has_table_privilege('sindico_fleet', oid, 'SELECT, INSERT, UPDATE, DELETE'))"
            )
        )
        assert list(reachable) == []
