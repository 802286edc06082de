"""Rows of what has arrived."""

from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from sindico_platform.database.base import Base, TenantRow


class Arrival(TenantRow, Base):
    """A push that changed rows. A later one takes its place, a run that brought its rows ends it.

    It is committed with the rows, so whoever sees it sees them. A run forgets those alone that it
    saw before it began: one that is committed later stays, whenever its push began.
    """

    __tablename__ = "arrival"
    __table_args__ = ({"schema": "staging"},)

    integration_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
