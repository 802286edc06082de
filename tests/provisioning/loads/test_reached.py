"""From where a load reads on is found by an index for each table, however many loads there were."""

from uuid import UUID

import asyncpg

from sindico_api.context import Context
from sindico_platform.database.roles import RoleUrls
from sindico_platform.database.tx import Actor
from sindico_provisioning.integrations.models import IntegrationKind
from sindico_provisioning.integrations.service import create_integration
from sindico_provisioning.loads.queries import find_reached
from tests.support.identity import tenant_factory
from tests.support.plans import explaining

LOADS, FAILED_SINCE = 2000, 1990
FILL_LOADS = """
    INSERT INTO control.load (tenant_id, id, integration_id, kind, status, requested_by, job_id,
        tries, tries_without_progress, revision, created_at, started_at, finished_at)
    SELECT $1, lpad(to_hex(n), 32, '0')::uuid, CASE WHEN n % 2 = 0 THEN $2::uuid ELSE $3::uuid END,
        'scheduled', 'succeeded', 'schedules', gen_random_uuid(), 0, 0, 1, now(), now(), now()
    FROM generate_series(1, $4::integer) AS n
"""
FILL_PHASES = """
    INSERT INTO control.load_phase (tenant_id, load_id, position, step, resource, status, progress,
        pages, received, created, updated, unchanged, rejected, removed, reached, is_whole)
    SELECT tenant_id, id, at, 'fetch', resource,
        CASE WHEN id > $2 AND resource = 'pedido' THEN 'failed' ELSE 'succeeded' END,
        1, 1, 0, 0, 0, 0, 0, 0,
        CASE WHEN resource <> 'fatura' THEN jsonb_build_object('mark', id::text) END, false
    FROM control.load, unnest(ARRAY['empresa', 'contato', 'vendedor', 'pedido', 'fatura'])
        WITH ORDINALITY AS named(resource, at)
    WHERE tenant_id = $1
"""
TABLES = ("empresa", "contato", "vendedor", "pedido", "fatura", "nota")


async def test_a_load_reads_on_from_where_the_newest_of_its_integration_came_to(
    fleet_context: Context, fresh_database: RoleUrls
) -> None:
    tenant = await tenant_factory(fleet_context.uow)()
    actor = Actor.system(tenant.tenant_id)
    async with fleet_context.uow.begin(actor) as tx:
        ours = await create_integration(tx, kind=IntegrationKind.VIEW, name="A")
        other = await create_integration(tx, kind=IntegrationKind.VIEW, name="B")
    owner = await asyncpg.connect(fresh_database.owner)
    try:
        await owner.execute(FILL_LOADS, tenant.tenant_id, ours.id, other.id, LOADS)
        await owner.execute(FILL_PHASES, tenant.tenant_id, UUID(int=FAILED_SINCE))
        await owner.execute("ANALYZE control.load")
        await owner.execute("ANALYZE control.load_phase")
    finally:
        await owner.close()

    async with (
        fleet_context.uow.begin(actor) as tx,
        explaining(fleet_context.engines, tx) as plans,
    ):
        reached = await find_reached(tx, ours.id, tables=TABLES, before=UUID(int=LOADS))

    newest = {"mark": str(UUID(int=LOADS - 2))}
    assert reached == {
        "empresa": newest,
        "contato": newest,
        "vendedor": newest,
        "pedido": {"mark": str(UUID(int=FAILED_SINCE))},
    }
    [plan] = plans
    assert "Backward using ix_load_phase_resource" in plan
    assert "Sort" not in plan
