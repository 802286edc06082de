"""Opens support sessions and tells the tenant."""

from sindico_platform.database.tx import Tx
from sindico_platform.identity.credentials import Credential
from sindico_platform.identity.models import SupportSession
from sindico_platform.identity.support_sessions import service as sessions
from sindico_provisioning.default_records.catalogue import SUPPORT_USER
from sindico_provisioning.notifications import service as notifications
from sindico_provisioning.notifications.catalogue import SUPPORT_SESSION_OPENED
from sindico_provisioning.tenant_registry import queries as registry


async def open_support_session(
    tx: Tx, *, reason: str, minutes: int
) -> tuple[SupportSession, Credential]:
    """Let the actor act as `suportecrm` in the bound tenant, and notify its people.

    Returns:
        The session and its access token, to be shown once.

    Raises:
        TenantNotFound: no such tenant.
        PeopleAlone, SupportUserMissing: as the identity service says.
    """
    await registry.get_tenant(tx)
    session, token = await sessions.open_support_session(
        tx, login=SUPPORT_USER.login, reason=reason, minutes=minutes
    )
    await notifications.notify(
        tx,
        SUPPORT_SESSION_OPENED,
        operator=session.operator_name,
        ends_at=session.ends_at,
        reason=session.reason,
    )
    return session, token
