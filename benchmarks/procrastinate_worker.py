"""procrastinate with one empty task; as a program, its worker."""

import asyncio
import logging
import sys

import procrastinate

CONCURRENCY = 16
TASK = "benchmark:empty"


async def empty() -> None:
    """Nothing."""


def make_app(url: str) -> procrastinate.App:
    logging.getLogger("procrastinate").setLevel(logging.ERROR)
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url))
    app.task(name=TASK)(empty)
    return app


async def main(url: str) -> None:
    app = make_app(url)
    async with app.open_async():
        await app.run_worker_async(concurrency=CONCURRENCY)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
