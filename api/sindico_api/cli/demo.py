"""`sindico demo`: everything, with three example tenants and one initial load to watch."""

import asyncio
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from sindico_api.cli.stack import data_dir_option
from sindico_api.cli.up import run_stack
from sindico_api.demo.load import run_first_load
from sindico_api.demo.record import FILE_NAME, DemoRecord, read_record


@click.command
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8100, show_default=True, help="Port to listen on.")
@data_dir_option
def demo(host: str, port: int, data_dir: Path) -> None:
    """Start the demonstration and stay until Ctrl-C; a second start keeps the data."""

    def show() -> None:
        record = read_record(data_dir.expanduser().absolute())
        assert record is not None  # noqa: S101 - `run_stack` has just written it
        console = Console(stderr=True, soft_wrap=True)
        asyncio.run(run_first_load(record, console))
        console.print(describe(record))
        console.print(f"Everything is in {data_dir / FILE_NAME}. Ctrl-C ends it.")

    run_stack(data_dir, host=host, port=port, demo=True, when_ready=show)


def describe(record: DemoRecord) -> Table:
    """Addresses and logins, never cut: people copy them from here."""
    table = Table("", "address", "login", "password", box=None, pad_edge=False)
    for column in table.columns:
        column.no_wrap, column.overflow = True, "ignore"
    operator, mega = record.operator, record.sandbox.mega
    table.add_row("vendor's operator", record.base_url, operator.login, operator.password)
    for tenant in record.tenants:
        admin = tenant.admin
        table.add_row(f"tenant {tenant.domain}", record.base_url, admin.login, admin.password)
    table.add_row("sandbox Mega ERP", mega.url, mega.user, mega.password)
    return table
