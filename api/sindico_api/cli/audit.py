"""`sindico audit verify`: is the audit trail what was sealed."""

import asyncio
from pathlib import Path
from uuid import UUID

import click

from sindico_api.cli.opened import reachable
from sindico_api.cli.stack import Stack, data_dir_option
from sindico_platform.audit.verifier import TrailReport, list_trails, verify_trail
from sindico_platform.database.engines import create_engines
from sindico_platform.secrets import KeyRing
from sindico_platform.settings import Settings


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
