"""OAuth 2.0's own words: what a token request says, and how it is refused (RFC 6749)."""

from base64 import b64decode
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import unquote_plus

import msgspec
from litestar import Response
from litestar.exceptions import SerializationException

from sindico_api.problems import AnyRequest, MalformedBody, problem_from_domain
from sindico_platform.errors import SindicoError

NO_STORE = {"Cache-Control": "no-store"}
# RFC 6749 names no errors for these; clients that look at `error` alone still get a word.
WORDS_BY_STATUS = {401: "invalid_client", 403: "access_denied", 503: "temporarily_unavailable"}


class OAuthProblem:
    """Adds the members `error` and `error_description` to a problem document."""

    error: ClassVar[str]

    @property
    def extra(self) -> dict[str, Any]:
        return {"error": self.error, "error_description": str(self)}


class TokenRequestInvalid(OAuthProblem, SindicoError):
    """A parameter of the grant is missing."""

    error = "invalid_request"
    code, status, title = "invalid-request", 400, "The token request is not complete"
    detail = "Send the parameter {parameter} as form field or JSON member."


class GrantTypeUnsupported(OAuthProblem, SindicoError):
    """Some other grant."""

    error = "unsupported_grant_type"
    code, status, title = "unsupported-grant-type", 400, "This grant type is not supported"
    detail = "Use password, refresh_token or client_credentials."


class GrantInvalid(OAuthProblem, SindicoError):
    """Wrong password or refresh token, unknown user: which of them is not told."""

    error = "invalid_grant"
    code, status, title = "invalid-grant", 400, "Login, password or refresh token are wrong"
    detail = "Check them and try again. The username looks like name@company."


class ClientInvalid(OAuthProblem, SindicoError):
    """Unknown or revoked API client, or a wrong secret: which of them is not told."""

    error = "invalid_client"
    code, status, title = "invalid-client", 401, "The API client is not known"
    detail = "Check client_id and client_secret. They are replaced when the client is rotated."

    @property
    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": 'Basic realm="sindico"'}


class ScopeInvalid(OAuthProblem, SindicoError):
    """A scope narrows permissions and cannot add any."""

    error = "invalid_scope"
    code, status, title = "invalid-scope", 400, "The scope cannot be granted"
    detail = "These are not permissions of this principal: {permissions}."


class TokenRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The parameters of every grant; others are ignored, as RFC 6749 demands."""

    grant_type: str = ""
    username: str = ""
    password: str = ""
    refresh_token: str = ""
    scope: str = ""
    client_id: str = ""
    client_secret: str = ""

    def demand(self, *names: str) -> None:
        """Refuse the request if a parameter is missing.

        Raises:
            TokenRequestInvalid: naming the first that is.
        """
        for name in names:
            if not getattr(self, name):
                raise TokenRequestInvalid(parameter=name)


async def read_token_request(request: AnyRequest) -> TokenRequest:
    """Read a form or a JSON body; HTTP Basic names the client where the body does not.

    Raises:
        MalformedBody: the body is neither.
        TokenRequestInvalid: a parameter is no text.
    """
    try:
        return msgspec.convert({**basic_client(request), **await read_body(request)}, TokenRequest)
    except msgspec.ValidationError as error:
        raise TokenRequestInvalid(parameter="grant_type") from error


async def read_body(request: AnyRequest) -> Mapping[str, Any]:
    """The members of a JSON object, or the fields of a form.

    Raises:
        MalformedBody: the body is neither.
    """
    is_json = request.content_type[0].endswith("json")
    try:
        body: Any = await request.json() if is_json else dict(await request.form())
    except (SerializationException, ValueError) as error:
        raise MalformedBody from error
    if not isinstance(body, Mapping):
        raise MalformedBody
    return body


def basic_client(request: AnyRequest) -> dict[str, str]:
    """What HTTP Basic says of the client; both parts are form-encoded first (RFC 6749, 2.3.1)."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return {}
    try:
        client_id, _, secret = b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        return {}
    return {"client_id": unquote_plus(client_id), "client_secret": unquote_plus(secret)}


def refuse(request: AnyRequest, error: SindicoError) -> Response[dict[str, Any]]:
    """Render any refusal of the token endpoint, with a word for OAuth clients."""
    response = problem_from_domain(request, error)
    word = WORDS_BY_STATUS.get(error.status, "invalid_request")
    response.content = {"error": word, "error_description": str(error)} | response.content
    response.headers.update(NO_STORE)
    return response
