"""`sindico load`: start, follow and list a customer's loads on this machine's stack."""

import asyncio
from pathlib import Path
from uuid import UUID

import click

from sindico_api.cli.opened import waits_for_worker
from sindico_api.cli.stack import Stack, data_dir_option
from sindico_api.cli.tenant import find_id, in_tenant, json_option, run, tell_json
from sindico_api.job_modules import import_jobs
from sindico_platform.database.tx import Tx
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.embedded import EmbeddedError
from sindico_platform.paging.schemas import PageRequest
from sindico_provisioning.integrations.queries import find_default
from sindico_provisioning.loads import queries, service
from sindico_provisioning.loads.models import LoadKind, LoadStatus
from sindico_provisioning.loads.schemas import LoadFilters, LoadItem, LoadOut

POLL_SECONDS = 1
NO_WORKER = "Nothing runs that could walk a load. Start `sindico up` first."


@click.group
def load() -> None:
    """Loads from a customer's ERP. TENANT is an id or a domain."""


@load.command("list")
@click.argument("tenant_name", metavar="TENANT")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 200))
@json_option
@data_dir_option
def list_loads(data_dir: Path, tenant_name: str, *, limit: int, as_json: bool) -> None:
    """Show the newest loads; with --json one document per line."""

    async def read(tx: Tx) -> list[LoadItem]:
        request = PageRequest(limit=limit)
        return (await queries.list_loads(tx, request=request, filters=LoadFilters())).items

    for item in run(data_dir, lambda uow: in_tenant(uow, tenant_name, read)):
        if as_json:
            tell_json(item)
        else:
            click.echo(f"{item.id}  {item.status}  {item.kind}  {item.created_at:%Y-%m-%d %H:%M}")


@load.command
@click.argument("tenant_name", metavar="TENANT")
@click.option("--integration", type=click.UUID, help="Id; the default integration unless given.")
@click.option("--table", "tables", multiple=True, help="ERP table; all unless given. Repeatable.")
@click.option("--follow", "is_followed", is_flag=True, help="Stay until it has ended.")
@json_option
@data_dir_option
def start(
    data_dir: Path,
    tenant_name: str,
    *,
    integration: UUID | None,
    tables: tuple[str, ...],
    is_followed: bool,
    as_json: bool,
) -> None:
    """Start an initial load. The worker of `sindico up` walks it."""
    import_jobs()
    is_waiting = waits_for_worker(Stack(data_dir))
    if is_waiting and is_followed:
        raise EmbeddedError(NO_WORKER)

    async def begin(tx: Tx) -> LoadOut:
        found = await service.start_load(
            tx,
            integration_id=integration or await _default_integration(tx),
            kind=LoadKind.INITIAL,
            tables=tables or None,
        )
        return await queries.get_load(tx, found.id)

    async def work(uow: UnitOfWork) -> LoadOut:
        begun = await in_tenant(uow, tenant_name, begin)
        if is_followed:
            return await _watch(uow, tenant_name, begun.id, as_json=as_json)
        _tell(begun, as_json=as_json)
        return begun

    _end(run(data_dir, work))
    if is_waiting:
        click.echo("It waits: start `sindico up`, and its worker takes it.", err=True)


@load.command
@click.argument("tenant_name", metavar="TENANT")
@click.argument("load_id", type=click.UUID)
@json_option
@data_dir_option
def follow(data_dir: Path, tenant_name: str, load_id: UUID, *, as_json: bool) -> None:
    """Show a load each time it changes, until it has ended; exit code 1 unless it succeeded."""
    is_waiting = waits_for_worker(Stack(data_dir))

    async def work(uow: UnitOfWork) -> LoadOut:
        return await _watch(uow, tenant_name, load_id, as_json=as_json, is_alive=not is_waiting)

    _end(run(data_dir, work))


async def _default_integration(tx: Tx) -> UUID:
    found = await find_default(tx)
    if found is None:
        raise EmbeddedError("The tenant has no default integration. Name one by --integration.")
    return found.id


async def _watch(
    uow: UnitOfWork, tenant_name: str, load_id: UUID, *, as_json: bool, is_alive: bool = True
) -> LoadOut:
    tenant_id, seen = str(await find_id(uow, tenant_name)), None

    async def read(tx: Tx) -> LoadOut:
        return await queries.get_load(tx, load_id)

    while True:
        now = await in_tenant(uow, tenant_id, read)
        if now.revision != seen:
            _tell(now, as_json=as_json)
            seen = now.revision
        if queries.is_ended(now):
            return now
        if not is_alive:
            raise EmbeddedError(NO_WORKER)
        await asyncio.sleep(POLL_SECONDS)


def _tell(shown: LoadOut, *, as_json: bool) -> None:
    if as_json:
        tell_json(shown)
        return
    received = sum(phase.received for phase in queries.list_counted(shown.phases))
    rejected = sum(phase.rejected for phase in shown.phases)
    why = f"  {shown.error.detail}" if shown.error else ""
    click.echo(
        f"{shown.id}  {shown.status}  {shown.percent}%  {received} received, {rejected} rejected"
        f"{why}"
    )


def _end(shown: LoadOut) -> None:
    if shown.status in {LoadStatus.FAILED, LoadStatus.CANCELLED}:
        raise EmbeddedError(f"The load {shown.id} has {shown.status}.")
