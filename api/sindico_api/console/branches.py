"""The tab *Company branch*: companies with their branches."""

from dataclasses import dataclass
from itertools import groupby
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from sindico_api.console import registration, rendering
from sindico_api.console.company_settings import BRANCHES_TAB, frame_of
from sindico_api.console.company_words import BRANCH_LABELS
from sindico_api.console.document_views import read_panel
from sindico_api.console.erp_import import read_import
from sindico_api.console.forms import Form
from sindico_api.console.listing import Listing
from sindico_api.console.records import linked_id, searched
from sindico_api.console.rendering import is_htmx, see_other
from sindico_api.console.submitted import id_in, revision_in, sent_texts
from sindico_api.console.view import ConsoleRequest, Flash, view_of
from sindico_api.dependencies import AskedPage, CurrentActor, Uow
from sindico_api.guards import requires
from sindico_platform.errors import InvalidInput
from sindico_provisioning.erp_values import queries as erp_values
from sindico_provisioning.erp_values import service as erp
from sindico_provisioning.erp_values.schemas import BranchDetail
from sindico_tenants.companies import queries, service
from sindico_tenants.companies.errors import DataLinked, TakenBy
from sindico_tenants.companies.linked.queries import count_linked
from sindico_tenants.companies.linked.schemas import LinkedOut
from sindico_tenants.companies.models import Branch
from sindico_tenants.companies.schemas import (
    BranchFilters,
    BranchIn,
    BranchItem,
    BranchPatch,
    CompanyOut,
)
from sindico_tenants.companies.tree import queries as tree
from sindico_tenants.companies.tree.schemas import TreeCompany, TreeLine
from sindico_tenants.documents.schemas import AttachedTo

ALL, ONE = "/company-settings/branches", "/company-settings/branches/{branch_id:uuid}"
FIELD = f"{ONE}/fields/{{field:str}}"
YES_NO = {"yes": True, "no": False}
FLAGS = ("is_active", "is_head_office")
MAY_VIEW, MAY_EDIT = requires("branches:view"), requires("branches:edit")
MAY_INCLUDE, MAY_DELETE = requires("branches:include"), requires("branches:delete")


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """One company on a page of the tree, with those of its branches that the page has."""

    company: TreeCompany
    branches: list[BranchItem]
    count: int
    """How many branches it has in all."""


@get(ALL, guards=[MAY_VIEW])
async def list_branches(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow, page: AskedPage
) -> Response[str]:
    """Companies with their branches."""
    listing = Listing(path=BRANCHES_TAB.href, query=dict(request.query_params))
    filters = BranchFilters(
        **searched(listing),
        company_id=linked_id(listing, "company"),
        is_head_office=YES_NO.get(listing.query.get("head_office", "")),
    )
    async with uow.begin(actor) as tx:
        found = await tree.list_tree(tx, request=page, filters=filters)
        counts = await tree.count_in(tx, {line.company.id for line in found.items})
        erp_import = await read_import(tx, view_of(request).translate)
    frame = frame_of(request, BRANCHES_TAB)
    return rendering.page(
        request,
        "company_settings/branches.html",
        groups=grouped(found.items, counts),
        shown=len(found.items),
        next_cursor=found.next_cursor,
        listing=listing,
        erp_import=erp_import,
        **frame,
    )


@get(f"{ALL}/new", guards=[MAY_INCLUDE])
async def show_new_branch(request: ConsoleRequest, actor: CurrentActor, uow: Uow) -> Response[str]:
    """An empty form, for the company that the address may name."""
    asked = linked_id(Listing(path="", query=dict(request.query_params)), "company")
    async with uow.begin(actor) as tx:
        company = await queries.get_company(tx, asked) if asked else None
    return new_page(request, Form({"is_active": True}), company)


@post(ALL, guards=[MAY_INCLUDE])
async def create_branch(request: ConsoleRequest, actor: CurrentActor, uow: Uow) -> Response[Any]:
    """Register a branch by hand."""
    _ = view_of(request).translate
    values, company_id = (
        await registration.sent_values(request, *FLAGS),
        await sent_company(request),
    )
    form = Form(values)
    if company_id is None:
        form = form.with_error("company_id", _("Choose a company."))
        return new_page(request, form, None, status=InvalidInput.status)
    async with uow.begin(actor) as tx:
        company = await queries.get_company(tx, company_id)
    try:
        async with uow.begin(actor) as tx:
            data = BranchIn(company_id=company.id, **registration.asked(values))
            branch = await service.create_branch(tx, data=data)
    except (InvalidInput, TakenBy) as error:
        form = registration.refused(form, error, _)
        return new_page(request, form, company, status=error.status)
    flash = Flash(text=_("{name} is registered.", name=branch.name))
    return see_other(request, address(branch.id), flash=flash)


@get(ONE, guards=[MAY_VIEW])
async def show_branch(
    request: ConsoleRequest, branch_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[str]:
    async with uow.begin(actor) as tx:
        branch = await erp_values.read_branch(tx, branch_id)
        company = await queries.get_company(tx, branch.company_id)
        documents = await read_panel(tx, view_of(request).tell, AttachedTo.BRANCHES, branch_id)
    return rendering.page(
        request,
        "company_settings/branch.html",
        record=branch,
        documents=documents,
        company=company,
        fields=registration.fields_of(branch, BRANCH_LABELS, view_of(request)),
        href=address(branch_id),
        tab=BRANCHES_TAB,
    )


@get(f"{ONE}/edit", guards=[MAY_EDIT])
async def show_edit_branch(
    request: ConsoleRequest, branch_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[str]:
    async with uow.begin(actor) as tx:
        branch = await erp_values.read_branch(tx, branch_id)
        company = await queries.get_company(tx, branch.company_id)
    return edit_page(request, registration.form_of(branch), branch, company)


@post(f"{ONE}/edit", guards=[MAY_EDIT])
async def edit_branch(
    request: ConsoleRequest, branch_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[Any]:
    """Change what was changed in the form; of a branch of the ERP, it is pinned."""
    _ = view_of(request).translate
    values = await registration.sent_values(request, *FLAGS)
    revision = (await sent_texts(request, "revision"))["revision"]
    try:
        async with uow.begin(actor) as tx:
            await service.edit_branch(
                tx,
                branch_id=branch_id,
                data=BranchPatch(**registration.asked(values)),
                revision=revision_in(revision),
            )
    except (InvalidInput, TakenBy) as error:
        async with uow.begin(actor) as tx:
            branch = await erp_values.read_branch(tx, branch_id)
            company = await queries.get_company(tx, branch.company_id)
        form = registration.refused(Form(values), error, _)
        return edit_page(request, form, branch, company, status=error.status)
    flash = Flash(text=_("The changes are saved."))
    return see_other(request, address(branch_id), flash=flash)


@post(f"{FIELD}/take-erp-value", guards=[MAY_EDIT])
async def take_erp_value_in_branch(
    request: ConsoleRequest,
    branch_id: FromPath[UUID],
    field: FromPath[str],
    actor: CurrentActor,
    uow: Uow,
) -> Response[Any]:
    """Give a field the ERP's value at once."""
    async with uow.begin(actor) as tx:
        await erp.take_branch_value(tx, branch_id=branch_id, field=field)
        branch = await erp_values.read_branch(tx, branch_id)
        company = await queries.get_company(tx, branch.company_id)
    return _after_pin(request, branch, company)


@post(f"{FIELD}/unpin", guards=[MAY_EDIT])
async def unpin_branch_field(
    request: ConsoleRequest,
    branch_id: FromPath[UUID],
    field: FromPath[str],
    actor: CurrentActor,
    uow: Uow,
) -> Response[Any]:
    """Let the ERP's next load decide a field again."""
    async with uow.begin(actor) as tx:
        await service.unpin_branch_field(tx, branch_id=branch_id, field=field)
        branch = await erp_values.read_branch(tx, branch_id)
        company = await queries.get_company(tx, branch.company_id)
    return _after_pin(request, branch, company)


@get(f"{ONE}/delete", guards=[MAY_DELETE])
async def show_delete_branch(
    request: ConsoleRequest, branch_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[str]:
    """What would go, or what keeps it from going."""
    async with uow.begin(actor) as tx:
        branch = await erp_values.read_branch(tx, branch_id)
        linked = await count_linked(tx, Branch, branch_id)
    return _delete_page(request, branch, linked)


@post(f"{ONE}/delete", guards=[MAY_DELETE])
async def delete_branch(
    request: ConsoleRequest, branch_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[Any]:
    """Remove a branch that nothing is linked to."""
    _ = view_of(request).translate
    async with uow.begin(actor) as tx:
        branch = await erp_values.read_branch(tx, branch_id)
    try:
        async with uow.begin(actor) as tx:
            await service.delete_branch(tx, branch_id=branch_id)
    except DataLinked as error:
        return rendering.in_place(_delete_page(request, branch, error.linked, error.status))
    flash = Flash(text=_("{name} was deleted.", name=branch.name), tone="info")
    return see_other(request, BRANCHES_TAB.href, flash=flash)


async def sent_company(request: ConsoleRequest) -> UUID | None:
    """The company that a form names, if it names one."""
    return id_in((await sent_texts(request, "company_id"))["company_id"])


def address(branch_id: UUID) -> str:
    return f"{BRANCHES_TAB.href}/{branch_id}"


def grouped(lines: list[TreeLine], counts: dict[UUID, int]) -> list[Group]:
    """The lines of a page by company, in their order."""
    return [
        Group(
            company=company,
            branches=[line.branch for line in own if line.branch is not None],
            count=counts.get(company.id, 0),
        )
        for company, own in groupby(lines, key=lambda line: line.company)
    ]


def new_page(
    request: ConsoleRequest, form: Form, company: CompanyOut | None, status: int = 200
) -> Response[str]:
    """The form of a branch to be registered; without a company, one has to be chosen."""
    return _form_page(request, form, None, company, status)


def edit_page(
    request: ConsoleRequest,
    form: Form,
    branch: BranchDetail,
    company: CompanyOut,
    status: int = 200,
) -> Response[str]:
    return _form_page(request, form, branch, company, status)


def _form_page(
    request: ConsoleRequest,
    form: Form,
    branch: BranchDetail | None,
    company: CompanyOut | None,
    status: int,
) -> Response[str]:
    view = view_of(request)
    fields = registration.fields_of(branch, BRANCH_LABELS, view) if branch else {}
    return rendering.page(
        request,
        "company_settings/branch_form.html",
        status=status,
        form=form,
        record=branch,
        company=company,
        fields=fields,
        labels=BRANCH_LABELS,
        states=registration.state_options(view.translate),
        href=address(branch.id) if branch else None,
        tab=BRANCHES_TAB,
    )


def _after_pin(request: ConsoleRequest, branch: BranchDetail, company: CompanyOut) -> Response[Any]:
    """The form again, of which htmx takes the one field."""
    if is_htmx(request):
        return edit_page(request, registration.form_of(branch), branch, company)
    return see_other(request, f"{address(branch.id)}/edit")


def _delete_page(
    request: ConsoleRequest, branch: BranchDetail, linked: list[LinkedOut], status: int = 200
) -> Response[str]:
    found = registration.linked_views(view_of(request), linked, f"branch={branch.id}")
    return rendering.page(
        request,
        "company_settings/delete.html",
        status=status,
        record=branch,
        linked=found,
        href=address(branch.id),
        tab=BRANCHES_TAB,
    )
