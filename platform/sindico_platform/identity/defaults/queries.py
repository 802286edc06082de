"""Reads for default users."""

from uuid import UUID

from sqlalchemy import Select, literal, select

from sindico_platform.database.tx import Tx
from sindico_platform.identity.models import Role


def row_of_held_role(tx: Tx, user_id: UUID, role: str) -> Select[UUID, UUID, UUID]:
    """The row of `user_role` by which a user holds the role of a code; none without the role."""
    return select(literal(tx.tenant_id), literal(user_id), Role.id).where(
        Role.tenant_id == tx.tenant_id, Role.code == role
    )
