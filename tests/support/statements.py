"""How many statements a piece of code sends to the database."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine


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
def counting(engine: AsyncEngine) -> Iterator[Statements]:
    """Collect every statement the engine's connections send inside the block."""
    counted = Statements()

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        counted.sent.append(statement)

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    try:
        yield counted
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", note)
