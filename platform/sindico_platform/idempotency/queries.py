"""Every SELECT on idempotency keys."""

from sqlalchemy import ColumnElement, select

from sindico_platform.database.tx import Tx
from sindico_platform.idempotency.models import IdempotencyKey
from sindico_platform.idempotency.schemas import Request


def row_of(request: Request) -> list[ColumnElement[bool]]:
    """The conditions that name the request's row."""
    return [
        IdempotencyKey.tenant_id == request.tenant_id,
        IdempotencyKey.client == request.client,
        IdempotencyKey.route == request.route,
        IdempotencyKey.key == request.key,
    ]


async def find_key(tx: Tx, request: Request) -> IdempotencyKey | None:
    """Read the row of a request, whatever its state."""
    statement = select(IdempotencyKey).where(*row_of(request))
    return (await tx.session.scalars(statement)).one_or_none()
