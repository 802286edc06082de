"""CRM › Records › ABC curve › Settings: how each curve is drawn, tried out before it is."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post

from sindico_api.console import rendering
from sindico_api.console.abc_curve import ABC_PATH, frame
from sindico_api.console.forms import Form
from sindico_api.console.rendering import see_other
from sindico_api.console.submitted import id_in, read_as, sent_texts, whole_numbers_in
from sindico_api.console.view import ConsoleRequest, Flash, view_of
from sindico_api.dependencies import CurrentActor, Uow
from sindico_api.guards import requires
from sindico_platform.brazil import format_cnpj
from sindico_platform.database.tx import Actor, Tx
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.errors import InvalidInput, field_error
from sindico_platform.paging.schemas import MAX_LIMIT, PageRequest
from sindico_platform.words import Translate
from sindico_provisioning.classification import service as classification
from sindico_tenants.abc_curve import queries, service
from sindico_tenants.abc_curve.schemas import AbcSettingsIn, AbcSettingsOut, CurveOut, SimulationOut
from sindico_tenants.companies import queries as companies
from sindico_tenants.companies.schemas import BranchFilters, BranchItem, CompanyFilters

SETTINGS_PATH = f"{ABC_PATH}/settings"
WHOLE = "tenant"
NUMBERS = ("a_percent", "b_percent", "c_percent", "period_months")
FIELDS = ("scope", *NUMBERS, "measure", "ignored_statuses")
MAY_VIEW, MAY_EDIT = requires("abc_settings:view"), requires("abc_settings:edit")


@get("/abc-curve/settings", guards=[MAY_VIEW])
async def show_abc_settings(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow
) -> Response[str]:
    """The settings of one curve, the tenant's unless the address names another."""
    wanted = request.query_params.get("scope", WHOLE)
    async with uow.begin(actor) as tx:
        found = await _find(tx, wanted) or queries.defaults()
    return await _show(request, actor, uow, Form(_values(found) | {"scope": wanted}))


@post("/abc-curve/settings/simulate", guards=[MAY_VIEW])
async def simulate_abc_settings(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow
) -> Response[Any]:
    """Show below the form what its settings would come to; nothing is stored."""
    form = Form(await sent_texts(request, *FIELDS))
    try:
        data = _read(form)
        async with uow.begin(actor) as tx:
            simulated = await service.simulate(tx, data=data)
    except InvalidInput as error:
        refused = form.refused(error, view_of(request).translate)
        return await _show(request, actor, uow, refused, status=error.status)
    return await _show(request, actor, uow, form, simulated=simulated)


@post("/abc-curve/settings", guards=[MAY_EDIT])
async def save_abc_settings(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow
) -> Response[Any]:
    """Store the settings and draw the curves by them."""
    _ = view_of(request).translate
    form = Form(await sent_texts(request, *FIELDS))
    try:
        data = _read(form)
        async with uow.begin(actor) as tx:
            known = await _find(tx, form.value("scope"))
            if known is not None and known.id is not None:
                await classification.replace_settings(tx, settings_id=known.id, data=data)
            else:
                await classification.create_settings(tx, data=data)
    except InvalidInput as error:
        return await _show(request, actor, uow, form.refused(error, _), status=error.status)
    flash = Flash(text=_("Saved. The curves are being drawn anew."))
    return see_other(request, f"{SETTINGS_PATH}?scope={form.value('scope')}", flash=flash)


@post("/abc-curve/settings/delete/simulate", guards=[MAY_VIEW])
async def simulate_abc_deletion(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow
) -> Response[Any]:
    """Show below the form what giving a curve up would come to; nothing is given up."""
    scope = (await sent_texts(request, "scope"))["scope"]
    async with uow.begin(actor) as tx:
        known = await _find(tx, scope)
        if known is None or known.id is None:
            return see_other(request, SETTINGS_PATH)
        simulated = await queries.simulate_without(tx, known.id)
    form = Form(_values(known) | {"scope": scope})
    return await _show(request, actor, uow, form, simulated=simulated, is_giving_up=True)


@post("/abc-curve/settings/delete", guards=[requires("abc_settings:delete")])
async def delete_abc_settings(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow
) -> Response[Any]:
    """Give a curve up; its accounts stand on the wider one."""
    _ = view_of(request).translate
    values = await sent_texts(request, "scope")
    async with uow.begin(actor) as tx:
        known = await _find(tx, values["scope"])
        if known is not None and known.id is not None:
            await classification.delete_settings(tx, settings_id=known.id)
    flash = Flash(text=_("The curve is given up. The others are being drawn anew."))
    return see_other(request, SETTINGS_PATH, flash=flash)


@post("/abc-curve/draw", guards=[MAY_EDIT])
async def draw_abc_curves(request: ConsoleRequest, actor: CurrentActor, uow: Uow) -> Response[Any]:
    """Draw every curve now."""
    async with uow.begin(actor) as tx:
        await classification.request_classification(tx)
    flash = Flash(text=view_of(request).translate("The curves are being drawn anew."))
    return see_other(request, ABC_PATH, flash=flash)


async def _show(
    request: ConsoleRequest,
    actor: Actor,
    uow: UnitOfWork,
    form: Form,
    *,
    simulated: SimulationOut | None = None,
    is_giving_up: bool = False,
    status: int = 200,
) -> Response[str]:
    scope = form.value("scope")
    async with uow.begin(actor) as tx:
        found = await queries.list_settings(tx)
        scopes = await _list_scopes(tx, view_of(request).translate)
    names = dict(scopes)
    own = {_scope_of(each) for each in found if each.id is not None}
    view = view_of(request)
    return rendering.page(
        request,
        "abc_curve/settings.html",
        status=status,
        **frame(view, "settings"),
        form=form,
        simulated=simulated,
        is_giving_up=is_giving_up,
        simulated_name=simulated and names.get(_scope_of(simulated.curve)),
        scope=scope,
        is_own=scope in own,
        curves=[(_scope_of(each), names.get(_scope_of(each)), each) for each in found],
        scopes=scopes,
    )


async def _list_scopes(tx: Tx, _: Translate) -> list[tuple[str, str]]:
    """Whose curve there can be: the tenant's, each company's, each branch's.

    Branches bear their company's name, so they are told by what else is theirs.
    """
    page = PageRequest(limit=MAX_LIMIT)
    own = await companies.list_companies(tx, request=page, filters=CompanyFilters())
    branches = await companies.list_branches(tx, request=page, filters=BranchFilters())
    return [
        (WHOLE, _("The whole tenant")),
        *((f"company:{each.id}", each.name) for each in own.items),
        *(
            (f"branch:{each.id}", _("Branch: {name}", name=_name_of(each)))
            for each in branches.items
        ),
    ]


def _name_of(branch: BranchItem) -> str:
    parts = (branch.trade_name or branch.name, branch.cnpj and format_cnpj(branch.cnpj))
    return " · ".join(part for part in parts if part)


async def _find(tx: Tx, scope: str) -> AbcSettingsOut | None:
    found = await queries.list_settings(tx)
    return next((each for each in found if _scope_of(each) == scope), None)


def _scope_of(settings: AbcSettingsOut | CurveOut) -> str:
    if settings.branch_id is not None:
        return f"branch:{settings.branch_id}"
    return WHOLE if settings.company_id is None else f"company:{settings.company_id}"


def _values(settings: AbcSettingsOut) -> dict[str, Any]:
    return {
        **{name: getattr(settings, name) for name in NUMBERS},
        "measure": settings.measure,
        "ignored_statuses": ", ".join(settings.ignored_statuses),
    }


def _read(form: Form) -> AbcSettingsIn:
    """What the form says, as the API would take it.

    Raises:
        InvalidInput: a number is none, or a field is missing.
    """
    company_id, branch_id = _read_scope(str(form.value("scope")))
    numbers = whole_numbers_in({name: form.value(name) for name in NUMBERS}, *NUMBERS)
    statuses = [each.strip() for each in form.value("ignored_statuses").split(",")]
    return read_as(
        AbcSettingsIn,
        {
            **numbers,
            "company_id": company_id,
            "branch_id": branch_id,
            "measure": form.value("measure"),
            "ignored_statuses": [each for each in statuses if each],
        },
        required=NUMBERS,
    )


def _read_scope(scope: str) -> tuple[UUID | None, UUID | None]:
    kind, _, identity = scope.partition(":")
    if kind == WHOLE:
        return None, None
    chosen = id_in(identity)
    if chosen is None:
        raise InvalidInput(field_error("scope", "required", "Choose whose curve it is."))
    return (None, chosen) if kind == "branch" else (chosen, None)
