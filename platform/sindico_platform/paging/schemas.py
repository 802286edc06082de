"""One page of a list, and what a caller asks of it."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from sindico_platform.schemas import Output

T = TypeVar("T")

DEFAULT_LIMIT, MAX_LIMIT = 50, 200


class Page(Output, Generic[T], frozen=True):
    """Items in the asked order; ``next_cursor`` is what ``after`` takes to get the following ones.

    Without a ``next_cursor`` this is the last page.
    """

    items: list[T]
    next_cursor: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PageRequest:
    """The part of a list a caller wants."""

    limit: int = DEFAULT_LIMIT
    after: str | None = None
    """Cursor of the page before."""
    sort: str | None = None
    """Name of an order the list offers; a leading ``-`` turns it around."""
