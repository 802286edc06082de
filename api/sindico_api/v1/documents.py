"""Documents: files on the customer's own servers, and links."""

from typing import Annotated
from uuid import UUID

from litestar import Response, delete, get, patch, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath, FromQuery, JSONBody, MultipartBody, QueryParameter
from litestar.response import Stream
from litestar.status_codes import HTTP_201_CREATED, HTTP_202_ACCEPTED, HTTP_204_NO_CONTENT
from msgspec import Struct

from sindico_api.dependencies import AppContext, AskedPage, CurrentActor, Translate, Uow
from sindico_api.documents import MAX_UPLOAD_BYTES, send_document, take_document
from sindico_api.guards import requires
from sindico_api.once import KeyHeader, OnlyOnce
from sindico_api.revisions import IfMatch, expected_revision, with_etag
from sindico_platform.database.tx import Tx
from sindico_platform.paging.schemas import Page
from sindico_provisioning.document_notices.service import watch_document
from sindico_tenants.documents import queries, service
from sindico_tenants.documents.models import Document, DocumentKind, DocumentState
from sindico_tenants.documents.schemas import (
    AttachedTo,
    DocumentEditIn,
    DocumentFilters,
    DocumentOut,
    LinkIn,
    Target,
)
from sindico_tenants.ftp_settings.schemas import TransferMethod

TAGS = ["documents"]
ALL, ONE = "/documents", "/documents/{document_id:uuid}"
MAY_VIEW, MAY_ADD = requires("documents:view"), requires("documents:include")
MAY_EDIT = requires("documents:edit")

Search = Annotated[
    str | None,
    QueryParameter(
        name="q", max_length=100, description="Part of the name, description or file name."
    ),
]
AskedState = Annotated[DocumentState | None, QueryParameter(name="state")]


class UploadIn(Struct):
    """A file and what it is attached to."""

    file: UploadFile
    """Up to 2 GB."""
    name: str | None = None
    """By default the file's own."""
    description: str | None = None
    resource: AttachedTo | None = None
    record_id: UUID | None = None
    company_id: UUID | None = None
    """Whose file server is used; by default that of the record's company or branch."""
    branch_id: UUID | None = None


@post(
    ALL,
    tags=TAGS,
    guards=[MAY_ADD],
    status_code=HTTP_202_ACCEPTED,
    request_max_body_size=MAX_UPLOAD_BYTES,
)
async def upload_document(
    *,
    data: MultipartBody[UploadIn],
    context: AppContext,
    actor: CurrentActor,
    translate: Translate,
    idempotency_key: KeyHeader = None,
) -> Response[DocumentOut]:
    """Upload a file; it waits here until it is on the file server of its company or branch.

    Read `Location` until its state is `stored` or `failed`.
    """

    def accepted(document: Document) -> Response[DocumentOut]:
        shown = queries.show_document(document, translate)
        location = f"/api/v1{ALL}/{document.id}"
        return Response(shown, status_code=HTTP_202_ACCEPTED, headers={"Location": location})

    target = Target(
        resource=data.resource,
        record_id=data.record_id,
        company_id=data.company_id,
        branch_id=data.branch_id,
    )
    return await take_document(
        context,
        actor,
        target=target,
        file=data.file,
        name=data.name,
        description=data.description,
        key=idempotency_key,
        answer=accepted,
    )


@post(f"{ALL}/links", tags=TAGS, guards=[MAY_ADD])
async def link_document(
    data: JSONBody[LinkIn], once: OnlyOnce, translate: Translate
) -> Response[DocumentOut]:
    """Keep a link to a document that lies elsewhere; it needs no file server."""

    async def add(tx: Tx) -> Response[DocumentOut]:
        document = await service.add_link(tx, data=data)
        shown = queries.show_document(document, translate)
        location = f"/api/v1{ALL}/{document.id}"
        return Response(shown, status_code=HTTP_201_CREATED, headers={"Location": location})

    return await once.run(add)


@get(ALL, tags=TAGS, guards=[MAY_VIEW])
async def list_documents(
    *,
    actor: CurrentActor,
    uow: Uow,
    page: AskedPage,
    translate: Translate,
    search: Search = None,
    kind: FromQuery[DocumentKind | None] = None,
    asked_state: AskedState = None,
    transfer_method: FromQuery[TransferMethod | None] = None,
    ftp_settings_id: FromQuery[UUID | None] = None,
    resource: FromQuery[AttachedTo | None] = None,
    record_id: FromQuery[UUID | None] = None,
    company_id: FromQuery[UUID | None] = None,
    branch_id: FromQuery[UUID | None] = None,
) -> Page[DocumentOut]:
    """List documents, newest first; the orders are `created_at` and `name`.

    Documents of records that the caller may not see are left out.
    """
    filters = DocumentFilters(
        q=search,
        kind=kind,
        state=asked_state,
        transfer_method=transfer_method,
        ftp_settings_id=ftp_settings_id,
        resource=resource,
        record_id=record_id,
        company_id=company_id,
        branch_id=branch_id,
    )
    async with uow.begin(actor) as tx:
        return await queries.list_documents(tx, request=page, filters=filters, translate=translate)


@get(ONE, tags=TAGS, guards=[MAY_VIEW])
async def read_document(
    document_id: FromPath[UUID], actor: CurrentActor, uow: Uow, translate: Translate
) -> Response[DocumentOut]:
    """Read what a document is, where it is, and if it failed, why."""
    async with uow.begin(actor) as tx:
        document = await queries.get_document(tx, document_id)
        return with_etag(queries.show_document(document, translate), document.revision)


@get(f"{ONE}/content", tags=TAGS, guards=[MAY_VIEW])
async def download_document(
    document_id: FromPath[UUID], actor: CurrentActor, context: AppContext
) -> Stream:
    """Download a file, through the server on which it is stored."""
    return await send_document(context, actor, document_id)


@patch(ONE, tags=TAGS, guards=[MAY_EDIT])
async def edit_document(
    *,
    document_id: FromPath[UUID],
    data: JSONBody[DocumentEditIn],
    actor: CurrentActor,
    uow: Uow,
    translate: Translate,
    if_match: IfMatch = None,
) -> Response[DocumentOut]:
    """Change a document's name or description, or a link's address."""
    async with uow.begin(actor) as tx:
        document = await service.edit_document(
            tx, document_id=document_id, data=data, revision=expected_revision(if_match)
        )
        return with_etag(queries.show_document(document, translate), document.revision)


@delete(ONE, tags=TAGS, guards=[requires("documents:delete")], status_code=HTTP_204_NO_CONTENT)
async def delete_document(
    document_id: FromPath[UUID], actor: CurrentActor, uow: Uow, if_match: IfMatch = None
) -> None:
    """Remove a document; its file is removed from the server in the background."""
    async with uow.begin(actor) as tx:
        await service.remove_document(
            tx, document_id=document_id, revision=expected_revision(if_match)
        )


@post(f"{ONE}/retry", tags=TAGS, guards=[MAY_EDIT], status_code=HTTP_202_ACCEPTED)
async def retry_document(
    document_id: FromPath[UUID], actor: CurrentActor, uow: Uow, translate: Translate
) -> DocumentOut:
    """Send a file again that could not be stored, by the settings that count now."""
    async with uow.begin(actor) as tx:
        document = await service.retry_document(tx, document_id=document_id)
        await watch_document(tx, document_id=document_id)
        return queries.show_document(document, translate)
