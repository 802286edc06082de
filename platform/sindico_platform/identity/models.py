"""Rows of users, roles, API clients and every kind of credential."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Computed,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from sindico_platform.database.base import Base, TenantRow


def of_tenant() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["tenant_id"], ["control.tenant.tenant_id"])


def of_user(name: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["tenant_id", "user_id"],
        ["crm.tenant_user.tenant_id", "crm.tenant_user.id"],
        name=name,
        ondelete="CASCADE",
    )


class UserState(StrEnum):
    """Life of a user."""

    INVITED = "invited"
    """Has not yet chosen a password."""
    ACTIVE = "active"
    DISABLED = "disabled"


class TenantUser(TenantRow, Base):
    """A person of a tenant, who signs in as ``login@domain``."""

    __tablename__ = "tenant_user"
    __table_args__ = (
        of_tenant(),
        UniqueConstraint("tenant_id", "login", name="uq_tenant_user_login"),
        CheckConstraint("state IN ('invited','active','disabled')", name="state"),
        CheckConstraint("login = lower(login) AND login !~ '[@[:space:]]'", name="login"),
        CheckConstraint("can_sign_in OR password_digest IS NULL", name="credential"),
        Index("ix_tenant_user_search_name", "tenant_id", "search_name", "id"),
        {"schema": "crm"},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    login: Mapped[str]
    """What stands before the @; lower case."""
    email: Mapped[str | None]
    name: Mapped[str]
    search_name: Mapped[str] = mapped_column(Computed("control.search_form(name)", persisted=True))
    locale: Mapped[str | None]
    """The tenant's locale where none is chosen."""
    state: Mapped[str]
    can_sign_in: Mapped[bool]
    """False for users that staff act as; such a user never gets a credential."""
    has_second_factor: Mapped[bool]
    """The password form of the token endpoint is refused to such users."""
    password_digest: Mapped[str | None]
    """Argon2id, in PHC form."""
    password_changed_at: Mapped[datetime | None]
    last_sign_in_at: Mapped[datetime | None]
    revision: Mapped[int]
    """Counts changes; the ETag."""
    created_at: Mapped[datetime]


class Role(TenantRow, Base):
    """A set of permissions under a name."""

    __tablename__ = "role"
    __table_args__ = (
        of_tenant(),
        UniqueConstraint("tenant_id", "code", name="uq_role_code"),
        UniqueConstraint("tenant_id", "name_key", name="uq_role_name_key"),
        {"schema": "crm"},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str]
    """Stable; made from the name once."""
    name: Mapped[str]
    name_key: Mapped[str] = mapped_column(Computed("crm.role_name_key(name)", persisted=True))
    """The name without case, accents, spaces and dashes."""
    description: Mapped[str]
    permissions: Mapped[list[str]] = mapped_column(ARRAY(Text))
    """``resource:access``, sorted."""
    declared_permissions: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    """What a default role's declaration granted when it was last reconciled, so that the next
    release adds what is new and leaves alone what the customer took away. NULL for other roles."""
    is_locked: Mapped[bool]
    """The grid cannot be edited."""
    revision: Mapped[int]
    created_at: Mapped[datetime]

    @property
    def is_default(self) -> bool:
        return self.declared_permissions is not None


class UserRole(TenantRow, Base):
    """A role held by a user."""

    __tablename__ = "user_role"
    __table_args__ = (
        of_user("fk_user_role_tenant_user"),
        ForeignKeyConstraint(["tenant_id", "role_id"], ["crm.role.tenant_id", "crm.role.id"]),
        Index("ix_user_role_role_id", "tenant_id", "role_id"),
        {"schema": "crm"},
    )

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    role_id: Mapped[UUID] = mapped_column(primary_key=True)


class ApiClient(TenantRow, Base):
    """A program of the tenant; its id is the selector of its credential."""

    __tablename__ = "api_client"
    __table_args__ = (
        of_tenant(),
        UniqueConstraint("tenant_id", "name", name="uq_api_client_name"),
        {"schema": "crm"},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    permissions: Mapped[list[str]] = mapped_column(ARRAY(Text))
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    created_by: Mapped[str]
    """Name of the actor, kept as it was."""
    rotated_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    revision: Mapped[int]
    created_at: Mapped[datetime]


class SupportSession(TenantRow, Base):
    """Somebody of the vendor may act as the tenant's support user, until it ends or is revoked."""

    __tablename__ = "support_session"
    __table_args__ = (
        of_tenant(),
        CheckConstraint("ends_at > created_at", name="span"),
        Index("ix_support_session_created_at", "tenant_id", "created_at", "id"),
        {"schema": "control"},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    operator_tenant_id: Mapped[UUID]
    operator_id: Mapped[UUID]
    operator_name: Mapped[str]
    reason: Mapped[str]
    created_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str | None]


def of_support_session(name: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["tenant_id", "support_session_id"],
        ["control.support_session.tenant_id", "control.support_session.id"],
        name=name,
    )


class TokenFamily(TenantRow, Base):
    """Everything issued after one sign-in: access tokens and the refresh tokens between them."""

    __tablename__ = "token_family"
    __table_args__ = (
        of_user("fk_token_family_tenant_user"),
        ForeignKeyConstraint(
            ["tenant_id", "api_client_id"],
            ["crm.api_client.tenant_id", "crm.api_client.id"],
            ondelete="CASCADE",
        ),
        of_support_session("fk_token_family_support_session"),
        CheckConstraint("num_nonnulls(user_id, api_client_id) = 1", name="principal"),
        Index("ix_token_family_user_id", "tenant_id", "user_id", "expires_at"),
        Index("ix_token_family_api_client_id", "tenant_id", "api_client_id", "expires_at"),
        {"schema": "crm"},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID | None]
    api_client_id: Mapped[UUID | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    """When its last token expires."""
    revoked_at: Mapped[datetime | None]
    revoked_because: Mapped[str | None]
    support_session_id: Mapped[UUID | None]
    """The support session it belongs to and ends with."""


class Token(TenantRow, Base):
    """One access or refresh token."""

    __tablename__ = "token"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "family_id"],
            ["crm.token_family.tenant_id", "crm.token_family.id"],
            ondelete="CASCADE",
        ),
        CheckConstraint("kind IN ('access','refresh')", name="kind"),
        Index("ix_token_family_id", "tenant_id", "family_id"),
        {"schema": "crm"},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    family_id: Mapped[UUID]
    kind: Mapped[str]
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    scope: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    """Narrows the principal's permissions; NULL narrows nothing."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    """When a refresh token was exchanged; using it again revokes the family."""


class Session(TenantRow, Base):
    """A console session; its id is the selector of the cookie."""

    __tablename__ = "session"
    __table_args__ = (
        of_user("fk_session_tenant_user"),
        of_support_session("fk_session_support_session"),
        Index("ix_session_user_id", "tenant_id", "user_id", "expires_at"),
        {"schema": "crm"},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID]
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    address: Mapped[str]
    user_agent: Mapped[str]
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    """To within some minutes."""
    expires_at: Mapped[datetime]
    """Absolute; idleness ends it earlier."""
    revoked_at: Mapped[datetime | None]
    support_session_id: Mapped[UUID | None]
    """The support session it belongs to and ends with."""


class OneTimeLink(TenantRow, Base):
    """An invitation or a password reset; its id is the selector of the link."""

    __tablename__ = "one_time_link"
    __table_args__ = (
        of_user("fk_one_time_link_tenant_user"),
        CheckConstraint("purpose IN ('invitation','reset')", name="purpose"),
        Index("ix_one_time_link_user_id", "tenant_id", "user_id"),
        {"schema": "crm"},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID]
    purpose: Mapped[str]
    digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    """NULL until the secret is made, which is when the mail is sent or the link is shown."""
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
