"""Pages that show every component and layout with made-up content, for looking at and for tests."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from litestar import Litestar, Response, Router, get, post
from litestar.datastructures import State
from litestar.response import ServerSentEvent, ServerSentEventMessage

from sindico_api.console import app as console
from sindico_api.console import failures
from sindico_api.console.failures import ProblemView
from sindico_api.console.forms import EMPTY_FORM, Form
from sindico_api.console.listing import Listing
from sindico_api.console.rendering import environment, page, render_block, see_other
from sindico_api.console.view import ConsoleRequest, Flash, view_of
from sindico_api.console.viewer import Viewer
from sindico_api.console.widgets import StepView
from sindico_api.dependencies import DEPENDENCIES
from sindico_api.i18n import Locale, locale_of, translator
from sindico_api.request_id import RequestId
from sindico_platform.errors import InvalidInput, field_error
from sindico_platform.identity.errors import NotAllowed
from sindico_platform.settings import Secret, Settings

TEMPLATES = Path(__file__).parent / "templates"
NOW = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)
RESOURCES = ("tenants", "service_properties", "loads", "api_clients", "dead_letters", "audit")
VIEWER = Viewer(
    name="Marina Tavares",
    login="marina@operadora.example",
    tenant_name="Operadora Síndico",
    permissions=frozenset(f"{resource}:access" for resource in RESOURCES),
    is_master=True,
)
TENANTS = [
    ("Metalúrgica Aurora Ltda.", "aurora.example", "Advanced", "active", 42, 1_284_311),
    ("Distribuidora Ipê", "ipe.example", "Starter", "provisioning", 0, 0),
    ("Construtora Serra do Mar S.A.", "serradomar.example", "Freemium", "failed", 0, 0),
    ("Padaria e Confeitaria Três Irmãos", "tresirmaos.example", "Freemium", "suspended", 3, 512),
    ("Agropecuária Boa Vista", "boavista.example", "Advanced", "active", 118, 9_482_004),
]
STEPS = (
    ("package", "Pacote e limites", "Freemium, 5 usuários"),
    ("roles", "Papéis e permissões", "3 papéis, 63 permissões"),
    ("support", "Usuário suportecrm", "Sem credencial própria"),
    ("admin", "Administrador e convite", "Convite enviado a ana@ipe.example"),
    ("settings", "Configurações e funil", "6 etapas de funil"),
    ("integration", "Integração padrão", None),
    ("verification", "Conferência dos cadastros", None),
    ("activation", "Ativação do CRM", None),
)
REFUSED = "O ERP não aceitou o usuário e a senha. Corrija as propriedades do serviço."


def steps_at(done: int, *, failed: bool = False) -> list[StepView]:
    """The steps of a provisioning with `done` of them finished."""
    return [step_at(index, done, failed=failed) for index in range(len(STEPS))]


def step_at(index: int, done: int, *, failed: bool) -> StepView:
    code, label, detail = STEPS[index]
    if index < done:
        return StepView(
            id=code, label=label, status="succeeded", duration_seconds=0.3, detail=detail
        )
    if index > done:
        return StepView(id=code, label=label, status="pending")
    if not failed:
        return StepView(id=code, label=label, status="running", duration_seconds=1.4)
    return StepView(
        id=code, label=label, status="failed", duration_seconds=31.2, attempts=3, problem=REFUSED
    )


def sign_in(request: ConsoleRequest) -> None:
    request.state["viewer"] = VIEWER


def refused_form(request: ConsoleRequest) -> Form:
    values = {"name": "Distribuidora Ipê", "domain": "ipe", "package": "starter", "cnpj": "11.222"}
    faults = InvalidInput(
        field_error("domain", "required", "This field is required."),
        field_error("cnpj", "unknown-field", "There is no such field."),
    )
    return Form(values).refused(faults, translator(locale_of(request)))


@get("/components", before_request=sign_in)
async def components(request: ConsoleRequest) -> Response[str]:
    points = [
        (NOW - timedelta(days=30 - day), 900 + (day * 7919) % 640 + day * 12) for day in range(30)
    ]
    problem = ProblemView(
        status=409,
        title="O limite do pacote foi atingido",
        detail="O pacote Starter permite 3 integrações.",
        code="limit-reached",
        request_id="019abf02-6f1c-7cc2-9f41-1d5a3a8b2c11",
    )
    return page(
        request,
        "components.html",
        form=refused_form(request),
        now=NOW,
        points=points,
        problem=problem,
        steps=steps_at(4, failed=True),
    )


@get("/home", before_request=sign_in)
async def home(request: ConsoleRequest) -> Response[str]:
    stats = [
        {"label": "Tenants ativos", "value": 2317, "icon": "building-community", "tone": "good"},
        {"label": "Cargas com erro", "value": 3, "icon": "database-import", "tone": "bad"},
    ]
    attention = [{"text": "A carga da Ipê parou há 2 horas.", "href": "#", "tone": "warn"}]
    return page(request, "home.html", stats=stats, attention=attention, usage=[])


@get("/sign-in")
async def show_sign_in(request: ConsoleRequest) -> Response[str]:
    return page(request, "session/sign_in.html", form=EMPTY_FORM, problem=None, next="/console")


@get("/forgotten")
async def show_forgotten(request: ConsoleRequest) -> Response[str]:
    return page(request, "session/forgotten.html", form=EMPTY_FORM, sent=False)


@get("/password")
async def show_password(request: ConsoleRequest) -> Response[str]:
    return page(
        request,
        "session/password.html",
        form=EMPTY_FORM,
        login="ana@ipe.example",
        token="a-one-time-token",
        action="/console/gallery/save",
        invited=True,
    )


@get("/tenants", before_request=sign_in)
async def tenants(request: ConsoleRequest) -> Response[str]:
    query = dict(request.query_params)
    rows = [row for row in TENANTS if query.get("q", "").lower() in row[0].lower()]
    if query.get("sort") == "-name":
        rows.reverse()
    listing = Listing(path="/console/gallery/tenants", query=query, default_sort="name")
    return page(request, "tenants.html", rows=rows, listing=listing)


@get("/tenant", before_request=sign_in)
async def tenant(request: ConsoleRequest) -> Response[str]:
    return page(request, "tenant.html", steps=steps_at(4, failed=True), percent=50, now=NOW)


@get("/live", before_request=sign_in)
async def live(request: ConsoleRequest) -> Response[str]:
    return page(request, "live.html", steps=steps_at(0), percent=0)


@get("/live/events")
async def live_events(request: ConsoleRequest) -> ServerSentEvent:
    view = view_of(request)

    async def events() -> AsyncIterator[ServerSentEventMessage]:
        for done in range(len(STEPS) + 1):
            percent = done * 100 / len(STEPS)
            text = render_block(view, "live.html", "steps", steps=steps_at(done), percent=percent)
            yield ServerSentEventMessage(event="steps", data=text)
            await asyncio.sleep(0.15)
        yield ServerSentEventMessage(event="end", data="")

    return ServerSentEvent(events())


@get("/form", before_request=sign_in)
async def show_form(request: ConsoleRequest) -> Response[str]:
    return page(request, "tenant_form.html", form=EMPTY_FORM)


@post("/save", before_request=sign_in)
async def save(request: ConsoleRequest) -> Response[Any]:
    """Refuses an empty name, as a domain's service would."""
    data = dict(await request.form())
    if data.get("name"):
        return see_other(request, "/console/gallery/tenants", flash=Flash(text="Tenant salvo."))
    faults = InvalidInput(field_error("name", "required", "This field is required."))
    form = Form(data).refused(faults, translator(locale_of(request)))
    return page(request, "tenant_form.html", status=422, form=form)


@get("/forbidden", before_request=sign_in)
async def forbidden() -> None:
    raise NotAllowed(permission="tenants:edit")


@get("/broken", before_request=sign_in)
async def broken() -> None:
    raise ZeroDivisionError


@post("/problem")
async def problem() -> None:
    raise NotAllowed(permission="tenants:edit")


HANDLERS = [
    home,
    show_sign_in,
    show_forgotten,
    show_password,
    components,
    tenants,
    tenant,
    live,
    live_events,
    show_form,
    save,
    forbidden,
    broken,
    problem,
]


def gallery_app() -> Litestar:
    """The console's own routes and the gallery's, without a database."""
    for locale in Locale:
        loader: Any = environment(locale).loader
        if str(TEMPLATES) not in loader.searchpath:
            loader.searchpath.append(str(TEMPLATES))
    none = Secret("postgresql://nobody@127.0.0.1:1/none")
    settings = Settings(
        database_url=none, database_fleet_url=none, redis_url=none, key_ring=none, demo=True
    )
    gallery = Router(
        path="/console/gallery",
        route_handlers=HANDLERS,
        exception_handlers=failures.HANDLERS,
        include_in_schema=False,
    )
    return Litestar(
        route_handlers=[*console.console_routes(), gallery],
        dependencies=DEPENDENCIES,
        middleware=[RequestId()],
        state=State({"settings": settings, "context": SimpleNamespace(uow=None)}),
        openapi_config=None,
    )
