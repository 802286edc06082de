"""Documents as callers send and see them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from sindico_platform.schemas import Input, Output
from sindico_tenants.documents.models import DocumentKind, DocumentState
from sindico_tenants.ftp_settings.schemas import TransferMethod


class AttachedTo(StrEnum):
    """What documents can be attached to; the codes are those of the permission grid."""

    ACCOUNTS = "accounts"
    CONTACTS = "contacts"
    COMPANIES = "companies"
    BRANCHES = "branches"


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """What a document is attached to, and whose file server it goes to.

    Without company and branch these are the record's own.
    """

    resource: AttachedTo | None = None
    record_id: UUID | None = None
    company_id: UUID | None = None
    branch_id: UUID | None = None


class LinkIn(Input, kw_only=True, frozen=True):
    """A link to a document that lies elsewhere; it needs no file server."""

    name: Annotated[str, Meta(examples=["Contrato assinado"])]
    url: Annotated[
        str,
        Meta(
            description="http or https, without user and password, up to 2000 characters.",
            examples=["https://arquivos.empresa.com.br/contrato.pdf"],
        ),
    ]
    description: Annotated[str | None, Meta(examples=[None])] = None
    resource: Annotated[AttachedTo | None, Meta(examples=[None])] = None
    record_id: Annotated[UUID | None, Meta(examples=[None])] = None
    company_id: Annotated[UUID | None, Meta(examples=[None])] = None
    branch_id: Annotated[UUID | None, Meta(examples=[None])] = None


class DocumentEditIn(Input, kw_only=True, frozen=True):
    """What is to change; an absent field stays."""

    name: Annotated[str | UnsetType, Meta(examples=["Contrato de 2026"])] = UNSET
    description: str | UnsetType | None = UNSET
    url: Annotated[
        str | UnsetType,
        Meta(
            description="Of links only.", examples=["https://arquivos.empresa.com.br/contrato.pdf"]
        ),
    ] = UNSET


class DocumentReasonOut(Output, frozen=True):
    """Why a file did not get to its server."""

    code: str
    detail: str
    advice: str | None
    """What to do about it."""
    facts: dict[str, Any]


class DocumentOut(Output, kw_only=True, frozen=True):
    """A document, but for its bytes."""

    id: UUID
    kind: DocumentKind
    state: DocumentState
    reason: DocumentReasonOut | None
    """Of the last attempt that failed."""
    name: str
    description: str | None
    resource: AttachedTo | None
    record_id: UUID | None
    company_id: UUID | None
    branch_id: UUID | None
    url: str | None
    filename: str | None
    content_type: str | None
    size_bytes: int | None
    sha256: str | None
    """64 hex digits."""
    transfer_method: TransferMethod | None
    folder: str | None
    """On the customer's server."""
    stored_name: str | None
    ftp_settings_id: UUID | None
    """By which FTP configuration it was stored, or would be."""
    stored_at: datetime | None
    fetched_at: datetime | None
    """When the customer's server fetched it last."""
    overdue_at: datetime | None
    """When it was told that it waits too long for the customer's server, or is not stored."""
    created_at: datetime
    created_by: UUID | None
    created_by_name: str | None
    updated_at: datetime
    updated_by: UUID | None
    revision: int


class PickupOut(Output, kw_only=True, frozen=True):
    """A file that waits for the customer's server to fetch it."""

    id: UUID
    filename: str
    stored_name: str
    """The name to keep it under: of nobody else's file."""
    folder: str
    content_type: str
    size_bytes: int
    sha256: str
    """64 hex digits; to be sent back to confirm."""
    company_id: UUID | None
    branch_id: UUID | None
    waiting_since: datetime
    fetched_at: datetime | None
    content_url: str
    """Signed and good for an hour; the caller's credentials are asked for all the same."""


class PickupConfirmIn(Input, kw_only=True, frozen=True):
    """What the customer's server has received."""

    sha256: Annotated[
        str,
        Meta(
            description="Of the bytes that arrived, in hex.",
            examples=["e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
        ),
    ]


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentFilters:
    """Which documents; None does not restrict."""

    q: str | None = None
    """Part of the name, description or file name."""
    kind: DocumentKind | None = None
    transfer_method: TransferMethod | None = None
    ftp_settings_id: UUID | None = None
    """On whose server the files lie, or would."""
    state: DocumentState | None = None
    resource: AttachedTo | None = None
    record_id: UUID | None = None
    company_id: UUID | None = None
    branch_id: UUID | None = None
