"""The declarative base: types and constraint names every table shares."""

from datetime import date, datetime
from typing import Any, ClassVar, cast
from uuid import UUID

from sqlalchemy import BigInteger, Date, DateTime, MetaData, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Instants are ``timestamptz``, texts have no length limit of their own, JSON is ``jsonb``."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        UUID: Uuid,
        str: Text,
        int: BigInteger,
        date: Date,
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
    }


def table_of(model: type[Base]) -> Table:
    """The bare table of a model: executing against it skips the ORM, which hot paths need."""
    return cast("Table", model.__table__)


class TenantRow:
    """Mixin of every table with rows of a tenant: `tenant_id` leads the primary key.

    Isolation is the database's: the table's migration forces row-level security on it.
    """

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-100)
