"""What the panel asks of an integration meets its indexes, whatever the integration's past."""

import asyncpg
from uuid_utils.compat import uuid7

from sindico_api.context import Context
from sindico_platform.database.roles import RoleUrls
from sindico_platform.database.tx import Actor
from sindico_platform.paging.schemas import PageRequest
from sindico_provisioning.exchanges import queries as exchanges
from sindico_provisioning.exchanges.models import Direction
from sindico_provisioning.exchanges.schemas import ExchangeFilters
from sindico_provisioning.freshness import queries as freshness
from sindico_provisioning.integrations.models import IntegrationKind
from sindico_provisioning.integrations.service import create_integration
from tests.support.identity import tenant_factory
from tests.support.plans import explaining

FILL_LEDGER = """
    INSERT INTO control.exchange (tenant_id, at, id, direction, integration_id, method, path,
        started_at, duration_ms, received, created, updated, unchanged, rejected, body_bytes)
    SELECT $1, now() - make_interval(secs => n), gen_random_uuid(),
        CASE WHEN n > 5000 THEN 'in' ELSE 'out' END,
        CASE WHEN n > 5000 THEN $2::uuid ELSE $3::uuid END, 'GET', '/x', now(), 1, 0, 0, 0, 0, 0, 0
    FROM generate_series(1, 5100) AS n
"""
FILL_RUNS = """
    INSERT INTO control.load (tenant_id, id, integration_id, kind, status, requested_by, job_id,
        tries, tries_without_progress, revision, created_at, started_at, finished_at)
    SELECT $1, gen_random_uuid(), $2, 'scheduled',
        CASE WHEN n % 10 = 0 THEN 'failed' ELSE 'succeeded' END, 'schedules', gen_random_uuid(),
        0, 0, 1, at, at, at
    FROM generate_series(1, 4000) AS n, LATERAL (SELECT now() - make_interval(hours => n)) AS t(at)
"""


async def test_last_request_and_last_success_are_found_behind_thousands_of_others(
    fleet_context: Context, fresh_database: RoleUrls
) -> None:
    tenant = await tenant_factory(fleet_context.uow)()
    actor = Actor.system(tenant.tenant_id)
    async with fleet_context.uow.begin(actor) as tx:
        pushing = await create_integration(tx, kind=IntegrationKind.API, name="API")
    owner = await asyncpg.connect(fresh_database.owner)
    try:
        await owner.execute(FILL_LEDGER, tenant.tenant_id, pushing.id, uuid7())
        await owner.execute(FILL_RUNS, tenant.tenant_id, pushing.id)
        await owner.execute("ANALYZE control.exchange")
        await owner.execute("ANALYZE control.load")
    finally:
        await owner.close()
    received = ExchangeFilters(direction=Direction.IN, integration_id=pushing.id)

    async with (
        fleet_context.uow.begin(actor) as tx,
        explaining(fleet_context.engines, tx) as plans,
    ):
        newest = PageRequest(limit=1)
        found = await exchanges.list_exchanges(tx, request=newest, filters=received)
        await freshness.find_condition(tx, pushing.id)

    ledger, condition = plans
    assert len(found.items) == 1
    assert all("integration_id" in line for line in index_conditions(ledger))
    assert any("finished_at >" in line for line in index_conditions(condition))


def index_conditions(plan: str) -> list[str]:
    found = [line for line in plan.splitlines() if "Index Cond" in line]
    assert found
    return found
