"""Every route of the application, as the generated tests walk them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from inspect import signature
from typing import Any
from uuid import uuid4

from httpx import AsyncClient, Response
from litestar import Litestar
from litestar.routes import HTTPRoute

from sindico_api.app import create_app
from sindico_api.guards import Requires
from sindico_api.postman.collection import example_of
from sindico_platform.settings import Secret, Settings

PARAMETER = re.compile(r"\{(?P<name>\w+):(?P<kind>\w+)\}")
EXAMPLES = {"int": "1", "str": "x", "path": "x", "date": "2026-01-31"}
AUTOMATIC = {"HEAD", "OPTIONS"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """One method at one address."""

    method: str
    path: str
    """With its parameters, such as ``/api/v1/users/{user_id:uuid}``."""
    is_public: bool
    guards: tuple[Requires, ...]
    body: Any
    """An example from the OpenAPI document, or `None`."""
    is_list: bool = False
    """Whether it answers page by page."""

    def __str__(self) -> str:
        return f"{self.method} " + PARAMETER.sub(r"{\g<name>}", self.path)

    @property
    def is_api(self) -> bool:
        return self.path.startswith("/api/")

    @property
    def ids(self) -> list[str]:
        """Names of its path parameters that are ids of rows."""
        return [each["name"] for each in PARAMETER.finditer(self.path) if each["kind"] == "uuid"]

    def address(self, **ids: Any) -> str:
        """The address with these ids; what is not given is random."""

        def fill(match: re.Match[str]) -> str:
            name, kind = match["name"], match["kind"]
            return str(ids.get(name) or (uuid4() if kind == "uuid" else EXAMPLES[kind]))

        return PARAMETER.sub(fill, self.path)

    async def call(self, client: AsyncClient, **ids: Any) -> Response:
        """Send the request with the example body."""
        return await client.request(
            self.method, self.address(**ids), json=self.body, follow_redirects=False
        )


def every_route() -> list[Route]:
    """All routes of `create_app`, which needs no database for this."""
    app = create_app(
        Settings(
            database_url=Secret("postgresql://app:app@127.0.0.1/none"),
            database_fleet_url=Secret("postgresql://fleet:fleet@127.0.0.1/none"),
            redis_url=Secret("redis://127.0.0.1:1"),
            key_ring=Secret("test:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="),
        )
    )
    return sorted(_routes_of(app), key=str)


def _routes_of(app: Litestar) -> Iterator[Route]:
    document = app.openapi_schema.to_schema()
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            continue
        for handler in route.route_handlers:
            for method in handler.http_methods - AUTOMATIC:
                guards = tuple(g for g in handler.resolve_guards() if isinstance(g, Requires))
                yield Route(
                    method=method,
                    path=route.path,
                    is_public=bool(handler.opt.get("public")),
                    guards=guards,
                    body=_example_body(document, route.path_format, method),
                    is_list=method == "GET" and "page" in signature(handler.fn).parameters,
                )


def _example_body(document: dict[str, Any], path: str, method: str) -> Any:
    operation = document.get("paths", {}).get(path, {}).get(method.lower(), {})
    content = operation.get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema")
    return example_of(document, schema) if schema else None
