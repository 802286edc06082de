"""Walking an entity page by page: from the last id on, or by page number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Self

from sindico_provisioning.connectors.erpx import errors
from sindico_provisioning.connectors.erpx.schemas import SINCE_MARK, Paging
from sindico_provisioning.connectors.errors import PAGE_UNEXPECTED
from sindico_provisioning.connectors.schemas import Cursor

LEAST_ROWS = 50
"""A page that is too much with so few rows would be too much with fewer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """What the platform answered to a query."""

    rows: list[Any]
    total: int | None
    """Rows that the whole query has; None if it did not say."""
    pages: int | None


def read_listed(told: Any, path: str) -> Listed:
    """Read ``{totalPages, totalElements, contents}``.

    Raises:
        Transient: it is something else, or says that there is more and gives nothing.
    """
    rows = told.get("contents") if isinstance(told, dict) else None
    if not isinstance(rows, list):
        raise PAGE_UNEXPECTED.error(path=path)
    return Listed(
        rows=rows, total=_count_of(told, "totalElements"), pages=_count_of(told, "totalPages")
    )


def _count_of(told: Mapping[str, Any], name: str) -> int | None:
    value = told.get(name)
    return value if type(value) is int and value >= 0 else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where the walk stands."""

    paging: Paging
    since: str
    """The first day that is read, fixed when the walk begins."""
    size: int
    """Rows that a page asks for."""
    read: int = 0
    """Rows before it."""
    after: str | None = None
    """Id of the last row that was read."""
    number: int = 0
    """Number of the page, from 0."""

    @classmethod
    def begin(cls, paging: Paging, *, since: date, size: int) -> Self:
        return cls(paging=paging, since=since.isoformat(), size=size)

    @classmethod
    def from_cursor(cls, cursor: Cursor) -> Self:
        return cls(
            paging=Paging(cursor["paging"]),
            since=cursor["since"],
            size=int(cursor["size"]),
            read=int(cursor["read"]),
            after=cursor["after"],
            number=int(cursor["number"]),
        )

    def cursor(self) -> Cursor:
        return {
            "paging": self.paging.value,
            "since": self.since,
            "size": self.size,
            "read": self.read,
            "after": self.after,
            "number": self.number,
        }

    def halved(self) -> Self | None:
        """The same place with half the rows; None where they cannot be halved."""
        if self.paging is Paging.PAGES or self.size < 2 * LEAST_ROWS:
            return None
        return replace(self, size=self.size // 2)

    def query(self, expression: str) -> dict[str, str]:
        """What to ask for, given the route's own filter."""
        filters = [expression.replace(SINCE_MARK, self.since)] if expression else []
        if self.paging is Paging.PAGES:
            return {**_filter_of(filters), "offset": str(self.number), "size": str(self.size)}
        if self.after is not None:
            filters.append(f"id gt '{self.after}'")
        return {**_filter_of(filters), "orderby": "id", "offset": "0", "size": str(self.size)}

    def following(self, listed: Listed, path: str) -> Self | None:
        """Where to go on after this page; None at the end.

        Raises:
            Transient, Terminal: the answer does not go with what was asked for.
        """
        read = self.read + len(listed.rows)
        if self.paging is Paging.PAGES:
            is_last = not listed.rows or (
                listed.pages is not None and self.number + 1 >= listed.pages
            )
            return None if is_last else replace(self, number=self.number + 1, read=read)
        if not listed.rows:
            if listed.total:
                raise PAGE_UNEXPECTED.error(path=path)
            return None
        last = _last_id(listed.rows, self.after, path)
        if listed.total is not None and len(listed.rows) >= listed.total:
            return None
        return replace(self, after=last, read=read)

    def progress(self, listed: Listed) -> float:
        """Share of the rows that are read with this page; an estimate."""
        read = self.read + len(listed.rows)
        if listed.total is None:
            return read / (read + self.size)
        left = listed.total - len(listed.rows)
        whole = listed.total if self.paging is Paging.PAGES else read + left
        return min(1.0, read / whole) if whole > 0 else 1.0


def _filter_of(filters: Sequence[str]) -> dict[str, str]:
    if len(filters) > 1:  # `or` binds less than `and`
        filters = [f"({each})" if " or " in each.lower() else each for each in filters]
    return {"filter": " and ".join(filters)} if filters else {}


def _last_id(rows: Sequence[Any], after: str | None, path: str) -> str:
    """The id to read on from.

    Raises:
        Terminal: the rows are not in the order of their ids, so that some could be missed.
    """
    ids = [row.get("id") if isinstance(row, dict) else None for row in rows]
    before = after
    for each in ids:
        if not isinstance(each, str) or not _is_id(each):
            raise errors.IDS_MISSING.error(path=path)
        if before is not None and each.lower() <= before.lower():
            raise errors.ORDER_IGNORED.error(path=path)
        before = each
    return str(ids[-1])


def _is_id(text: str) -> bool:
    return 0 < len(text) <= 80 and text.replace("-", "").isalnum()  # noqa: PLR2004 (more than a UUID)
