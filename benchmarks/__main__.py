"""`python -m benchmarks [name…]`: run all benchmarks, or those named, and print the table."""

import asyncio
import sys
import time
from importlib import import_module

from benchmarks.figures import Figure, render, tell
from benchmarks.stack import open_stack

LIMIT_SECONDS = 600
"""Of one benchmark; one that takes longer is stuck."""
MODULES = (
    "jobs",
    "provisioning",
    "list_route",
    "branch_list",
    "initial_load",
    "view_pull",
    "push",
    "spreadsheet_import",
    "processing",
    "history_export",
    "panel",
    "fairness",
    "startup",
    "files",
    "outgoing_mail",
)


async def measure(names: list[str]) -> list[Figure]:
    """Run each module's ``measure(stack)``, on servers of its own."""
    figures: list[Figure] = []
    for name in names:
        print(f"measuring {name} …", file=sys.stderr)
        begun = time.monotonic()
        async with asyncio.timeout(LIMIT_SECONDS), open_stack() as stack:
            figures += await import_module(f"benchmarks.{name}").measure(stack)
        tell(f"took {time.monotonic() - begun:.0f} s")
    return figures


def main() -> int:
    figures = asyncio.run(measure(sys.argv[1:] or list(MODULES)))
    print(render(figures))
    return 0 if all(figure.passed for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
