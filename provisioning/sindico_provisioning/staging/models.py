"""Tables of the staging, built from the definitions of the ERP tables."""

from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeEngine

from sindico_platform.database.base import Base, TenantRow
from sindico_provisioning.erp_tables.queries import TABLES, list_sql_columns
from sindico_provisioning.erp_tables.schemas import ErpTable, SqlColumn

KEY = "id_erp"
CHANGED_AT, REMOVED_AT = "changed_at", "removed_at"

_TYPES: dict[str, TypeEngine[Any]] = {
    "text": Text(),
    "boolean": Boolean(),
    "integer": Integer(),
    "date": Date(),
    "timestamptz": DateTime(timezone=True),
    "jsonb": JSONB(),
}


def sql_type(name: str) -> TypeEngine[Any]:
    """The SQLAlchemy type of a definition's type, such as ``numeric(15,2)``."""
    if name.startswith("numeric("):
        precision, scale = name.removeprefix("numeric(").removesuffix(")").split(",")
        return Numeric(int(precision), int(scale))
    return _TYPES[name]


def _build_table(table: ErpTable) -> Table:
    """Key, the definition's columns, when the row last changed here and when the ERP lost it."""
    return Table(
        table.name,
        Base.metadata,
        Column("tenant_id", Uuid, nullable=False),
        Column("integration_id", Uuid, nullable=False),
        *(_build_column(column) for column in list_sql_columns(table)),
        Column(CHANGED_AT, DateTime(timezone=True), nullable=False),
        Column(REMOVED_AT, DateTime(timezone=True)),
        PrimaryKeyConstraint("tenant_id", "integration_id", KEY),
        schema="staging",
    )


def _build_column(column: SqlColumn) -> Column[Any]:
    if column.name == KEY:
        return Column(KEY, Text(collation="C"), nullable=False)
    return Column(column.name, sql_type(column.sql_type), nullable=column.nullable)


STAGING = MappingProxyType({name: _build_table(table) for name, table in TABLES.items()})
"""The staging tables by name of the ERP table. They refer to nothing: children may come first."""


class SeenKey(TenantRow, Base):
    """A key that a load under way met in a complete snapshot; what it did not meet is gone."""

    __tablename__ = "seen_key"
    __table_args__ = ({"schema": "staging"},)

    load_id: Mapped[UUID] = mapped_column(primary_key=True)
    resource: Mapped[str] = mapped_column(primary_key=True)
    id_erp: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)


class StagingRejection(TenantRow, Base):
    """A row that was not taken, with every reason, kept for whoever mends it."""

    __tablename__ = "rejection"
    __table_args__ = (
        Index(
            "ix_rejection_open",
            "tenant_id",
            "integration_id",
            "resource",
            "id_erp",
            "load_id",
            postgresql_where=text("NOT is_settled"),
        ),
        {"schema": "staging"},
    )

    load_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    integration_id: Mapped[UUID]
    """That of the load."""
    resource: Mapped[str]
    """The ERP table, or the table of ours that a row could not be brought into."""
    row_index: Mapped[int]
    """Position among the rows that the load received for the resource, from 0."""
    id_erp: Mapped[str | None] = mapped_column(Text(collation="C"))
    errors: Mapped[list[Any]]
    """``[{"field", "code", "detail", "facts"}]``; the detail is a message id, unfilled."""
    raw: Mapped[str]
    """The row as it came, as JSON; if it was too long, a JSON text of its beginning."""
    at: Mapped[datetime]
    is_settled: Mapped[bool] = mapped_column(server_default=false())
    """Nobody has to mend it any more: a load met its key again, which is noted at once, or all of
    its table was read without it, which is noted once a day."""


class PushRejection(TenantRow, Base):
    """A row that was pushed and not taken, until it is sent right or removed."""

    __tablename__ = "push_rejection"
    __table_args__ = ({"schema": "staging"},)

    integration_id: Mapped[UUID] = mapped_column(primary_key=True)
    resource: Mapped[str] = mapped_column(primary_key=True)
    id_erp: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    """Empty for all rows without a key that could be told."""
    errors: Mapped[list[Any]]
    """As those of `StagingRejection`."""
    at: Mapped[datetime]
