"""`sindico doctor`: is this installation sound, and what to do where it is not."""

import asyncio
from pathlib import Path

import click
import msgspec

from sindico_api.cli.stack import Stack, data_dir_option
from sindico_api.doctor.checks import CHECKS
from sindico_api.doctor.examination import examine
from sindico_api.doctor.report import Outcome, State

MARKS = {
    State.OK: ("ok", "green"),
    State.WARNING: ("warn", "yellow"),
    State.FAILED: ("FAIL", "red"),
}


@click.command
@click.option("--json", "as_json", is_flag=True, help="One JSON document for programs.")
@data_dir_option
@click.pass_context
def doctor(ctx: click.Context, data_dir: Path, *, as_json: bool) -> None:
    """Check this installation and say what to do; exit code 1 if anything fails.

    Settings come from the environment; what it leaves open, from the data directory.
    """
    stack = Stack(data_dir)
    stack.require()
    report = asyncio.run(examine(stack.settings(), CHECKS, data_dir=stack.data_dir))
    if as_json:
        click.echo(msgspec.json.encode(report))
    else:
        for outcome in report.checks:
            show(outcome)
    ctx.exit(0 if report.ok else 1)


def show(outcome: Outcome) -> None:
    """One line per check, and one more where there is something to do."""
    word, colour = MARKS[outcome.state]
    click.echo(f"{click.style(f'{word:>4}', fg=colour)}  {outcome.name}: {outcome.found}")
    if outcome.advice:
        click.echo(f"      {outcome.advice}")
