"""File servers' settings as callers send and see them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from sindico_platform.connection_tests.schemas import ConnectionReportOut, Stage
from sindico_platform.file_transport import Connection
from sindico_platform.schemas import Input, Output
from sindico_tenants.server_settings.schemas import ScopeLevel

PASSWORD_FIELD, PRIVATE_KEY_FIELD = "ftp-settings/password", "ftp-settings/private-key"
"""What the stored secrets are sealed for."""


class TransferMethod(StrEnum):
    """Who carries files between the CRM and the server."""

    APPLICATION = "application"
    CUSTOMER = "customer"
    """The customer's own server fetches what waits for it."""


PasswordText = Annotated[
    str | UnsetType | None,
    Meta(
        description="Absent: the stored one is kept. Null: removed. Never given back.",
        examples=["uma-senha"],
    ),
]
PrivateKeyText = Annotated[
    str | UnsetType | None,
    Meta(
        description=(
            "SFTP: a private key in OpenSSH or PEM form; the password opens it if it is "
            "encrypted. Absent: the stored one is kept. Null: removed. Never given back."
        ),
        examples=[None],
    ),
]
HostKeyText = Annotated[
    str | None,
    Meta(
        description="SFTP: the server's confirmed fingerprint, as the test shows it.",
        examples=["ssh-ed25519 SHA256:c003FFkiPrN6u63AJdLsscwX3qnFhDvXWQuuWgHIkqU"],
    ),
]
CertificateText = Annotated[
    str | None,
    Meta(
        description="FTPS: PEM certificates to trust instead of the public authorities.",
        examples=[None],
    ),
]


class FtpSettingsIn(Input, kw_only=True, frozen=True):
    """A file server for the tenant, a company (`company_id`) or one branch (`branch_id`)."""

    company_id: Annotated[UUID | None, Meta(examples=[None])] = None
    branch_id: Annotated[UUID | None, Meta(examples=[None])] = None
    host: Annotated[str | None, Meta(examples=["arquivos.empresa.com.br"])] = None
    port: Annotated[
        int | None, Meta(description="By default 21, or 22 with SFTP.", examples=[22])
    ] = None
    folder: Annotated[
        str, Meta(description="With /; empty is the user's own.", examples=["/crm/documentos"])
    ] = ""
    username: Annotated[str | None, Meta(examples=["crm"])] = None
    password: PasswordText = UNSET
    private_key: PrivateKeyText = UNSET
    connection: Annotated[Connection, Meta(examples=[Connection.SFTP])]
    transfer_method: TransferMethod = TransferMethod.APPLICATION
    host_key: HostKeyText = None
    ca_certificate: CertificateText = None


class FtpSettingsChangeIn(FtpSettingsIn, kw_only=True, frozen=True):
    """Settings that replace stored ones."""

    files_moved: Annotated[
        bool,
        Meta(
            description=(
                "Says that the documents' files are at the new address too, in the same folders. "
                "Without it, host, port, user and connection of a server on which files lie do "
                "not change."
            ),
            examples=[False],
        ),
    ] = False


class FtpTestIn(FtpSettingsIn, kw_only=True, frozen=True):
    """Settings to be tried as they are typed, whether they are saved or not."""

    settings_id: Annotated[
        UUID | None,
        Meta(
            description=(
                "Saved settings whose stored password and key are used where none is sent; only "
                "for the host, port, user and connection they were stored for."
            ),
            examples=[None],
        ),
    ] = None


class FtpSettingsItem(Output, kw_only=True, frozen=True):
    """One line of the list of file servers."""

    id: UUID
    level: ScopeLevel
    company_id: UUID | None
    company_name: str | None
    branch_id: UUID | None
    branch_name: str | None
    host: str | None
    port: int | None
    folder: str
    username: str | None
    connection: Connection
    transfer_method: TransferMethod
    tested_at: datetime | None
    test_succeeded: bool | None
    test_failed_stage: Stage | None
    used_at: datetime | None
    updated_at: datetime


class FtpSettingsOut(FtpSettingsItem, kw_only=True, frozen=True):
    """Everything about a file server's settings but the secrets themselves."""

    has_password: bool
    has_private_key: bool
    host_key: str | None
    ca_certificate: str | None
    documents: int
    """How many documents' files lie on it."""
    test_file: str | None
    """Name of the test file, which stays in the folder until it is removed."""
    report: ConnectionReportOut | None
    """The latest test of what is stored now."""
    created_at: datetime
    revision: int


class FtpTestsBegunOut(Output, kw_only=True, frozen=True):
    """Tests that are made in the background."""

    tests: int
