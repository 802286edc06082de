"""Documents as the screens show them: of a record, on a server, with the words for each state."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sindico_api.i18n import CONSOLE_PATH
from sindico_platform.database.tx import Tx
from sindico_platform.paging.schemas import PageRequest
from sindico_platform.words import Translate, translatable
from sindico_tenants.documents import queries
from sindico_tenants.documents.models import DocumentKind, DocumentState
from sindico_tenants.documents.schemas import AttachedTo, DocumentFilters, DocumentOut
from sindico_tenants.ftp_settings.schemas import TransferMethod

DOCUMENTS_PATH = f"{CONSOLE_PATH}/documents"
SHOWN_IN_PANEL = 10
FOLLOWED = timedelta(minutes=10)
"""How long a page asks whether a file has arrived; a server that is away is not asked for ever."""

HOMES: dict[AttachedTo, str] = {
    AttachedTo.ACCOUNTS: f"{CONSOLE_PATH}/accounts",
    AttachedTo.CONTACTS: f"{CONSOLE_PATH}/contacts",
    AttachedTo.COMPANIES: f"{CONSOLE_PATH}/company-settings/companies",
    AttachedTo.BRANCHES: f"{CONSOLE_PATH}/company-settings/branches",
}
"""Where the pages of records are."""
RESOURCE_LABELS: dict[AttachedTo, str] = {
    AttachedTo.ACCOUNTS: translatable("Account"),
    AttachedTo.CONTACTS: translatable("Contact"),
    AttachedTo.COMPANIES: translatable("Company"),
    AttachedTo.BRANCHES: translatable("Branch"),
}
SITUATIONS: dict[str, tuple[str, dict[str, str]]] = {
    "moving": (
        translatable("On its way"),
        {"state": DocumentState.WAITING, "transfer_method": TransferMethod.APPLICATION},
    ),
    "fetch": (
        translatable("Waits for your server"),
        {"state": DocumentState.WAITING, "transfer_method": TransferMethod.CUSTOMER},
    ),
    "stored": (
        translatable("Stored"),
        {"state": DocumentState.STORED, "kind": DocumentKind.FILE},
    ),
    "failed": (translatable("Not stored"), {"state": DocumentState.FAILED}),
    "link": (translatable("Link"), {"kind": DocumentKind.LINK}),
}
"""What the filter *Status* offers, and what it means; the badges say the same words."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordView:
    """What a document is attached to."""

    name: str
    label: str
    href: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PanelView:
    """The newest documents of one record."""

    resource: AttachedTo
    record_id: UUID
    items: list[DocumentOut]
    has_more: bool
    is_moving: bool

    @property
    def href(self) -> str:
        """The panel alone."""
        return f"{DOCUMENTS_PATH}/panel?{self.query}"

    @property
    def query(self) -> str:
        return f"resource={self.resource}&record_id={self.record_id}"


async def read_panel(
    tx: Tx, translate: Translate, resource: AttachedTo, record_id: UUID
) -> PanelView | None:
    """The documents of a record; None for viewers who may not see any."""
    if not tx.actor.may("documents:view"):
        return None
    found = await queries.list_documents(
        tx,
        request=PageRequest(limit=SHOWN_IN_PANEL),
        filters=DocumentFilters(resource=resource, record_id=record_id),
        translate=translate,
    )
    return PanelView(
        resource=resource,
        record_id=record_id,
        items=found.items,
        has_more=found.next_cursor is not None,
        is_moving=is_moving(tx, found.items),
    )


def is_moving(tx: Tx, items: Iterable[DocumentOut]) -> bool:
    """Whether one of the files may arrive on its server while somebody looks."""
    return any(
        each.state is DocumentState.WAITING
        and each.transfer_method is TransferMethod.APPLICATION
        and tx.now - each.updated_at < FOLLOWED
        for each in items
    )


async def record_views(tx: Tx, items: Iterable[DocumentOut]) -> dict[UUID, RecordView]:
    """The records of documents, by the documents' ids; one statement for all."""
    attached = {
        each.id: (each.resource, each.record_id)
        for each in items
        if each.resource is not None and each.record_id is not None
    }
    names = await queries.name_records(tx, attached.values())
    return {
        document_id: record_view(*key, names[key])
        for document_id, key in attached.items()
        if key in names
    }


def record_view(resource: AttachedTo, record_id: UUID, name: str) -> RecordView:
    return RecordView(
        name=name, label=RESOURCE_LABELS[resource], href=f"{HOMES[resource]}/{record_id}"
    )
