"""One statement binds the tenant, finds the credential and says who presents it.

The statement runs by itself, without a transaction around it, and changes nothing. The secret is
compared here in constant time; only a caller who proved it learns more than "not signed in".
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sindico_platform.database.driver import Row
from sindico_platform.database.tx import Actor, ActorKind
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.identity.credentials import Credential
from sindico_platform.identity.errors import (
    NotAuthenticated,
    TenantClosed,
    TenantSuspended,
    TokenExpired,
)
from sindico_platform.tenancy.models import TenantState

AUTHENTICATE = "SELECT * FROM crm.authenticate($1, $2, $3)"
SESSION_IDLE = timedelta(hours=12)


class CredentialKind(StrEnum):
    """What the doors take: a bearer on the API, a cookie on the console."""

    ACCESS = "access"
    SESSION = "session"


@dataclass(frozen=True, kw_only=True, slots=True)
class Principal:
    """Who was let in, with what screens show of it."""

    actor: Actor
    credential_id: UUID
    display_name: str
    tenant_name: str
    domain: str
    seen_at: datetime
    """When a session was last seen; when a token was made."""
    expires_at: datetime
    at: datetime
    """The database's clock."""


async def authenticate(
    uow: UnitOfWork, presented: str | None, kind: CredentialKind, *, request_id: str | None = None
) -> Principal:
    """Let the bearer of a credential in.

    Raises:
        NotAuthenticated: nothing presented, malformed, unknown, wrong or revoked.
        TokenExpired: right, and too old.
        TenantSuspended, TenantClosed: right, and the tenant is not active.
    """
    credential = Credential.parse(presented) if presented else None
    if credential is None:
        raise NotAuthenticated
    row = await uow.ask(AUTHENTICATE, kind, credential.tenant_id, credential.id)
    if row is None or not credential.proves(row.digest) or row.is_revoked:
        raise NotAuthenticated
    _demand_time_left(row, kind)
    demand_active_tenant(row.tenant_state)
    return _principal(credential, row, request_id)


def demand_active_tenant(state: str) -> None:
    """Refuse everybody of a tenant that is not active.

    Raises:
        TenantSuspended, TenantClosed: it is not.
    """
    if state == TenantState.SUSPENDED:
        raise TenantSuspended
    if state != TenantState.ACTIVE:
        raise TenantClosed


def _demand_time_left(row: Row, kind: CredentialKind) -> None:
    idle = kind is CredentialKind.SESSION and row.at - row.seen_at > SESSION_IDLE
    if idle or row.at >= row.expires_at:
        raise TokenExpired


def _principal(credential: Credential, row: Row, request_id: str | None) -> Principal:
    permissions = frozenset(row.permissions.split())
    if row.scope is not None:
        permissions &= frozenset(row.scope)
    name = f"{row.login}@{row.domain}" if row.login else row.display_name
    if row.operator_name is not None:
        name = f"{row.operator_name} ({name})"
    actor = Actor(
        tenant_id=credential.tenant_id,
        kind=ActorKind(row.actor_kind),
        id=row.actor_id,
        name=name,
        permissions=permissions,
        is_master=row.is_master,
        locale=row.locale,
        timezone=row.timezone,
        request_id=request_id,
        support_session_id=row.support_session_id,
    )
    return Principal(
        actor=actor,
        credential_id=credential.id,
        display_name=row.display_name,
        tenant_name=row.tenant_name,
        domain=row.domain,
        seen_at=row.seen_at,
        expires_at=row.expires_at,
        at=row.at,
    )
