"""`sindico operator`: the first of the vendor's staff, whom nobody can invite on the console."""

import asyncio
from pathlib import Path
from uuid import UUID

import click
import msgspec

from sindico_api.cli.opened import opened_uow, reachable
from sindico_api.cli.stack import Stack, data_dir_option
from sindico_api.grid import GRID
from sindico_api.links import hand_out_link
from sindico_platform.database.tx import Actor, Tx
from sindico_platform.identity import queries as identity
from sindico_platform.identity.links.service import LinkPurpose
from sindico_platform.identity.models import UserState
from sindico_platform.settings import Settings
from sindico_provisioning.master_tenant.queries import find_domain
from sindico_provisioning.master_tenant.service import ensure_master_tenant

NAME = "command-line"


class Invitation(msgspec.Struct, frozen=True):
    """How the operator comes in the first time."""

    login: str
    url: str
    expires_at: str


@click.group
def operator() -> None:
    """The vendor's staff. The first one is made here, the others on the console."""


@operator.command
@click.argument("login")
@click.option("--name", help="The person's; the login unless given.")
@click.option("--domain", default="sindico", show_default=True, help="Behind the @ of all logins.")
@click.option("--vendor", default="Síndico", show_default=True, help="Name of the vendor.")
@click.option("--json", "as_json", is_flag=True, help="JSON for programs.")
@data_dir_option
def invite(
    login: str, *, name: str | None, domain: str, vendor: str, as_json: bool, data_dir: Path
) -> None:
    """Make an operator who may do everything, and show the link to choose a password.

    The first call makes the vendor's tenant as well; later ones keep its name and domain. Repeated
    for the same LOGIN it makes a new link, and the one before is worthless.
    """
    stack = Stack(data_dir)

    async def opened() -> Invitation:
        async with opened_uow(stack, process="cli") as uow:
            made = await ensure_master_tenant(
                uow,
                grid=GRID,
                name=vendor,
                domain=await find_domain(uow) or domain,
                operator_login=login,
                operator_name=name or login,
            )
            async with uow.begin(Actor.system(made.tenant_id, NAME)) as tx:
                return await make_link(tx, stack.settings(), made.operator_id)

    with reachable(stack):
        made = asyncio.run(opened())
    click.echo(msgspec.json.encode(made) if as_json else describe(made))


async def make_link(tx: Tx, settings: Settings, operator_id: UUID) -> Invitation:
    """A link for who never chose a password, or one for another password."""
    user, domain = await identity.get_user(tx, operator_id), (await identity.get_tenant(tx)).domain
    is_new = user.state == UserState.INVITED
    link = await hand_out_link(
        tx,
        settings=settings,
        user_id=user.id,
        purpose=LinkPurpose.INVITATION if is_new else LinkPurpose.RESET,
        to_hand=True,
    )
    assert link.url is not None  # noqa: S101 - it was asked for
    return Invitation(
        login=f"{user.login}@{domain}", url=link.url, expires_at=link.expires_at.isoformat()
    )


def describe(made: Invitation) -> str:
    return (
        f"{made.login} chooses a password here, once and until {made.expires_at}, while the stack"
        f" runs:\n{made.url}"
    )
