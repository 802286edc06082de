"""`python -m benchmarks [name…]`: run all benchmarks, or those named, and print the table."""

import asyncio
import sys
from importlib import import_module

from benchmarks.figures import Figure, render
from benchmarks.stack import open_stack

MODULES = ("jobs", "provisioning", "list_route", "initial_load", "startup")


async def measure(names: list[str]) -> list[Figure]:
    """Run each module's ``measure(stack)``, on servers of its own."""
    figures: list[Figure] = []
    for name in names:
        print(f"measuring {name} …", file=sys.stderr)
        async with open_stack() as stack:
            figures += await import_module(f"benchmarks.{name}").measure(stack)
    return figures


def main() -> int:
    figures = asyncio.run(measure(sys.argv[1:] or list(MODULES)))
    print(render(figures))
    return 0 if all(figure.passed for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
