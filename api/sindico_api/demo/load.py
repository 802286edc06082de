"""The initial load of the demonstration, watched in the terminal."""

import asyncio
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.table import Column

from sindico_api.demo.caller import Caller, DemoFailed
from sindico_api.demo.fleet import MEGA_TENANT
from sindico_api.demo.record import DemoRecord

COUNTS = ("received", "created", "updated", "unchanged", "rejected")


def show_first_load(record: DemoRecord) -> None:
    """Run the initial load, unless it has run, with its progress on standard error."""
    asyncio.run(run_first_load(record, Console(stderr=True)))


async def run_first_load(record: DemoRecord, console: Console) -> None:
    """Load the Mega tenant from the sandbox, with one bar per table, unless it was loaded before.

    Raises:
        DemoFailed: the load ended in any other way than succeeded.
    """
    admin = record.tenant(MEGA_TENANT).admin
    async with Caller.signed_in(record.base_url, admin.login, admin.password) as caller:
        if (await caller.get("/api/v1/loads", limit=1))["items"]:
            console.print("The initial load has run before; its data are kept.")
            return
        integration = (await caller.get("/api/v1/integrations"))["items"][0]
        load = await caller.post("/api/v1/initial-loads", {"integration_id": integration["id"]})
        with progress_bars(console) as bars:
            tasks: dict[str, TaskID] = {}
            async for state in caller.follow(f"/api/v1/loads/{load['id']}"):
                load = state
                draw(bars, tasks, state)
    if load["status"] != "succeeded":
        raise DemoFailed(f"The initial load ended as {load['status']}: {load['error']}")


def progress_bars(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}", justify="left"),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[counts]}", table_column=Column(no_wrap=True)),
        console=console,
    )


def draw(bars: Progress, tasks: dict[str, TaskID], load: dict[str, Any]) -> None:
    """Bring the bars up to what the load says of itself."""
    for phase in load["phases"]:
        name = f"{phase['step']} {phase['table']}"
        if name not in tasks:
            tasks[name] = bars.add_task(name, total=100, counts="", start=False)
        if phase["status"] != "pending":
            bars.start_task(tasks[name])
        bars.update(tasks[name], completed=phase["percent"], counts=counts_of(phase))
        if phase["finished_at"]:
            bars.stop_task(tasks[name])


def counts_of(phase: dict[str, Any]) -> str:
    return " · ".join(f"{phase[name]:,} {name}" for name in COUNTS if phase[name])
