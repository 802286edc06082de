"""`sindico doctor`: is this installation sound, and what to do where it is not."""

import asyncio
from pathlib import Path

import click
import msgspec

from sindico_api.cli.opened import reachable
from sindico_api.cli.stack import Stack, data_dir_option
from sindico_api.doctor.checks import CHECKS, OF_PROCESSES
from sindico_api.doctor.examination import examine
from sindico_api.doctor.report import Outcome, Report, State, make_report

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
    with reachable(stack) as is_running:
        report = look_at(stack, is_running=is_running)
    if as_json:
        click.echo(msgspec.json.encode(report))
    else:
        for outcome in report.checks:
            show(outcome)
    ctx.exit(0 if report.ok else 1)


def look_at(stack: Stack, *, is_running: bool) -> Report:
    """Every check of a stack that runs; of one at rest, those of what lies in its directory."""
    settings = stack.settings()
    if stack.postgres is None:
        return asyncio.run(examine(settings, CHECKS, data_dir=stack.data_dir))
    if is_running:
        advice = f"It is starting, or {stack.postgres.log_file} tells why it does not."
        return asyncio.run(examine(settings, CHECKS, data_dir=stack.data_dir, advice=advice))
    lasting = {name: check for name, check in CHECKS.items() if name not in OF_PROCESSES}
    found = asyncio.run(examine(settings, lasting, data_dir=stack.data_dir))
    return make_report([at_rest(stack), *found.checks])


def at_rest(stack: Stack) -> Outcome:
    found = f"not running; what lies in {stack.data_dir} was looked at"
    return Outcome("stack", State.FAILED, found, "Start it: `sindico up`, or `make demo`.")


def show(outcome: Outcome) -> None:
    """One line per check, and one more where there is something to do."""
    word, colour = MARKS[outcome.state]
    click.echo(f"{click.style(f'{word:>4}', fg=colour)}  {outcome.name}: {outcome.found}")
    if outcome.advice:
        click.echo(f"      {outcome.advice}")
