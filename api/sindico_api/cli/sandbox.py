"""`sindico sandbox`: stand-ins for ERPs and servers, to try configurations and failures on."""

import asyncio
import json
import secrets
import signal
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from sindico_api.cli.stack import data_dir_option
from sindico_provisioning.connectors.erpx.schemas import Access
from sindico_provisioning.sandbox.certificates import CA_FILE
from sindico_provisioning.sandbox.erpx.sandbox import SCALE_NAMES, ErpxSandbox
from sindico_provisioning.sandbox.faults import Fault, FaultKind, parse_fault
from sindico_provisioning.sandbox.https import HttpsSandbox
from sindico_provisioning.sandbox.mega.sandbox import MegaSandbox
from sindico_provisioning.sandbox.scale import SCALES


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
    """Run a made-up ERP, or mail and file servers."""


Command = TypeVar("Command", bound=Callable[..., None])


def erp_options(*, scales: Iterable[str], port: int, user: str) -> Callable[[Command], Command]:
    """What every sandbox ERP is told: its `Options`, who signs in, and how it fails."""
    options = (
        click.option(
            "--scale", type=click.Choice(list(scales)), default="small", show_default=True
        ),
        click.option("--seed", default=1, show_default=True, help="Another seed gives other data."),
        click.option(
            "--host", default="127.0.0.1", show_default=True, help="Address to listen on."
        ),
        click.option(
            "--port", default=port, show_default=True, help="Port to listen on; 0 for any."
        ),
        click.option(
            "--end",
            type=click.DateTime(["%Y-%m-%d"]),
            callback=lambda _context, _option, end: end and end.date(),
            help="Last day of the data; today.",
        ),
        click.option("--user", default=user, show_default=True),
        password_option("--password"),
        click.option(
            "--fault",
            "faults",
            type=FaultType(),
            multiple=True,
            help="KIND[:ROUTE[:TIMES[:SKIP]]]",
        ),
        click.option("--json", "as_json", is_flag=True, help="Print one line of JSON when ready."),
        data_dir_option,
    )

    def add(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def password_option(name: str) -> Callable[[Command], Command]:
    return click.option(
        name,
        type=str,
        default=lambda: secrets.token_urlsafe(12),
        help="Made up and printed if not given.",
    )


@sandbox.command
@erp_options(scales=SCALES, port=8443, user="integracao")
def mega(*, faults: tuple[Fault, ...], data_dir: Path, as_json: bool, **options: Any) -> None:
    """Serve a Mega ERP over HTTPS until Ctrl-C.

    Two years of made-up data up to the last day; about two in a hundred rows are wrong, as they are
    in real life. The certificate authority and the rendered data are kept under the data directory.
    """
    erp = MegaSandbox(directory=data_dir / "sandbox", **options)

    def describe() -> dict[str, str]:
        return {
            "url": erp.url,
            "user": erp.user,
            "password": erp.password,
            "tenant_id": erp.tenant_id,
        }

    asyncio.run(_serve_erp(erp, faults, describe, data_dir, as_json=as_json))


@sandbox.command
@erp_options(scales=SCALE_NAMES, port=8444, user="integracao@sandbox.example")
@password_option("--secret")
def erpx(*, faults: tuple[Fault, ...], data_dir: Path, as_json: bool, **options: Any) -> None:
    """Serve an ERPX, with the login of Senior's platform, over HTTPS until Ctrl-C.

    The same made-up trade as that of the Mega, as the platform's entities. What is printed are the
    service properties that lead there; either the key or the user signs in.
    """
    erp = ErpxSandbox(directory=data_dir / "sandbox", **options)

    def describe() -> dict[str, str]:
        properties = erp.properties(Access.USER) | erp.properties(Access.KEY)
        del properties["caCertificate"]  # it stands in the file
        return properties

    asyncio.run(_serve_erp(erp, faults, describe, data_dir, as_json=as_json))


async def _serve_erp(
    erp: HttpsSandbox,
    faults: tuple[Fault, ...],
    describe: Callable[[], dict[str, str]],
    data_dir: Path,
    *,
    as_json: bool,
) -> None:
    for fault in faults:
        erp.add_fault(fault)
    stopped = stop_event()
    async with erp:
        facts = _ca_file(data_dir) | describe()
        click.echo(json.dumps(facts) if as_json else "\n".join(_describe(facts, erp.rows)))
        await stopped.wait()


def _ca_file(data_dir: Path) -> dict[str, str]:
    return {"ca_file": str((data_dir / "sandbox" / CA_FILE).resolve())}


@sandbox.command
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--starttls-port", default=2587, show_default=True, help="SMTP that turns to TLS.")
@click.option("--ssl-port", default=2465, show_default=True, help="SMTP with TLS from the start.")
@click.option("--open-port", default=2525, show_default=True, help="SMTP without TLS or login.")
@click.option("--web-port", default=8025, show_default=True, help="The page of what arrived.")
@click.option("--ftp-port", default=2121, show_default=True, help="FTP and FTPS.")
@click.option("--sftp-port", default=2222, show_default=True, help="SFTP.")
@password_option("--password")
@data_dir_option
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON when ready.")
def servers(*, host: str, password: str, data_dir: Path, as_json: bool, **ports: int) -> None:
    """Serve mail, with a page of what arrived, and files by FTP, FTPS and SFTP, until Ctrl-C.

    Any port may be 0, which takes a free one. What arrives stays in the data directory; no mail is
    delivered to anybody.
    """
    wanted = {name.removesuffix("_port"): port for name, port in ports.items()}
    asyncio.run(_serve_servers(host, wanted, password, data_dir / "sandbox", as_json=as_json))


async def _serve_servers(
    host: str, ports: dict[str, int], password: str, directory: Path, *, as_json: bool
) -> None:
    # What only these need takes a second to import, and the sandbox ERP starts with the product.
    from sindico_provisioning.sandbox.files.sandbox import FileSandbox
    from sindico_provisioning.sandbox.mail.sandbox import MailSandbox

    stopped = stop_event()
    mail = MailSandbox(directory=directory, host=host, ports=ports, password=password)
    files = FileSandbox(directory=directory, host=host, ports=ports, password=password)
    async with mail, files:
        facts = {"ca_file": str((directory / CA_FILE).resolve())}
        if as_json:
            click.echo(json.dumps(facts | {"mail": mail.facts, "files": files.facts}))
        else:
            parts = (
                _describe(facts),
                ["mail", *_lines(mail.facts)],
                ["files", *_lines(files.facts)],
            )
            click.echo("\n".join(line for part in parts for line in part))
        await stopped.wait()


@sandbox.command
@click.option("--port", default=5433, show_default=True, help="Port to listen on; 0 for any.")
@click.option("--seed", default=1, show_default=True, help="Another seed gives other data.")
@password_option("--password")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON when ready.")
@data_dir_option
def views(*, port: int, seed: int, password: str, data_dir: Path, as_json: bool) -> None:
    """Serve an ERP's PostgreSQL with views to pull from, until Ctrl-C.

    Sellers, customers, orders and items are made up; about two in a hundred customers are wrong, as
    they are in real life. What is printed is what a View integration asks for.
    """
    asyncio.run(_serve_views(data_dir / "sandbox", port, seed, password, as_json=as_json))


async def _serve_views(
    directory: Path, port: int, seed: int, password: str, *, as_json: bool
) -> None:
    from sindico_provisioning.sandbox.views.sandbox import ViewSandbox

    stopped = stop_event()
    async with ViewSandbox(directory=directory, password=password, port=port, seed=seed) as erp:
        told = {name: fact for name, fact in erp.facts.items() if name != "views"}
        lines = [*_describe(told), "views", *_lines(erp.facts["views"])]
        click.echo(json.dumps(erp.facts) if as_json else "\n".join(lines))
        await stopped.wait()


def stop_event() -> asyncio.Event:
    """Set by Ctrl-C and by a request to end."""
    stopped = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    return stopped


def _describe(facts: dict[str, str], rows: dict[str, int] | None = None) -> list[str]:
    counts = [f"  {name:<16}{number:>9}" for name, number in (rows or {}).items()]
    return ["ready", *_lines(facts), *(["rows", *counts] if counts else [])]


def _lines(facts: Mapping[str, object]) -> list[str]:
    return [f"{name.replace('_', ' '):<18}{value}" for name, value in facts.items()]
