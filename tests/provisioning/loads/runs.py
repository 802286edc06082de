"""Runs that have ended, written straight into the tables."""

from datetime import timedelta
from typing import Any

from sindico_provisioning.loads.models import Load, LoadPhase
from tests.provisioning.loads.conftest import Site


async def add_run(
    site: Site,
    *,
    seconds: float = 600,
    received: int = 1000,
    rejected: int = 0,
    status: str = "succeeded",
    tables: list[str] | None = None,
    hours_ago: float = 0,
) -> None:
    """A run that ended so many hours ago; each of its three phases rejected as many rows."""
    async with site.context.uow.begin(site.actor) as tx:
        load_id = tx.new_id()
        ended = tx.now - timedelta(hours=hours_ago)
        begun = ended - timedelta(seconds=seconds)
        shared: dict[str, Any] = {
            "tenant_id": tx.tenant_id,
            "status": status,
            "started_at": begun,
            "finished_at": ended,
        }
        tx.session.add(
            Load(
                id=load_id,
                integration_id=site.integration_id,
                kind="scheduled",
                tables=tables,
                requested_by="schedules",
                job_id=tx.new_id(),
                tries=0,
                tries_without_progress=0,
                revision=1,
                created_at=begun,
                **shared,
            )
        )
        await tx.session.flush()
        for position, step in enumerate(("fetch", "fetch", "synchronise"), start=1):
            tx.session.add(
                LoadPhase(
                    load_id=load_id,
                    position=position,
                    step=step,
                    resource="empresa",
                    progress=1,
                    pages=1,
                    received=received // 2,
                    created=received // 2 - rejected,
                    updated=0,
                    unchanged=0,
                    rejected=rejected,
                    removed=0,
                    **shared,
                )
            )
