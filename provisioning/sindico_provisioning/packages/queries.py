"""Every SELECT on subscriptions."""

from sqlalchemy import select

from sindico_platform.database.tx import Tx
from sindico_provisioning.packages.errors import SubscriptionNotFound
from sindico_provisioning.packages.models import Subscription


async def find_subscription(tx: Tx, *, lock: bool = False) -> Subscription | None:
    """What the bound tenant bought; the master tenant bought nothing.

    Args:
        lock: hold the row to the end of the transaction, so that counting against a limit and
            adding to it are one step for everybody.
    """
    query = select(Subscription).where(Subscription.tenant_id == tx.tenant_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    subscription: Subscription | None = await tx.session.scalar(query)
    return subscription


async def get_subscription(tx: Tx, *, lock: bool = False) -> Subscription:
    """As `find_subscription`, of a tenant that was sold something.

    Raises:
        SubscriptionNotFound: the bound tenant is none, or the master tenant.
    """
    subscription = await find_subscription(tx, lock=lock)
    if subscription is None:
        raise SubscriptionNotFound
    return subscription
