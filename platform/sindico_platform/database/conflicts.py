"""Two who do the same at once: the database decides who came first."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.exc import DBAPIError, IntegrityError

from sindico_platform.database.tx import Tx
from sindico_platform.errors import SindicoError


@asynccontextmanager
async def refusing(tx: Tx, *constraints: str, error: SindicoError) -> AsyncIterator[None]:
    """Turn the violation of named constraints into an error; the transaction stays usable.

    What is written inside the block must be flushed there.

    Raises:
        SindicoError: `error`, if the block violates one of `constraints`.
    """
    try:
        async with tx.session.begin_nested():
            yield
    except IntegrityError as fault:
        if constraint_of(fault) in constraints:
            raise error from fault
        raise


def constraint_of(fault: DBAPIError) -> str | None:
    """Name of the constraint that was violated, if it has one."""
    # The driver's own fault, or SQLAlchemy's with the driver's behind it.
    raised = (fault.orig, getattr(fault.orig, "__cause__", None))
    return next(filter(None, (getattr(each, "constraint_name", None) for each in raised)), None)
