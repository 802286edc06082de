"""`sindico sandbox`: stand-ins for ERPs, to try configurations and failures on."""

import asyncio
import json
import secrets
import signal
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from sindico_api.cli.stack import data_dir_option
from sindico_provisioning.sandbox.certificates import CA_FILE
from sindico_provisioning.sandbox.faults import Fault, FaultKind, parse_fault
from sindico_provisioning.sandbox.mega.sandbox import MegaSandbox
from sindico_provisioning.sandbox.mega.scale import SCALES


class FaultType(click.ParamType[Fault]):
    """``kind[:route[:times[:skip]]]``."""

    name = "fault"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Fault:
        if isinstance(value, Fault):
            return value
        try:
            return parse_fault(str(value))
        except ValueError:
            kinds = ", ".join(FaultKind)
            self.fail(
                f"{value!r} is not KIND[:ROUTE[:TIMES[:SKIP]]] with KIND of {kinds}", param, ctx
            )


@click.group
def sandbox() -> None:
    """Run a made-up ERP."""


@sandbox.command
@click.option("--scale", type=click.Choice(list(SCALES)), default="small", show_default=True)
@click.option("--seed", default=1, show_default=True, help="Another seed gives other data.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8443, show_default=True, help="Port to listen on; 0 for any.")
@click.option("--end", type=click.DateTime(["%Y-%m-%d"]), help="Last day of the data; today.")
@click.option("--user", default="integracao", show_default=True)
@click.option("--password", help="Made up and printed if not given.")
@click.option(
    "--fault", "faults", type=FaultType(), multiple=True, help="KIND[:ROUTE[:TIMES[:SKIP]]]"
)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON when ready.")
@data_dir_option
def mega(
    *,
    scale: str,
    seed: int,
    host: str,
    port: int,
    end: datetime | None,
    user: str,
    password: str | None,
    faults: tuple[Fault, ...],
    data_dir: Path,
    as_json: bool,
) -> None:
    """Serve a Mega ERP over HTTPS until Ctrl-C.

    Two years of made-up data up to the last day; about two in a hundred rows are wrong, as they are
    in real life. The certificate authority and the rendered data are kept under the data directory.
    """
    erp = MegaSandbox(
        scale,
        seed=seed,
        end=end and end.date(),
        directory=data_dir / "sandbox",
        host=host,
        port=port,
        user=user,
        password=password or secrets.token_urlsafe(12),
    )
    for fault in faults:
        erp.add_fault(fault)
    facts = {"ca_file": str((data_dir / "sandbox" / CA_FILE).resolve())}
    asyncio.run(_serve(erp, facts, as_json=as_json))


async def _serve(erp: MegaSandbox, facts: dict[str, str], *, as_json: bool) -> None:
    stopped = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    async with erp:
        facts |= {"url": erp.url, "user": erp.user, "password": erp.password}
        facts |= {"tenant_id": erp.tenant_id}
        click.echo(json.dumps(facts) if as_json else _describe(erp, facts))
        await stopped.wait()


def _describe(erp: MegaSandbox, facts: dict[str, str]) -> str:
    rows = (f"  {name:<16}{c.rows:>9}" for name, c in erp.book.chapters.items())
    lines = (f"{name.replace('_', ' '):<18}{value}" for name, value in facts.items())
    return "\n".join(["ready", *lines, "rows", *rows])
