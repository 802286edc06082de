"""What is told to the ledger is read back, masked where it must be, and goes after its days."""

from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from uuid_utils.compat import uuid7

from sindico_api.problems import is_passing
from sindico_platform.database.roles import RoleUrls
from sindico_platform.database.tx import Actor, ActorKind
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.paging.schemas import PageRequest
from sindico_platform.tenancy.models import Tenant
from sindico_provisioning.exchanges import queries, service
from sindico_provisioning.exchanges.models import Direction
from sindico_provisioning.exchanges.schemas import ExchangeFilters, Piece, Record
from sindico_provisioning.staging.schemas import Counts
from tests.support.identity import MakeTenant
from tests.support.ledger import Kept, piece, read_kept

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


async def read(uow: UnitOfWork, actor: Actor, exchange_id: UUID) -> Kept:
    async with uow.begin(actor) as tx:
        return await read_kept(tx, exchange_id)


async def test_what_was_received_is_kept_with_what_became_of_it(
    uow: UnitOfWork, make_tenant: MakeTenant
) -> None:
    actor = actor_of(await make_tenant())

    made = await write(uow, actor, push_of(piece(ROWS[0]), piece(ROWS[1], first=1)))

    kept = await read(uow, actor, made)
    assert (kept.body, kept.outcomes, kept.rejections) == (b"".join(ROWS), "cr", [REJECTION])


async def test_a_body_that_is_cut_is_whole_when_it_is_read(
    uow: UnitOfWork, make_tenant: MakeTenant
) -> None:
    actor, body = actor_of(await make_tenant()), bytes(range(256)) * 10_000

    made = await write(uow, actor, push_of(*service.cut(body)))

    assert (await read(uow, actor, made)).body == body


async def test_the_list_tells_who_asked_and_is_the_tenants_own(
    uow: UnitOfWork, make_tenant: MakeTenant
) -> None:
    actor, other = actor_of(await make_tenant()), actor_of(await make_tenant())
    made = await write(uow, actor, push_of())

    async with uow.begin(actor) as tx:
        mine = await queries.list_exchanges(
            tx, request=PageRequest(limit=10), filters=ExchangeFilters()
        )
    async with uow.begin(other) as tx:
        theirs = await queries.list_exchanges(
            tx, request=PageRequest(limit=10), filters=ExchangeFilters()
        )

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


async def test_a_day_without_a_place_yet_lets_callers_try_again(
    uow: UnitOfWork, make_tenant: MakeTenant
) -> None:
    """As in the moment between an outage of weeks and the clock's first look."""
    async with uow.begin(actor_of(await make_tenant())) as tx:
        tx.now = datetime(2001, 1, 1, tzinfo=UTC)
        with pytest.raises(DBAPIError) as nowhere:
            await service.record_exchange(tx, push_of())

    assert is_passing(nowhere.value)


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
