"""A list's address: its sort, filters and cursor, all in the query string."""

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

RESERVED = frozenset({"after", "before", "sort", "limit"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """Where a list page stands; builds the links of its headers, filters and pager."""

    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    default_sort: str = ""
    """Column name, with a leading ``-`` for descending."""
    scope: Container[str] = ()
    """Parameters that say whose list it is, and filter nothing."""

    @property
    def sort(self) -> str:
        return self.query.get("sort") or self.default_sort

    @property
    def filters(self) -> dict[str, str]:
        """The filters in use; without any, an empty list means that nothing exists yet."""
        return {
            name: text
            for name, text in self.query.items()
            if text and name not in RESERVED and name not in self.scope
        }

    @property
    def is_first_page(self) -> bool:
        return not self.query.get("after")

    def href(self, **changes: str | None) -> str:
        """This list with parameters changed; `None` drops one."""
        kept = {name: text for name, text in {**self.query, **changes}.items() if text}
        return f"{self.path}?{urlencode(kept)}" if kept else self.path

    def sorted_by(self, column: str) -> str:
        """The link of a column's header: a second click turns the order around."""
        ascending = self.sort == column
        return self.href(sort=f"-{column}" if ascending else column, after=None)

    def direction(self, column: str) -> str | None:
        """``ascending``, ``descending``, or `None` when another column sorts."""
        if self.sort.removeprefix("-") != column:
            return None
        return "descending" if self.sort.startswith("-") else "ascending"

    def chosen(self, name: str, options: Container[str]) -> str | None:
        """The filter's value if it is one of the options; an address typed by hand may say more."""
        value = self.query.get(name, "")
        return value if value in options else None

    def next_page(self, cursor: str) -> str:
        return self.href(after=cursor)

    def first_page(self) -> str:
        return self.href(after=None)
