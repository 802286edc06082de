"""Sets passwords, and ends what the old one opened."""

from uuid import UUID

from sindico_platform.audit import service as audit
from sindico_platform.database.tx import Tx
from sindico_platform.identity import queries
from sindico_platform.identity.models import TenantUser, UserState
from sindico_platform.identity.sessions import service as sessions
from sindico_platform.identity.tokens import service as tokens


async def set_password(
    tx: Tx,
    *,
    user_id: UUID,
    digest: str,
    how: str,
    keep_session: UUID | None = None,
    keep_token: UUID | None = None,
) -> TenantUser:
    """Give a user a password and end every session and token that the old one opened.

    An invited user becomes active by it.

    Args:
        digest: from `PasswordHasher.digest`, made before the transaction began.
        how: ``chosen``, ``invitation`` or ``reset``, for the audit trail.
        keep_session: the session that asks for it, which goes on.
        keep_token: the access token that asks for it; its family goes on.

    Raises:
        UserNotFound: no such user.
        ValueError: the user is one that never gets a credential.
    """
    user = await queries.lock_user(tx, user_id)
    if not user.can_sign_in:
        raise ValueError(f"{user.login} never gets a credential")
    user.password_digest, user.password_changed_at = digest, tx.now
    if user.state == UserState.INVITED:
        user.state = UserState.ACTIVE
    user.revision += 1
    await tx.session.flush()
    await sessions.close_sessions_of_user(tx, user_id=user_id, besides=keep_session)
    await tokens.revoke_tokens_of_user(
        tx, user_id=user_id, because="password-changed", besides_family_of=keep_token
    )
    await audit.record(tx, "user:password", target_type="user", target_id=user_id, how=how)
    return user
