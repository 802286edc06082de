"""Turns templates into pages: one Jinja environment per language, components as `ui`."""

import re
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, pass_context
from jinja2.runtime import Context
from litestar import MediaType, Response
from litestar.datastructures import Cookie
from litestar.status_codes import HTTP_204_NO_CONTENT, HTTP_303_SEE_OTHER

from sindico_api.compression import AS_IT_IS
from sindico_api.console import menu
from sindico_api.console.assets import asset
from sindico_api.console.labels import status_label
from sindico_api.console.role_words import describe_role
from sindico_api.console.view import FLASH_COOKIE, ConsoleRequest, Flash, View, view_of
from sindico_api.i18n import CONSOLE_PATH, Locale, translator
from sindico_api.readers import formats
from sindico_api.readers.system_words import who

TEMPLATE_DIR = Path(__file__).parent / "templates"
MACRO = re.compile(r"{%-? macro (\w+)\(")
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
SHOWN_ONCE = ('class="copy-once"', 'name="token"')
"""Marks of pages with a secret in them: `ui.copy_once`, and forms that a one-time link opens."""
PAGE_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
    "Vary": "Cookie, Accept-Language, HX-Request",
}


class Components:
    """The macros of ``templates/components``, by name: `ui.table(…)` in any template, no import.

    Macros see the page's variables, so dates in them are in the viewer's zone.
    """

    def __init__(self, environment: Environment, variables: dict[str, Any]) -> None:
        self._environment, self._variables = environment, variables
        self._modules: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        file = component_files().get(name)
        if file is None:
            raise AttributeError(f"there is no component {name!r}")
        if file not in self._modules:
            template = self._environment.get_template(file)
            self._modules[file] = template.make_module(self._variables)
        return getattr(self._modules[file], name)


@cache
def component_files() -> dict[str, str]:
    """The template file of every macro."""
    found = {}
    for path in sorted((TEMPLATE_DIR / "components").glob("*.html")):
        for name in MACRO.findall(path.read_text(encoding="utf-8")):
            found[name] = f"components/{path.name}"
    return found


@cache
def environment(locale: Locale) -> Environment:
    """Templates in one language; texts, numbers and dates follow it."""
    jinja = Environment(
        loader=FileSystemLoader(TEMPLATE_DIR),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    texts = translator(locale).catalogue
    jinja.install_gettext_callables(texts.gettext, texts.ngettext, newstyle=True)  # type: ignore[attr-defined]  # added by the i18n extension
    jinja.globals.update(asset=asset, status_label=status_label, is_current=menu.is_current)
    jinja.filters.update(_filters(locale))
    return jinja


def _filters(locale: Locale) -> dict[str, Callable[..., str]]:
    @pass_context
    def instant(context: Context, value: Any) -> str:
        return formats.instant(value, locale, _zone(context))

    @pass_context
    def precise(context: Context, value: Any) -> str:
        return formats.precise(value, locale, _zone(context))

    @pass_context
    def panel_instant(context: Context, value: Any) -> str:
        return formats.stamped(value, _zone(context), "%d-%m-%Y %H:%M")

    @pass_context
    def log_instant(context: Context, value: Any) -> str:
        return formats.stamped(value, _zone(context), "%Y-%m-%d %H:%M:%S")

    def localised(function: Callable[..., str]) -> Callable[..., str]:
        return lambda value, **options: function(value, locale, **options)

    names = (
        "number",
        "percent",
        "percent_below",
        "money",
        "size",
        "day",
        "ago",
        "duration",
        "zone_name",
    )
    plain = {name: localised(getattr(formats, name)) for name in names}
    return {
        **plain,
        **formats.BRAZILIAN,
        "instant": instant,
        "precise": precise,
        "panel_instant": panel_instant,
        "log_instant": log_instant,
        "who": lambda name: who(name, translator(locale)),
        "described": lambda text: describe_role(text, translator(locale)),
    }


def _zone(context: Context) -> str:
    """The zone of the tenant that the page is about, else that of the viewer's own."""
    return str(context.get("zone") or context["view"].zone)


def render(view: View, template: str, **context: Any) -> str:
    """A whole template as text."""
    loaded, variables = _prepared(view, template, context)
    return loaded.render(variables)


def render_block(view: View, template: str, block: str, **context: Any) -> str:
    """One block of a template, for htmx fragments and server-sent events."""
    loaded, variables = _prepared(view, template, context)
    return "".join(loaded.blocks[block](loaded.new_context(variables)))


def _prepared(
    view: View, template: str, context: dict[str, Any]
) -> tuple[Template, dict[str, Any]]:
    jinja = environment(view.locale)
    variables = {**context, "view": view}
    if view.viewer is not None:
        variables["menu"] = menu.menu_of(view.viewer)
    variables["ui"] = Components(jinja, variables)
    return jinja.get_template(template), variables


def page(
    request: ConsoleRequest, template: str, *, status: int = 200, **context: Any
) -> Response[str]:
    """Answer with a page; a flash that it shows is gone afterwards."""
    view = view_of(request)
    response = html(render(view, template, **context), status=status)
    if view.flash is not None:
        response.delete_cookie(FLASH_COOKIE, path=CONSOLE_PATH)
    return response


def in_place(response: Response[str]) -> Response[str]:
    """Let the page replace the content of the one whose command it answers (`ui.confirm`)."""
    response.headers |= {
        "HX-Retarget": "#content",
        "HX-Reselect": "#content",
        "HX-Reswap": "outerHTML show:window:top",
    }
    return response


def fragment(
    request: ConsoleRequest, template: str, block: str, *, status: int = 200, **context: Any
) -> Response[str]:
    """Answer an htmx request with one block of a page's template."""
    return html(render_block(view_of(request), template, block, **context), status=status)


def html(text: str, *, status: int = 200) -> Response[str]:
    """A page or part of one; one that shows a secret is sent as it is, not compressed."""
    headers = dict(PAGE_HEADERS)
    if any(mark in text for mark in SHOWN_ONCE):
        headers["Cache-Control"] += f", {AS_IT_IS}"
    return Response(text, status_code=status, media_type=MediaType.HTML, headers=headers)


def is_htmx(request: ConsoleRequest) -> bool:
    return "hx-request" in request.headers and "hx-history-restore-request" not in request.headers


def see_other(
    request: ConsoleRequest,
    href: str,
    *,
    flash: Flash | None = None,
    cookies: Sequence[Cookie] = (),
) -> Response[None]:
    """Send the browser to `href` after a post, whether htmx made it or a plain form."""
    jar = list(cookies)
    if flash is not None:
        jar.append(flash.cookie(secure=request.url.scheme == "https"))
    if is_htmx(request):
        status, headers = HTTP_204_NO_CONTENT, {"HX-Redirect": href}
    else:
        status, headers = HTTP_303_SEE_OTHER, {"Location": href}
    return Response(None, status_code=status, headers=headers, cookies=jar)
