"""Opens and ends support sessions.

The support user has no credential of its own. What is issued here belongs to the session: it ends
with it, with the session's revocation, and with the operator's own account.
"""

from datetime import timedelta
from uuid import UUID

from sindico_platform.audit import service as audit
from sindico_platform.database.tx import ActorKind, Tx
from sindico_platform.identity import queries as identity
from sindico_platform.identity.credentials import Credential
from sindico_platform.identity.models import SupportSession, UserState
from sindico_platform.identity.support_sessions import queries
from sindico_platform.identity.support_sessions.errors import PeopleAlone, SupportUserMissing
from sindico_platform.identity.tokens import service as tokens


async def open_support_session(
    tx: Tx, *, login: str, reason: str, minutes: int
) -> tuple[SupportSession, Credential]:
    """Let the actor, who is of the vendor, act as the bound tenant's support user.

    Args:
        login: of the support user.

    Returns:
        The session and its access token, which is not kept: show it once.

    Raises:
        PeopleAlone: the actor is a program.
        SupportUserMissing: the tenant has no such user, or it is disabled.
    """
    actor = tx.actor
    if actor.kind is not ActorKind.USER or actor.id is None:
        raise PeopleAlone
    user = await identity.find_user_by_login(tx, login)
    if user is None or user.can_sign_in or user.state != UserState.ACTIVE:
        raise SupportUserMissing
    session = SupportSession(
        tenant_id=tx.tenant_id,
        id=tx.new_id(),
        operator_tenant_id=actor.tenant_id,
        operator_id=actor.id,
        operator_name=actor.name,
        reason=reason.strip(),
        created_at=tx.now,
        ends_at=tx.now + timedelta(minutes=minutes),
    )
    tx.session.add(session)
    await tx.session.flush()
    token = await tokens.issue_for_support(
        tx, user_id=user.id, support_session_id=session.id, ends_at=session.ends_at
    )
    await audit.record(
        tx,
        "support-session:open",
        target_type="support_session",
        target_id=session.id,
        reason=session.reason,
        ends_at=session.ends_at,
    )
    return session, token


async def revoke_support_session(tx: Tx, *, session_id: UUID) -> SupportSession:
    """End a session now; whatever was issued in it ends too. Repeating the call changes nothing.

    Raises:
        SupportSessionNotFound: no such session.
    """
    session = await queries.lock_support_session(tx, session_id)
    if session.revoked_at is None and session.ends_at > tx.now:
        session.revoked_at, session.revoked_by = tx.now, tx.actor.name
        await tx.session.flush()
        await audit.record(
            tx, "support-session:revoke", target_type="support_session", target_id=session.id
        )
    return session
