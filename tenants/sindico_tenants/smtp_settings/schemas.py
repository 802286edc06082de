"""Mail servers' settings as callers send and see them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from sindico_platform.connection_tests.schemas import ConnectionReportOut, Stage
from sindico_platform.mail_transport import OAuthGrant
from sindico_platform.schemas import Input, Output
from sindico_tenants.server_settings.schemas import ScopeLevel

PASSWORD_FIELD = "smtp-settings/password"  # noqa: S105 (what the stored secrets are sealed for)
CLIENT_SECRET_FIELD = "smtp-settings/oauth-client-secret"  # noqa: S105 (as above)
REFRESH_TOKEN_FIELD = "smtp-settings/oauth-refresh-token"  # noqa: S105 (as above)

DEFAULT_CONNECTIONS = 2


class Authentication(StrEnum):
    """How a server is signed in to."""

    NONE = "none"
    PASSWORD = "password"  # noqa: S105 (the name of a way)
    OAUTH2 = "oauth2"


class MailSource(StrEnum):
    """From where a branch has the server it uses; the nearest one wins."""

    BRANCH = "branch"
    COMPANY = "company"
    TENANT = "tenant"
    MAIN = "main"
    """It has none, so the main server is used."""


SecretText = Annotated[
    str | UnsetType | None,
    Meta(description="Absent: the stored one is kept. Null: removed. Never given back."),
]
SecurityText = Annotated[
    Literal["ssl", "tls"] | None,
    Meta(
        description="`ssl` from the first byte, or `tls` by STARTTLS after a greeting.",
        examples=["tls"],
    ),
]
Secure = Annotated[
    bool | None,
    Meta(
        description="Absent: as `security` says. Without it nothing is encrypted.",
        examples=[True],
    ),
]


class OAuthIn(Input, kw_only=True, frozen=True):
    """Where access tokens for XOAUTH2 come from."""

    grant: OAuthGrant = OAuthGrant.CLIENT_CREDENTIALS
    token_url: Annotated[
        str,
        Meta(examples=["https://login.microsoftonline.com/empresa.com.br/oauth2/v2.0/token"]),
    ] = ""
    client_id: str = ""
    client_secret: SecretText = UNSET
    refresh_token: SecretText = UNSET
    scope: Annotated[str, Meta(examples=["https://outlook.office365.com/.default"])] = ""


class SmtpSettingsIn(Input, kw_only=True, frozen=True):
    """A mail server for the tenant, a company (`company_id`) or one branch (`branch_id`)."""

    company_id: Annotated[UUID | None, Meta(examples=[None])] = None
    branch_id: Annotated[UUID | None, Meta(examples=[None])] = None
    host: Annotated[str, Meta(examples=["smtp.empresa.com.br"])] = ""
    port: Annotated[int | None, Meta(examples=[587])] = None
    send_delay_seconds: Annotated[
        int, Meta(description="A mail leaves only so long after it was queued; 0 to 86400.")
    ] = 0
    sender_email: Annotated[
        str,
        Meta(
            description="From whom mails are, and to whom the test e-mail goes.",
            examples=["crm@empresa.com.br"],
        ),
    ] = ""
    sender_name: Annotated[str | None, Meta(examples=["CRM da Empresa"])] = None
    requires_authentication: Annotated[bool, Meta(examples=[True])] = False
    authentication: Annotated[
        Literal["password", "oauth2"], Meta(description="Where authentication is required.")
    ] = "password"
    username: Annotated[str | None, Meta(examples=["crm@empresa.com.br"])] = None
    password: Annotated[SecretText, Meta(examples=["uma-senha"])] = UNSET
    secure: Secure = None
    security: SecurityText = None
    ca_certificate: Annotated[
        str | None,
        Meta(
            description="PEM certificates to trust instead of the public authorities.",
            examples=[None],
        ),
    ] = None
    is_main: Annotated[
        bool,
        Meta(
            description=(
                "Sends what belongs to no branch, and for branches without a server of their "
                "own or above; at most one."
            )
        ),
    ] = False
    connections: Annotated[int, Meta(description="Connections to the server at once; 1 to 10.")] = (
        DEFAULT_CONNECTIONS
    )
    mails_per_minute: Annotated[
        int | None,
        Meta(description="1 to 6000; absent, as many as the server takes.", examples=[None]),
    ] = None
    oauth: Annotated[OAuthIn | None, Meta(examples=[None])] = None


class SmtpTestIn(SmtpSettingsIn, kw_only=True, frozen=True):
    """Settings to be tried as they are typed, whether they are saved or not."""

    settings_id: Annotated[
        UUID | None,
        Meta(
            description=(
                "Saved settings whose stored secrets are used where none is sent; only for the "
                "host, port, user and security they were stored for."
            ),
            examples=[None],
        ),
    ] = None


class SendFailureOut(Output, frozen=True):
    """Why a mail was not sent, or a server is left alone."""

    code: str
    detail: str
    advice: str | None


class SmtpSettingsItem(Output, kw_only=True, frozen=True):
    """One line of the list of mail servers."""

    id: UUID
    level: ScopeLevel
    company_id: UUID | None
    company_name: str | None
    branch_id: UUID | None
    branch_name: str | None
    host: str
    port: int
    send_delay_seconds: int
    sender_email: str
    sender_name: str | None
    requires_authentication: bool
    authentication: Authentication
    username: str | None
    secure: bool
    security: SecurityText
    is_main: bool
    tested_at: datetime | None
    test_succeeded: bool | None
    test_failed_stage: Stage | None
    used_at: datetime | None
    rests_until: datetime | None
    """No mail goes through it before, as it let nobody in; mails wait or take another."""
    send_failure: SendFailureOut | None
    """Why it rests."""
    updated_at: datetime


class OAuthOut(Output, kw_only=True, frozen=True):
    """Where access tokens come from, but the secrets themselves."""

    grant: OAuthGrant
    token_url: str
    client_id: str
    scope: str
    has_client_secret: bool
    has_refresh_token: bool


class SmtpSettingsOut(SmtpSettingsItem, kw_only=True, frozen=True):
    """Everything about a mail server's settings but the secrets themselves."""

    has_password: bool
    oauth: OAuthOut | None
    ca_certificate: str | None
    connections: int
    mails_per_minute: int | None
    report: ConnectionReportOut | None
    """The latest test of what is stored now."""
    created_at: datetime
    revision: int


class SmtpCoverageItem(Output, kw_only=True, frozen=True):
    """One branch, and the mail server it uses."""

    branch_id: UUID
    branch_name: str
    company_id: UUID
    company_name: str
    settings_id: UUID | None
    """None: no mail is sent for it."""
    source: MailSource | None
    """From where it has them."""
    host: str | None
    tested_at: datetime | None
    test_succeeded: bool | None
    used_at: datetime | None


class SmtpTestsBegunOut(Output, kw_only=True, frozen=True):
    """Tests that are made in the background."""

    tests: int
