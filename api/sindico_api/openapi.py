"""How the API describes itself at `/schema`."""

from functools import cache
from http import HTTPStatus
from inspect import signature
from typing import Any

import msgspec
from litestar import Router
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig, ResponseSpec
from litestar.openapi.plugins import JsonRenderPlugin, YamlRenderPlugin
from litestar.openapi.spec import Components, OAuthFlow, OAuthFlows, Schema, SecurityScheme
from litestar.openapi.spec.schema import SchemaDataContainer
from litestar.plugins import OpenAPISchemaPlugin
from litestar.routes import HTTPRoute
from litestar.typing import FieldDefinition

from sindico_api.problems import MEDIA_TYPE, ProblemDetails
from sindico_platform.paging.schemas import Page

PROBLEM_MEDIA_TYPE: Any = MEDIA_TYPE
"""Litestar's types name its own media types alone; any text is written as it is."""

IF_MATCH = "if_match"
"""How handlers call the revision that a change expects."""
OAUTH, BEARER = "oauth2", "bearer"
TOKEN_URL = "/api/v1/auth/token"  # noqa: S105  (an address)
PUBLIC_SECURITY: list[dict[str, list[str]]] = [{}]
"""Said by routes that ask for no token."""

ABOUT = """
Every error is a problem document (RFC 9457, `application/problem+json`) with a permanent `code`.
Lists come by pages: send `next_cursor` back as `after`. Creating posts take an `Idempotency-Key`,
updates an `If-Match` with the `ETag` that was read.
"""


def describe_api() -> OpenAPIConfig:
    """The document's own part; the routes bring theirs."""
    flow = OAuthFlow(token_url=TOKEN_URL, refresh_url=TOKEN_URL, scopes={})
    schemes: dict[str, Any] = {
        OAUTH: SecurityScheme(
            type="oauth2",
            description="The token endpoint also takes JSON.",
            flows=OAuthFlows(password=flow, client_credentials=flow),
        ),
        BEARER: SecurityScheme(type="http", scheme="bearer", description="An access token."),
    }
    return OpenAPIConfig(
        title="Síndico",
        version="1",
        description=ABOUT.strip(),
        path="/schema",
        components=Components(security_schemes=schemes),
        security=[{OAUTH: []}, {BEARER: []}],
        use_handler_docstrings=True,
        # The documents alone: the pages that come with Litestar load scripts from other hosts.
        render_plugins=[JsonRenderPlugin(), YamlRenderPlugin()],
    )


class PagesByName(OpenAPISchemaPlugin):
    """Calls a page by what it lists, `LoadItemPage`, and not by where that stands in the code."""

    def is_plugin_supported_field(self, field_definition: FieldDefinition) -> bool:
        return field_definition.origin is Page

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: Any) -> Schema:  # noqa: ARG002  (Litestar calls it so)
        return SchemaDataContainer(data_container=_page_of(*field_definition.args))


@cache
def _page_of(item: type[msgspec.Struct]) -> type[msgspec.Struct]:
    """The same fields as a struct with a name of its own."""
    fields = [
        (each.name, list[item] if each.name == "items" else each.type, each.default)  # type: ignore[valid-type]  # made at run time
        for each in msgspec.structs.fields(Page)
    ]
    return msgspec.defstruct(f"{item.__name__}Page", fields, module=item.__module__)


def describe_problems(router: Router) -> None:
    """Say on each route which problems it answers; what a route says itself stays."""
    routes = [route for route in router.routes if isinstance(route, HTTPRoute)]
    for handler in (handler for route in routes for handler in route.route_handlers):
        said = dict(handler.responses or {})
        handler.responses = {status: problem(status) for status in _statuses(handler)} | said


def _statuses(handler: HTTPRouteHandler) -> list[int]:
    """What the route's shape lets happen."""
    found = [400, 422, 429, 503]
    if not handler.opt.get("public"):
        found += [401, 403]
    if any("{" in path for path in handler.paths):
        found.append(404)
    if handler.http_methods.isdisjoint({"GET", "HEAD"}):
        found += [409, 413]
    if IF_MATCH in signature(handler.fn).parameters:
        found.append(412)
    return sorted(found)


def problem(status: int) -> ResponseSpec:
    """Describe that a route answers a problem with this status."""
    return ResponseSpec(
        data_container=ProblemDetails,
        description=HTTPStatus(status).phrase,
        media_type=PROBLEM_MEDIA_TYPE,
        generate_examples=False,
    )
