"""Columns that several of a tenant's tables share."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, Computed, Text, text
from sqlalchemy.orm import Mapped, mapped_column


class Recorded:
    """When a row was made and last changed, and by which user; no user means the ERP did it."""

    created_at: Mapped[datetime] = mapped_column(sort_order=900)
    created_by: Mapped[UUID | None] = mapped_column(sort_order=901)
    updated_at: Mapped[datetime] = mapped_column(sort_order=902)
    updated_by: Mapped[UUID | None] = mapped_column(sort_order=903)


class Revised:
    """Rows that count their changes, so that nobody overwrites what they have not seen."""

    revision: Mapped[int] = mapped_column(server_default=text("1"), sort_order=910)


class FromErp:
    """What a row needs to live beside its ERP's version of it."""

    pinned_fields: Mapped[list[str]] = mapped_column(
        ARRAY(Text), server_default=text("'{}'"), sort_order=800
    )
    """Fields edited here, which the ERP's next load leaves alone."""
    erp_removed_at: Mapped[datetime | None] = mapped_column(sort_order=801)
    """When a complete snapshot of the ERP no longer had the row; linked data stay."""


class Addressed:
    """A Brazilian address."""

    cep: Mapped[str | None] = mapped_column(sort_order=500)
    street: Mapped[str | None] = mapped_column(sort_order=501)
    number: Mapped[str | None] = mapped_column(sort_order=502)
    complement: Mapped[str | None] = mapped_column(sort_order=503)
    district: Mapped[str | None] = mapped_column(sort_order=504)
    city: Mapped[str | None] = mapped_column(sort_order=505)
    ibge_code: Mapped[str | None] = mapped_column(sort_order=506)
    """Seven digits, of which the first two are the state."""
    state: Mapped[str | None] = mapped_column(sort_order=507)
    """Two letters, such as ``SP``."""


class Reachable:
    """How to reach whoever the row is about."""

    email: Mapped[str | None] = mapped_column(sort_order=400)
    phone: Mapped[str | None] = mapped_column(sort_order=401)


def search_columns(name: str, *others: str) -> tuple[Computed, Computed]:
    """Generated columns that make a name sortable and several columns searchable.

    Returns:
        The name in its search form, and name and `others` together in theirs.
    """
    together = " || ' ' || ".join([name, *(f"COALESCE({other}, '')" for other in others)])
    return (
        Computed(f"control.search_form({name})", persisted=True),
        Computed(f"control.search_form({together})", persisted=True),
    )
