"""An ERP of our own making: a `Connector` over rows in memory, with scripted faults."""

from collections import deque
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from sindico_platform.connection_tests.walk import Watch
from sindico_platform.errors import OutsideError
from sindico_provisioning.connectors.errors import TableNotOffered
from sindico_provisioning.connectors.schemas import (
    CHECK_STAGES,
    Cursor,
    Exchange,
    Page,
    Totals,
)
from sindico_provisioning.erp_tables import queries


class FakeErp:
    """Rows by table, read in pages of `page_size`.

    The object is the ERP and its connector at once: leaving the context closes nothing, so that a
    test may open it again as a new worker would.
    """

    def __init__(self, rows: Mapping[str, Sequence[Any]], *, page_size: int = 100) -> None:
        self.rows = {name: list(table) for name, table in rows.items()}
        self.page_size = page_size
        self.reads: list[tuple[str, Cursor | None]] = []
        """Table and cursor of every page that was asked for."""
        self.totals: dict[str, Totals] = {}
        """What the ERP tells of tables without being read."""
        self._faults: deque[tuple[str, OutsideError | BaseException]] = deque()
        self._exchanges: list[Exchange] = []

    def fail_next(self, method: str, error: BaseException, *, times: int = 1) -> None:
        """Let the next calls of ``check`` or ``read_page`` raise."""
        self._faults.extend([(method, error)] * times)

    @property
    def tables(self) -> tuple[str, ...]:
        return tuple(name for name in queries.TABLES if name in self.rows)

    @property
    def snapshots(self) -> frozenset[str]:
        return frozenset(self.rows)

    async def check(self, watch: Watch) -> None:
        for stage in CHECK_STAGES:
            with watch.stage(stage):
                self._raise_scripted("check")

    async def read_page(self, table: str, cursor: Cursor | None) -> Page:
        self.reads.append((table, cursor))
        if table not in self.rows:
            raise TableNotOffered(table=table)
        self._raise_scripted("read_page", table)
        start = 0 if cursor is None else int(cursor["offset"])
        end = start + self.page_size
        rows, total = self.rows[table][start:end], len(self.rows[table])
        body = repr(rows).encode()
        self._record(table, 200, body, None)
        return Page(
            table=table,
            rows=rows,
            next_cursor={"offset": end} if end < total else None,
            fetched_bytes=len(body),
            progress=min(1, end / total) if total else 1,
            detail="{rows} records",
            facts={"rows": len(rows)},
        )

    async def tell_totals(self, table: str) -> Totals | None:
        self._raise_scripted("tell_totals", table)
        return self.totals.get(table)

    def take_exchanges(self) -> list[Exchange]:
        taken, self._exchanges = self._exchanges, []
        return taken

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return

    def _raise_scripted(self, method: str, table: str = "") -> None:
        if self._faults and self._faults[0][0] == method:
            _, error = self._faults.popleft()
            if isinstance(error, OutsideError):
                self._record(table, None, b"", error.code)
            raise error

    def _record(self, table: str, status: int | None, body: bytes, failure: str | None) -> None:
        self._exchanges.append(
            Exchange(
                method="GET",
                path=f"/{table}",
                status=status,
                started_at=datetime.now(UTC),
                elapsed_ms=0,
                body=body,
                failure=failure,
            )
        )


def make_rows(table: str, count: int) -> list[dict[str, Any]]:
    """Make valid rows of a table, with keys from 1."""
    example = queries.build_example(queries.get_table(table))
    return [{**example, "id_erp": str(number)} for number in range(1, count + 1)]
