"""How the database would carry out the statements that a piece of code sends."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import event

from sindico_platform.database.engines import Engines
from sindico_platform.database.tx import Tx


@asynccontextmanager
async def explaining(engines: Engines, tx: Tx) -> AsyncIterator[list[str]]:
    """Collect the statements of the block, and at its end give the plan of each.

    It is the plan of a statement that was sent often: made for any values, not for those that it
    was sent with.
    """
    sent: list[tuple[str, list[str]]] = []
    plans: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
        sent.append((statement, [_quote(value) for value in values]))

    event.listen(engines.app.sync_engine, "before_cursor_execute", note)
    try:
        yield plans
    finally:
        event.remove(engines.app.sync_engine, "before_cursor_execute", note)
    raw = await (await tx.session.connection()).get_raw_connection()
    driver = raw.driver_connection
    assert driver is not None
    await driver.execute("SET LOCAL plan_cache_mode = 'force_generic_plan'")
    for statement, values in sent:
        given = f"({', '.join(values)})" if values else ""
        await driver.execute(f"PREPARE explained AS {statement}")
        rows = await driver.fetch(f"EXPLAIN EXECUTE explained{given}")
        plans.append("\n".join(row[0] for row in rows))
        await driver.execute("DEALLOCATE explained")


def _quote(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, list):
        return f"'{{{','.join('NULL' if each is None else str(each) for each in value)}}}'"
    return f"'{value}'"
