"""Every SELECT of the loads that read everything of a table."""

from uuid import UUID

from sqlalchemy import ARRAY, Text, func, literal, literal_column, select, true, union_all
from sqlalchemy.dialects.postgresql import distinct_on

from sindico_platform.database.tx import Tx
from sindico_provisioning.erp_tables.queries import TABLES
from sindico_provisioning.loads.models import Load, LoadKind, LoadPhase, PhaseStep
from sindico_provisioning.loads.processing.queries import SYNCHRONISED

READ = (*TABLES, *SYNCHRONISED.values())
"""What phases read, and what they make of it, by the names that they have there."""


async def find_whole_readings(tx: Tx, integration_id: UUID) -> dict[str, UUID]:
    """By table, the newest load that read everything of it to its end, or brought it to the CRM.

    A phase that does not say so is old, or reads no ERP: it did, unless it said from where the next
    might read on, or was one of an initial load.
    """
    named = (
        func.unnest(literal(READ, ARRAY(Text)))
        .table_valued("resource", name="named")
        .render_derived()
    )
    done = (
        LoadPhase.tenant_id == tx.tenant_id,
        Load.tenant_id == tx.tenant_id,
        Load.integration_id == integration_id,
        LoadPhase.step.in_((PhaseStep.FETCH, PhaseStep.SYNCHRONISE)),
        LoadPhase.status == literal_column("'succeeded'"),  # as the index says it
    )
    of_load = Load.id == LoadPhase.load_id
    newest = (
        select(LoadPhase.load_id)
        .join(Load, of_load)
        .where(
            *done,
            func.coalesce(LoadPhase.is_whole, LoadPhase.reached.is_(None)),
            LoadPhase.resource == named.c.resource,
        )
        .order_by(LoadPhase.load_id.desc())
        .limit(1)
        .lateral("newest")
    )
    found = union_all(
        select(named.c.resource, newest.c.load_id).select_from(named).join(newest, true()),
        select(LoadPhase.resource, LoadPhase.load_id)
        .join(Load, of_load)
        .where(*done, Load.kind == LoadKind.INITIAL, func.coalesce(LoadPhase.is_whole, true())),
    ).subquery("found")
    statement = (
        select(found.c.resource, found.c.load_id)
        .ext(distinct_on(found.c.resource))
        .order_by(found.c.resource, found.c.load_id.desc())
    )
    return {row.resource: row.load_id for row in await tx.session.execute(statement)}
