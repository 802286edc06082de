"""How the API describes itself at `/schema`."""

from typing import Any

from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, OAuthFlow, OAuthFlows, SecurityScheme

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
    )
