"""The tab *Company*: the tenant's own companies."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from sindico_api.console import registration, rendering
from sindico_api.console.company_settings import COMPANIES_TAB, frame_of
from sindico_api.console.company_words import COMPANY_LABELS
from sindico_api.console.document_views import read_panel
from sindico_api.console.erp_import import read_import
from sindico_api.console.forms import Form
from sindico_api.console.listing import Listing
from sindico_api.console.records import searched
from sindico_api.console.rendering import is_htmx, see_other
from sindico_api.console.submitted import revision_in, sent_texts
from sindico_api.console.view import ConsoleRequest, Flash, view_of
from sindico_api.dependencies import AskedPage, CurrentActor, Uow
from sindico_api.guards import requires
from sindico_platform.errors import InvalidInput
from sindico_provisioning.erp_values import queries as erp_values
from sindico_provisioning.erp_values import service as erp
from sindico_provisioning.erp_values.schemas import CompanyDetail
from sindico_tenants.companies import queries, service
from sindico_tenants.companies.errors import DataLinked, TakenBy
from sindico_tenants.companies.linked.queries import count_linked
from sindico_tenants.companies.linked.schemas import LinkedOut
from sindico_tenants.companies.models import Company
from sindico_tenants.companies.schemas import CompanyFilters, CompanyIn, CompanyPatch
from sindico_tenants.documents.schemas import AttachedTo

ALL, ONE = "/company-settings/companies", "/company-settings/companies/{company_id:uuid}"
FIELD = f"{ONE}/fields/{{field:str}}"
MAY_VIEW, MAY_EDIT = requires("companies:view"), requires("companies:edit")
MAY_INCLUDE, MAY_DELETE = requires("companies:include"), requires("companies:delete")


@get(ALL, guards=[MAY_VIEW])
async def list_companies(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow, page: AskedPage
) -> Response[str]:
    """The tenant's own companies."""
    query = dict(request.query_params)
    listing = Listing(path=COMPANIES_TAB.href, query=query, default_sort="name")
    filters = CompanyFilters(**searched(listing))
    async with uow.begin(actor) as tx:
        found = await queries.list_companies(tx, request=page, filters=filters)
        erp_import = await read_import(tx, view_of(request).translate)
    frame = frame_of(request, COMPANIES_TAB)
    return rendering.page(
        request,
        "company_settings/companies.html",
        found=found,
        listing=listing,
        erp_import=erp_import,
        **frame,
    )


@get(f"{ALL}/new", guards=[MAY_INCLUDE])
async def show_new_company(request: ConsoleRequest) -> Response[str]:
    return _form_page(request, Form({"is_active": True}))


@post(ALL, guards=[MAY_INCLUDE])
async def create_company(request: ConsoleRequest, actor: CurrentActor, uow: Uow) -> Response[Any]:
    """Register a company by hand."""
    _ = view_of(request).translate
    values = await registration.sent_values(request, "is_active")
    try:
        async with uow.begin(actor) as tx:
            data = CompanyIn(**registration.asked(values))
            company = await service.create_company(tx, data=data)
    except (InvalidInput, TakenBy) as error:
        form = registration.refused(Form(values), error, _)
        return _form_page(request, form, status=error.status)
    flash = Flash(text=_("{name} is registered.", name=company.name))
    return see_other(request, address(company.id), flash=flash)


@get(ONE, guards=[MAY_VIEW])
async def show_company(
    request: ConsoleRequest, company_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[str]:
    async with uow.begin(actor) as tx:
        company = await erp_values.read_company(tx, company_id)
        documents = await read_panel(tx, view_of(request).tell, AttachedTo.COMPANIES, company_id)
    return rendering.page(
        request,
        "company_settings/company.html",
        record=company,
        documents=documents,
        fields=registration.fields_of(company, COMPANY_LABELS, view_of(request)),
        href=address(company_id),
        tab=COMPANIES_TAB,
    )


@get(f"{ONE}/edit", guards=[MAY_EDIT])
async def show_edit_company(
    request: ConsoleRequest, company_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[str]:
    async with uow.begin(actor) as tx:
        company = await erp_values.read_company(tx, company_id)
    return _form_page(request, registration.form_of(company), company)


@post(f"{ONE}/edit", guards=[MAY_EDIT])
async def edit_company(
    request: ConsoleRequest, company_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[Any]:
    """Change what was changed in the form; of a company of the ERP, it is pinned."""
    _ = view_of(request).translate
    values = await registration.sent_values(request, "is_active")
    revision = (await sent_texts(request, "revision"))["revision"]
    try:
        async with uow.begin(actor) as tx:
            await service.edit_company(
                tx,
                company_id=company_id,
                data=CompanyPatch(**registration.asked(values)),
                revision=revision_in(revision),
            )
    except (InvalidInput, TakenBy) as error:
        async with uow.begin(actor) as tx:
            company = await erp_values.read_company(tx, company_id)
        form = registration.refused(Form(values), error, _)
        return _form_page(request, form, company, status=error.status)
    flash = Flash(text=_("The changes are saved."))
    return see_other(request, address(company_id), flash=flash)


@post(f"{FIELD}/take-erp-value", guards=[MAY_EDIT])
async def take_erp_value_in_company(
    request: ConsoleRequest,
    company_id: FromPath[UUID],
    field: FromPath[str],
    actor: CurrentActor,
    uow: Uow,
) -> Response[Any]:
    """Give a field the ERP's value at once."""
    async with uow.begin(actor) as tx:
        await erp.take_company_value(tx, company_id=company_id, field=field)
        company = await erp_values.read_company(tx, company_id)
    return _after_pin(request, company)


@post(f"{FIELD}/unpin", guards=[MAY_EDIT])
async def unpin_company_field(
    request: ConsoleRequest,
    company_id: FromPath[UUID],
    field: FromPath[str],
    actor: CurrentActor,
    uow: Uow,
) -> Response[Any]:
    """Let the ERP's next load decide a field again."""
    async with uow.begin(actor) as tx:
        await service.unpin_company_field(tx, company_id=company_id, field=field)
        company = await erp_values.read_company(tx, company_id)
    return _after_pin(request, company)


@get(f"{ONE}/delete", guards=[MAY_DELETE])
async def show_delete_company(
    request: ConsoleRequest, company_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[str]:
    """What would go, or what keeps it from going."""
    async with uow.begin(actor) as tx:
        company = await erp_values.read_company(tx, company_id)
        linked = await count_linked(tx, Company, company_id)
    return _delete_page(request, company, linked)


@post(f"{ONE}/delete", guards=[MAY_DELETE])
async def delete_company(
    request: ConsoleRequest, company_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[Any]:
    """Remove a company that nothing is linked to."""
    _ = view_of(request).translate
    async with uow.begin(actor) as tx:
        company = await erp_values.read_company(tx, company_id)
    try:
        async with uow.begin(actor) as tx:
            await service.delete_company(tx, company_id=company_id)
    except DataLinked as error:
        return rendering.in_place(_delete_page(request, company, error.linked, error.status))
    flash = Flash(text=_("{name} was deleted.", name=company.name), tone="info")
    return see_other(request, COMPANIES_TAB.href, flash=flash)


def address(company_id: UUID) -> str:
    return f"{COMPANIES_TAB.href}/{company_id}"


def _form_page(
    request: ConsoleRequest, form: Form, company: CompanyDetail | None = None, status: int = 200
) -> Response[str]:
    view = view_of(request)
    fields = registration.fields_of(company, COMPANY_LABELS, view) if company else {}
    return rendering.page(
        request,
        "company_settings/company_form.html",
        status=status,
        form=form,
        record=company,
        fields=fields,
        labels=COMPANY_LABELS,
        states=registration.state_options(view.translate),
        href=address(company.id) if company else None,
        tab=COMPANIES_TAB,
    )


def _after_pin(request: ConsoleRequest, company: CompanyDetail) -> Response[Any]:
    """The form again, of which htmx takes the one field."""
    if is_htmx(request):
        return _form_page(request, registration.form_of(company), company)
    return see_other(request, f"{address(company.id)}/edit")


def _delete_page(
    request: ConsoleRequest, company: CompanyDetail, linked: list[LinkedOut], status: int = 200
) -> Response[str]:
    found = registration.linked_views(view_of(request), linked, f"company={company.id}")
    return rendering.page(
        request,
        "company_settings/delete.html",
        status=status,
        record=company,
        linked=found,
        href=address(company.id),
        tab=COMPANIES_TAB,
    )
