"""Issues, rotates and revokes tokens.

Everything issued after one sign-in is a family. A refresh token works once; presenting it again
means that somebody else holds a copy, so the whole family is revoked.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, delete, update

from sindico_platform.audit import service as audit
from sindico_platform.database.tx import Tx
from sindico_platform.identity import queries
from sindico_platform.identity.credentials import Credential
from sindico_platform.identity.models import Token, TokenFamily, UserState

ACCESS_LIFETIME = timedelta(minutes=15)
REFRESH_LIFETIME = timedelta(days=30)
"""From the last exchange; a family that is used goes on."""

Scope = frozenset[str] | None
"""Narrows the principal's permissions; `None` narrows nothing."""


class TokenKind(StrEnum):
    """What a token is for."""

    ACCESS = "access"
    REFRESH = "refresh"


LIFETIMES = {TokenKind.ACCESS: ACCESS_LIFETIME, TokenKind.REFRESH: REFRESH_LIFETIME}


@dataclass(frozen=True, kw_only=True, slots=True)
class IssuedTokens:
    """Shown once; only digests are kept."""

    principal_id: UUID
    """Of the user, or of the API client."""
    access: Credential
    refresh: Credential | None
    scope: Scope
    expires_in_seconds: int = int(ACCESS_LIFETIME.total_seconds())


@dataclass(frozen=True, slots=True)
class Reused:
    """A refresh token came a second time; its family has been revoked."""

    family_id: UUID


async def issue_to_user(tx: Tx, *, user_id: UUID, scope: Scope = None) -> IssuedTokens:
    """Start a family for a user: an access token and a refresh token."""
    await _forget_expired(tx, TokenFamily.user_id == user_id)
    family = await _start_family(tx, TokenFamily(user_id=user_id), REFRESH_LIFETIME)
    refresh = await _issue(tx, family, TokenKind.REFRESH, scope)
    access = await _issue(tx, family, TokenKind.ACCESS, scope)
    return IssuedTokens(principal_id=user_id, access=access, refresh=refresh, scope=scope)


async def issue_to_api_client(tx: Tx, *, api_client_id: UUID, scope: Scope = None) -> IssuedTokens:
    """Start a family for a program: an access token alone, as it keeps its credentials."""
    await _forget_expired(tx, TokenFamily.api_client_id == api_client_id)
    family = await _start_family(tx, TokenFamily(api_client_id=api_client_id), ACCESS_LIFETIME)
    access = await _issue(tx, family, TokenKind.ACCESS, scope)
    return IssuedTokens(principal_id=api_client_id, access=access, refresh=None, scope=scope)


async def issue_for_support(
    tx: Tx, *, user_id: UUID, support_session_id: UUID, ends_at: datetime
) -> Credential:
    """Give one access token that lasts as long as its support session; nothing renews it."""
    family = TokenFamily(user_id=user_id, support_session_id=support_session_id)
    family = await _start_family(tx, family, ends_at - tx.now)
    return await _issue(tx, family, TokenKind.ACCESS, None, lifetime=ends_at - tx.now)


async def exchange_refresh_token(
    tx: Tx, *, credential: Credential, scope: Scope = None
) -> IssuedTokens | Reused | None:
    """Give new tokens for a refresh token, which is used up by it.

    Args:
        scope: may narrow what the new access token allows, never widen it.

    Returns:
        `None` when the token is unknown, wrong, expired or revoked. After `Reused` the caller
        must let the transaction commit, or the revocation is lost.
    """
    token = await tx.session.get(Token, (tx.tenant_id, credential.id), with_for_update=True)
    if token is None or token.kind != TokenKind.REFRESH or not credential.proves(token.digest):
        return None
    family = await _lock_family(tx, token.family_id)
    if family.revoked_at is not None or token.expires_at <= tx.now or family.user_id is None:
        return None
    if (await queries.get_user(tx, family.user_id)).state != UserState.ACTIVE:
        return None
    if token.used_at is not None:
        await _revoke(tx, family, because="refresh-token-reused")
        return Reused(family.id)
    token.used_at = tx.now
    family.expires_at = tx.now + REFRESH_LIFETIME
    granted = None if token.scope is None else frozenset(token.scope)
    refresh = await _issue(tx, family, TokenKind.REFRESH, granted)
    narrowed = scope if granted is None or scope is None else granted & scope
    narrowed = granted if narrowed is None else narrowed
    access = await _issue(tx, family, TokenKind.ACCESS, narrowed)
    return IssuedTokens(principal_id=family.user_id, access=access, refresh=refresh, scope=narrowed)


async def revoke_token(tx: Tx, *, credential: Credential) -> bool:
    """End the family of a token, whichever of the two kinds is presented.

    Returns:
        Whether the token was known and right. Repeating the call changes nothing.
    """
    token = await tx.session.get(Token, (tx.tenant_id, credential.id))
    if token is None or not credential.proves(token.digest):
        return False
    family = await _lock_family(tx, token.family_id)
    if family.revoked_at is None:
        await _revoke(tx, family, because="revoked-by-holder")
    return True


async def revoke_tokens_of_user(
    tx: Tx, *, user_id: UUID, because: str, besides_family_of: UUID | None = None
) -> None:
    """End every family of a user, for instance because the password was changed.

    Args:
        besides_family_of: a token whose family goes on.
    """
    statement = update(TokenFamily).where(
        TokenFamily.tenant_id == tx.tenant_id,
        TokenFamily.user_id == user_id,
        TokenFamily.revoked_at.is_(None),
    )
    if besides_family_of:
        kept = await tx.session.get(Token, (tx.tenant_id, besides_family_of))
        if kept:
            statement = statement.where(TokenFamily.id != kept.family_id)
    await tx.session.execute(statement.values(revoked_at=tx.now, revoked_because=because))


async def _start_family(tx: Tx, family: TokenFamily, lifetime: timedelta) -> TokenFamily:
    family.tenant_id, family.id = tx.tenant_id, tx.new_id()
    family.created_at, family.expires_at = tx.now, tx.now + lifetime
    tx.session.add(family)
    await tx.session.flush()
    return family


async def _issue(
    tx: Tx,
    family: TokenFamily,
    kind: TokenKind,
    scope: Scope,
    *,
    lifetime: timedelta | None = None,
) -> Credential:
    credential = Credential.generate(tx.tenant_id, tx.new_id())
    lifetime = lifetime or LIFETIMES[kind]
    tx.session.add(
        Token(
            tenant_id=tx.tenant_id,
            id=credential.id,
            family_id=family.id,
            kind=kind,
            digest=credential.digest,
            scope=None if scope is None else sorted(scope),
            created_at=tx.now,
            expires_at=tx.now + lifetime,
        )
    )
    await tx.session.flush()
    return credential


async def _lock_family(tx: Tx, family_id: UUID) -> TokenFamily:
    key = (tx.tenant_id, family_id)
    return await tx.session.get_one(TokenFamily, key, with_for_update=True)


async def _revoke(tx: Tx, family: TokenFamily, *, because: str) -> None:
    family.revoked_at, family.revoked_because = tx.now, because
    await tx.session.flush()
    await audit.record(
        tx,
        "token:revoke",
        target_type="user" if family.user_id else "api_client",
        target_id=family.user_id or family.api_client_id,
        because=because,
    )


async def _forget_expired(tx: Tx, of_principal: ColumnElement[bool]) -> None:
    """Keep a principal's dead families from piling up; their tokens go with them."""
    await tx.session.execute(
        delete(TokenFamily).where(
            TokenFamily.tenant_id == tx.tenant_id, of_principal, TokenFamily.expires_at < tx.now
        )
    )
