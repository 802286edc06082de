"""Every SELECT on documents."""

from collections.abc import Iterable
from dataclasses import fields
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, literal, or_, select, union_all

from sindico_platform.database.tx import Tx
from sindico_platform.paging.keyset import Keyset
from sindico_platform.paging.schemas import Page, PageRequest
from sindico_platform.words import Translate, in_english
from sindico_tenants.accounts.models import Account, Contact
from sindico_tenants.companies.models import Branch, Company
from sindico_tenants.documents.errors import DocumentNotFound, PickupNotFound
from sindico_tenants.documents.models import Document, DocumentKind, DocumentState
from sindico_tenants.documents.schemas import (
    AttachedTo,
    DocumentFilters,
    DocumentOut,
    DocumentReasonOut,
)
from sindico_tenants.ftp_settings.models import FtpSettings
from sindico_tenants.ftp_settings.schemas import TransferMethod
from sindico_tenants.search import clean_query, pattern_of, pattern_text

ORDERS = Keyset(
    Document.id, default="-created_at", created_at=Document.id, name=Document.search_name
)
PICKUP_ORDERS = Keyset(Document.id, default="created_at", created_at=Document.id)
_SHOWN = tuple(
    name
    for name in DocumentOut.__struct_fields__
    if name not in {"kind", "state", "reason", "resource", "transfer_method"}
)
_RECORDS: dict[AttachedTo, Any] = {
    AttachedTo.ACCOUNTS: Account,
    AttachedTo.CONTACTS: Contact,
    AttachedTo.COMPANIES: Company,
    AttachedTo.BRANCHES: Branch,
}
_EXACT = tuple(each.name for each in fields(DocumentFilters) if each.name != "q")


async def list_documents(
    tx: Tx,
    *,
    request: PageRequest,
    filters: DocumentFilters,
    translate: Translate = in_english,
) -> Page[DocumentOut]:
    """List the documents of records that the actor may see, and those attached to none."""
    columns: list[Any] = [
        Document,
        Document.id,
        ORDERS.column_of(request).label("order_value"),
    ]
    statement = select(*columns).where(*_visible(tx), *_matching(filters))
    rows = (await tx.session.execute(ORDERS.apply(statement, request))).all()
    return ORDERS.page(rows, request, lambda row: show_document(row[0], translate))


async def name_records(
    tx: Tx, asked: Iterable[tuple[AttachedTo, UUID]]
) -> dict[tuple[AttachedTo, UUID], str]:
    """The names of records that documents are attached to; those that are gone have none."""
    by_resource: dict[AttachedTo, set[UUID]] = {}
    for resource, record_id in asked:
        by_resource.setdefault(resource, set()).add(record_id)
    if not by_resource:
        return {}
    named: list[Any] = [
        select(literal(resource.value).label("resource"), table.id, table.name).where(
            table.tenant_id == tx.tenant_id, table.id.in_(ids)
        )
        for resource, ids in by_resource.items()
        for table in (_RECORDS[resource],)
    ]
    rows = await tx.session.execute(union_all(*named))
    return {(AttachedTo(row.resource), row.id): row.name for row in rows}


async def get_document(tx: Tx, document_id: UUID, *, lock: bool = False) -> Document:
    """One document that the actor may see.

    Raises:
        DocumentNotFound: no such document, or it was removed, or is of a hidden record.
    """
    statement = select(Document).where(*_visible(tx), Document.id == document_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    found: Document | None = await tx.session.scalar(statement)
    if found is None:
        raise DocumentNotFound(document_id=str(document_id))
    return found


async def lock_file(tx: Tx, document_id: UUID) -> Document | None:
    """Lock a file's row, whatever its state; for the jobs."""
    statement = (
        select(Document)
        .where(
            Document.tenant_id == tx.tenant_id,
            Document.id == document_id,
            Document.kind == DocumentKind.FILE,
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    found: Document | None = await tx.session.scalar(statement)
    return found


async def list_waiting(tx: Tx, *, request: PageRequest) -> Page[Document]:
    """List what waits for the customer's server, oldest first."""
    columns: list[Any] = [Document, Document.id, Document.id.label("order_value")]
    statement = select(*columns).where(*_waiting(tx))
    rows = (await tx.session.execute(PICKUP_ORDERS.apply(statement, request))).all()
    return PICKUP_ORDERS.page(rows, request, lambda row: row[0])


async def lock_waiting(tx: Tx, document_id: UUID) -> Document:
    """Lock one file that waits for the customer's server.

    Raises:
        PickupNotFound: none of that id waits.
    """
    statement = select(Document).where(*_waiting(tx), Document.id == document_id)
    found: Document | None = await tx.session.scalar(statement.with_for_update())
    if found is None:
        raise PickupNotFound(document_id=str(document_id))
    return found


async def find_confirmed(tx: Tx, document_id: UUID) -> Document | None:
    """A file that the customer's server has confirmed."""
    statement = select(Document).where(
        Document.tenant_id == tx.tenant_id,
        Document.id == document_id,
        Document.transfer_method == TransferMethod.CUSTOMER,
        Document.state == DocumentState.STORED,
    )
    found: Document | None = await tx.session.scalar(statement)
    return found


async def find_settings(tx: Tx, document: Document) -> FtpSettings | None:
    """The settings a file was stored by; no others know where it lies."""
    found: FtpSettings | None = await tx.session.scalar(
        select(FtpSettings).where(
            FtpSettings.tenant_id == tx.tenant_id, FtpSettings.id == document.ftp_settings_id
        )
    )
    return found


async def count_on_server(tx: Tx, settings_id: UUID) -> int:
    """How many documents' files lie on the server of these settings."""
    statement = (
        select(func.count())
        .select_from(Document)
        .where(
            Document.tenant_id == tx.tenant_id,
            Document.ftp_settings_id == settings_id,
            Document.state == DocumentState.STORED,
        )
    )
    return await tx.session.scalar(statement) or 0


def show_document(row: Document, translate: Translate = in_english) -> DocumentOut:
    """The document as its readers see it."""
    method = row.transfer_method
    return DocumentOut(
        **{name: getattr(row, name) for name in _SHOWN},
        kind=DocumentKind(row.kind),
        state=DocumentState(row.state),
        reason=None if row.reason is None else _show_reason(row.reason, translate),
        resource=None if row.resource is None else AttachedTo(row.resource),
        transfer_method=None if method is None else TransferMethod(method),
    )


def _show_reason(reason: dict[str, Any], translate: Translate) -> DocumentReasonOut:
    facts, advice = reason["facts"], reason.get("advice")
    return DocumentReasonOut(
        code=reason["code"],
        detail=translate(reason["detail"], **facts),
        advice=translate(advice, **facts) if advice else None,
        facts=facts,
    )


def _visible(tx: Tx) -> list[ColumnElement[bool]]:
    seen = [each.value for each in AttachedTo if tx.actor.may(f"{each}:view")]
    return [
        Document.tenant_id == tx.tenant_id,
        Document.state != DocumentState.REMOVED,
        or_(Document.resource.is_(None), Document.resource.in_(seen)),
    ]


def _waiting(tx: Tx) -> list[ColumnElement[bool]]:
    return [
        Document.tenant_id == tx.tenant_id,
        Document.state == DocumentState.WAITING,
        Document.transfer_method == TransferMethod.CUSTOMER,
    ]


def _matching(filters: DocumentFilters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if text := clean_query(filters.q or ""):
        conditions.append(Document.search_text.like(pattern_of(literal(pattern_text(text)))))
    conditions += [
        getattr(Document, name) == value
        for name in _EXACT
        if (value := getattr(filters, name)) is not None
    ]
    return conditions
