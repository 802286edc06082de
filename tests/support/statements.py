"""How many statements a piece of code sends to the database."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from sqlalchemy import event

from sindico_platform.database.driver import Row
from sindico_platform.database.engines import Engines
from sindico_platform.database.plain import PlainPool
from sindico_platform.database.tx import Tx


@dataclass
class Statements:
    """What was sent, in order; BEGIN and COMMIT do not count."""

    sent: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        return len(self.sent)


CountStatements = Callable[[], AbstractContextManager[Statements]]
"""Type of the fixture `count_statements`."""


@contextmanager
def counting(engines: Engines, *, fleet: bool = False) -> Iterator[Statements]:
    """Collect every statement that role `app` sends inside the block, by whatever way.

    With `fleet` also those of the role that looks across tenants.
    """
    counted = Statements()
    listened = [engines.app.sync_engine] + [engines.fleet.sync_engine] * fleet

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        counted.sent.append(statement)

    for engine in listened:
        event.listen(engine, "before_cursor_execute", note)
    try:
        with noting_fetches(PlainPool, counted), noting_fetches(Tx, counted):
            yield counted
    finally:
        for engine in listened:
            event.remove(engine, "before_cursor_execute", note)


def noting_fetches(kind: Any, counted: Statements) -> AbstractContextManager[Any]:
    fetch = kind.fetch

    async def noted(self: Any, statement: str, *values: Any) -> list[Row]:
        counted.sent.append(statement)
        rows: list[Row] = await fetch(self, statement, *values)
        return rows

    return patch.object(kind, "fetch", noted)
