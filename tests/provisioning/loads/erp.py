"""The ERP in memory of the load's tests: rows are put and taken while loads run."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from sindico_platform.jobs.context import JobContext
from sindico_provisioning.connectors.schemas import Cursor, Page
from sindico_provisioning.erp_tables.queries import build_example, get_table
from sindico_provisioning.loads.schemas import Stint
from tests.provisioning.connectors.fake_erp import FakeErp

BeforeRead = Callable[[str, int], Awaitable[None]]


class MemoryErp(FakeErp):
    """Pages of two rows, so that a handful makes several pages."""

    def __init__(self) -> None:
        super().__init__({}, page_size=2)
        self.before_read: BeforeRead | None = None
        """Told table and offset of every read, before anything else happens."""

    @property
    def snapshots(self) -> frozenset[str]:
        return frozenset({"empresa_propria", "filial", "empresa"})

    def put(self, table: str, *keys: str, **values: Any) -> None:
        """Add rows, or replace those with the same keys."""
        example = build_example(get_table(table), only=own_fields(table))
        kept = [row for row in self.rows.get(table, []) if row["id_erp"] not in keys]
        self.rows[table] = kept + [example | values | {"id_erp": key} for key in keys]

    def take(self, table: str, *keys: str) -> None:
        """Delete rows."""
        self.rows[table] = [row for row in self.rows[table] if row["id_erp"] not in keys]

    async def read_page(self, table: str, cursor: Cursor | None) -> Page:
        if self.before_read:
            await self.before_read(table, int(cursor["offset"]) if cursor else 0)
        return await super().read_page(table, cursor)


def own_fields(table: str) -> list[str]:
    """Everything but references, which a test states if it is about them."""
    return [
        field.name
        for field in get_table(table).fields
        if field.required or not (field.references or field.name == "atualizado_em")
    ]


ERPS: dict[UUID, MemoryErp] = {}
"""By tenant."""


async def open_from_memory(ctx: JobContext, _stint: Stint) -> MemoryErp:
    return ERPS[ctx.tenant_id]
