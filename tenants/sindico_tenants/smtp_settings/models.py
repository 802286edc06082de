"""Rows of mail servers' settings."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from sindico_platform.database.base import Base
from sindico_tenants.server_settings.models import ServerSettings, scope_constraints


class SmtpSettings(ServerSettings, Base):
    """One mail server, and as whom mails go through it."""

    __tablename__ = "smtp_settings"
    __table_args__ = (
        *scope_constraints("smtp_settings"),
        CheckConstraint("host IS NOT NULL", name="host"),
        CheckConstraint("security IN ('none','ssl','tls')", name="security"),
        CheckConstraint("authentication IN ('none','password','oauth2')", name="authentication"),
        CheckConstraint(
            "(authentication = 'none') = (username IS NULL)"
            " AND (authentication = 'none' OR security <> 'none')",
            name="sign_in",
        ),
        CheckConstraint(
            "(authentication = 'oauth2') = (oauth_token_url IS NOT NULL)", name="oauth"
        ),
        Index(
            "uq_smtp_settings_is_main", "tenant_id", unique=True, postgresql_where=text("is_main")
        ),
        {"schema": "crm"},
    )

    send_delay_seconds: Mapped[int]
    """A mail leaves only so long after it was queued (R-059)."""
    sender_email: Mapped[str]
    """In its normal form, also the recipient of tests (R-060, R-069)."""
    sender_name: Mapped[str | None]
    security: Mapped[str]
    """How the connection is encrypted (R-065, R-066)."""
    authentication: Mapped[str]
    username: Mapped[str | None]
    password_sealed: Mapped[str | None]
    oauth_grant: Mapped[str | None]
    oauth_token_url: Mapped[str | None]
    oauth_client_id: Mapped[str | None]
    oauth_scope: Mapped[str | None]
    oauth_client_secret_sealed: Mapped[str | None]
    oauth_refresh_token_sealed: Mapped[str | None]
    ca_certificate: Mapped[str | None]
    """PEM: trusted for this server instead of the public authorities."""
    is_main: Mapped[bool]
    """At most one of a tenant (R-067)."""
    connections: Mapped[int]
    """How many connections to the server are open at once, at most."""
    mails_per_minute: Mapped[int | None]
    """None: as many as the server takes."""
    send_failures: Mapped[int] = mapped_column(server_default=text("0"), sort_order=930)
    """How often in a row it did not let us in."""
    rests_until: Mapped[datetime | None] = mapped_column(sort_order=931)
    """No mail goes through it before, because it failed or to keep its pace."""
    send_error: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True), sort_order=932)
    """Why it rests: code, detail, advice and facts."""
