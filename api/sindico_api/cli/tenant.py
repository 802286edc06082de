"""`sindico tenant`: list, show, suspend and resume customers on this machine's stack."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import click
import msgspec

from sindico_api.cli.opened import opened_uow, reachable
from sindico_api.cli.stack import Stack, data_dir_option
from sindico_platform.database.tx import Actor, Tx
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.paging.schemas import MAX_LIMIT, PageRequest
from sindico_provisioning.tenant_registry import queries, service
from sindico_provisioning.tenant_registry.errors import TenantNotFound
from sindico_provisioning.tenant_registry.queries import TenantFilter
from sindico_provisioning.tenant_registry.schemas import TenantOut

T = TypeVar("T")
NAME = "command-line"
NOBODY = Actor.system(UUID(int=0), NAME)
json_option = click.option("--json", "as_json", is_flag=True, help="JSON for programs.")


@click.group
def tenant() -> None:
    """The vendor's customers. TENANT is an id or a domain."""


@tenant.command("list")
@click.option("--search", help="Part of name or domain, or the start of the CNPJ.")
@json_option
@data_dir_option
def list_tenants(data_dir: Path, *, search: str | None, as_json: bool) -> None:
    """Show all customers by name; with --json one document per line."""

    async def show(uow: UnitOfWork) -> None:
        after: str | None = None
        while True:
            request = PageRequest(limit=MAX_LIMIT, after=after)
            async with uow.begin_fleet(NOBODY, reason=NAME) as fleet:
                page = await queries.list_tenants(fleet, TenantFilter(search=search), request)
            for found in page.items:
                tell(found, as_json=as_json)
            after = page.next_cursor
            if after is None:
                return

    run(data_dir, show)


@tenant.command
@click.argument("tenant_name", metavar="TENANT")
@json_option
@data_dir_option
def show(data_dir: Path, tenant_name: str, *, as_json: bool) -> None:
    """Show one customer."""

    async def read(tx: Tx) -> TenantOut:
        return TenantOut.from_rows(*await queries.get_tenant(tx))

    tell(run(data_dir, lambda uow: in_tenant(uow, tenant_name, read)), as_json=as_json)


@tenant.command
@click.argument("tenant_name", metavar="TENANT")
@click.option("--reason", required=True, help="Kept in the audit trail and shown to operators.")
@json_option
@data_dir_option
def suspend(data_dir: Path, tenant_name: str, *, reason: str, as_json: bool) -> None:
    """Lock a customer's people and API clients out; data stay, jobs wait."""

    async def stop(tx: Tx) -> TenantOut:
        return await service.suspend_tenant(tx, reason=reason)

    tell(run(data_dir, lambda uow: in_tenant(uow, tenant_name, stop)), as_json=as_json)


@tenant.command
@click.argument("tenant_name", metavar="TENANT")
@click.option("--reason", help="Kept in the audit trail.")
@json_option
@data_dir_option
def resume(data_dir: Path, tenant_name: str, *, reason: str | None, as_json: bool) -> None:
    """Let a suspended customer in again."""

    async def go_on(tx: Tx) -> TenantOut:
        return await service.resume_tenant(tx, reason=reason)

    tell(run(data_dir, lambda uow: in_tenant(uow, tenant_name, go_on)), as_json=as_json)


def run(data_dir: Path, work: Callable[[UnitOfWork], Awaitable[T]]) -> T:
    """Do `work` on the stack's data, whether or not the stack runs."""
    stack = Stack(data_dir)

    async def opened() -> T:
        async with opened_uow(stack, process="cli") as uow:
            return await work(uow)

    with reachable(stack):
        return asyncio.run(opened())


async def in_tenant(uow: UnitOfWork, name: str, work: Callable[[Tx], Awaitable[T]]) -> T:
    """Do `work` in one transaction bound to the tenant of an id or domain.

    Raises:
        TenantNotFound: there is none.
    """
    async with uow.begin(Actor.system(await find_id(uow, name), NAME)) as tx:
        return await work(tx)


async def find_id(uow: UnitOfWork, name: str) -> UUID:
    """The id of a tenant named by id or domain.

    Raises:
        TenantNotFound: no tenant has the domain.
    """
    try:
        return UUID(name)
    except ValueError:
        async with uow.begin(NOBODY) as tx:
            found = await queries.find_tenant_id(tx, name)
    if found is None:
        raise TenantNotFound
    return found


def tell(found: TenantOut, *, as_json: bool) -> None:
    if as_json:
        tell_json(found)
    else:
        package = found.package or found.contracted_package or "-"
        click.echo(
            f"{found.id}  {found.domain}  {found.state}  CRM {found.crm_state}  {package}"
            f"  {found.name}"
        )


def tell_json(document: Any) -> None:
    click.echo(msgspec.json.encode(document))
