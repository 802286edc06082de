"""`sindico audit`: is the trail what was sealed, and what it is to forget of a record."""

import asyncio
from pathlib import Path
from uuid import UUID

import click

from sindico_api.cli.opened import reachable
from sindico_api.cli.stack import Stack, data_dir_option
from sindico_api.cli.tenant import in_tenant, json_option, run, tell_json
from sindico_platform.audit import queries, service
from sindico_platform.audit.schemas import AuditErasureOut
from sindico_platform.audit.verifier import TrailReport, list_trails, verify_trail
from sindico_platform.database.engines import create_engines
from sindico_platform.database.tx import Tx
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.secrets import KeyRing
from sindico_platform.settings import Settings
from sindico_provisioning.tenant_registry.queries import get_tenant


@click.group
def audit() -> None:
    """Look after the audit trail."""


@audit.command
@click.option("--tenant", "tenant_id", type=click.UUID, help="Only this tenant's trail.")
@data_dir_option
@click.pass_context
def verify(ctx: click.Context, data_dir: Path, tenant_id: UUID | None) -> None:
    """Check every seal against its events; exit code 1 if anything was tampered with.

    The last seal's signature is printed too: the clock's log has the same under `audit_sealed`,
    which shows that no seal was taken off the end.
    """
    stack = Stack(data_dir)
    with reachable(stack):
        reports = asyncio.run(verify_trails(stack.settings(), tenant_id))
    for report in reports:
        show(report)
    faults = sum(len(report.faults) for report in reports)
    click.echo(f"{len(reports)} trails, {faults} faults")
    ctx.exit(1 if faults else 0)


@audit.command
@click.option("--tenant", "tenant_name", required=True, help="Id or domain.")
@click.option("--type", "target_type", required=True, help="Kind of record, such as `user`.")
@click.option("--id", "target_id", type=click.UUID, required=True, help="Of the record.")
@click.option("--dry-run", "is_dry", is_flag=True, help="Only say how much would be erased.")
@click.option("--yes", "is_agreed", is_flag=True, help="Don't ask.")
@json_option
@data_dir_option
def erase(
    data_dir: Path,
    tenant_name: str,
    target_type: str,
    target_id: UUID,
    *,
    is_dry: bool,
    is_agreed: bool,
    as_json: bool,
) -> None:
    """Forget before and after of everything that was done to one record, as when a person asks.

    That it was done, when and by whom stays, and the trail still verifies. It cannot be undone;
    repeating it changes nothing. The API gives kind and id of a record in `/api/v1/audit-events`.
    """

    async def count(tx: Tx) -> AuditErasureOut:
        await get_tenant(tx)
        return await queries.count_changes(tx, target_type, target_id)

    async def forget(tx: Tx) -> AuditErasureOut:
        return await service.erase_changes(tx, target_type, target_id)

    async def work(uow: UnitOfWork) -> AuditErasureOut:
        found = await in_tenant(uow, tenant_name, count)
        if is_dry or not found.with_changes:
            return found
        if not is_agreed:
            asked = f"Erase before and after from {found.with_changes} events for good?"
            click.confirm(asked, abort=True, err=True)
        return await in_tenant(uow, tenant_name, forget)

    found = run(data_dir, work)
    if as_json:
        tell_json(found)
    else:
        click.echo(describe(found))


def describe(found: AuditErasureOut) -> str:
    """One line on what the trail holds of a record."""
    told = f"{found.target_type} {found.target_id}: {found.events} events"
    return f"{told}, {found.with_changes} with before and after, {found.erased} erased just now"


async def verify_trails(settings: Settings, tenant_id: UUID | None) -> list[TrailReport]:
    """The trail of one tenant, or of every tenant in turn."""
    engines = create_engines(settings, process="audit", pool_size=1)
    ring = KeyRing.parse(settings.key_ring)
    try:
        chosen = [tenant_id] if tenant_id else await list_trails(engines.fleet)
        return [await verify_trail(engines.fleet, ring, each) for each in chosen]
    finally:
        await engines.dispose()


def show(report: TrailReport) -> None:
    """One line per tenant, and one more per fault."""
    word, colour = ("FAIL", "red") if report.faults else ("ok", "green")
    last = f"; the last {report.last_mac}" if report.last_mac else ""
    click.echo(
        f"{click.style(f'{word:>4}', fg=colour)}  {report.tenant_id}: {report.events} events,"
        f" {report.unsealed} not sealed yet, {report.seals} seals{last}"
    )
    for fault in report.faults:
        click.echo(f"      {fault}")
