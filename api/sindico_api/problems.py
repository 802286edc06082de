"""One renderer for every failure: `application/problem+json` (RFC 9457)."""

import re
import traceback
from typing import Any

import structlog
from litestar import Request, Response
from litestar.exceptions import (
    ClientException,
    HTTPException,
    SerializationException,
    ValidationException,
)
from litestar.handlers import HTTPRouteHandler
from litestar.status_codes import HTTP_502_BAD_GATEWAY
from litestar.types import ExceptionHandlersMap
from msgspec import UNSET, UnsetType
from sqlalchemy.exc import DBAPIError

from sindico_api.field_faults import field_fault
from sindico_api.i18n import Translator, locale_of, translator
from sindico_api.request_id import HEADER as REQUEST_ID
from sindico_api.request_id import request_id_of
from sindico_platform.database.conflicts import constraint_of
from sindico_platform.errors import (
    Busy,
    FieldError,
    InvalidInput,
    OutsideError,
    SindicoError,
    field_error,
)
from sindico_platform.schemas import Output
from sindico_platform.words import translatable

MEDIA_TYPE = "application/problem+json"
log = structlog.get_logger()

AnyRequest = Request[Any, Any, Any]


class FieldProblem(Output, frozen=True):
    """One thing wrong with one field."""

    field: str
    """Path of the field as the caller wrote it, such as `admin.email`."""
    code: str
    detail: str


class ProblemDetails(Output, frozen=True):
    """Every failure (RFC 9457); facts of the failure stand beside these members."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    """Carries the request id."""
    code: str
    """Permanent, in kebab-case."""
    errors: list[FieldProblem] | UnsetType = UNSET
    """Every field that is wrong, with 422 alone."""


class InternalFault(SindicoError):
    """Our fault; the request id is all that is told."""

    code, status, title = "internal-fault", 500, "Something went wrong on our side"
    detail = "The fault was recorded. Quote the request id if you ask for help."


class RouteNotFound(SindicoError):
    """No route, or none that this caller may know of."""

    code, status, title = "not-found", 404, "There is nothing here"
    detail = "Check the address."


class MalformedBody(SindicoError):
    """The body could not be read at all."""

    code, status, title = "malformed-body", 400, "The body cannot be read"
    detail = "Send a well-formed body of the type that Content-Type names."


class BodyTooLarge(SindicoError):
    """More bytes came than this address takes. Nothing is kept."""

    code, status, title = "body-too-large", 413, "The body is too large"
    detail = "At most {max_megabytes} MB can be sent here."


class MethodNotAllowed(SindicoError):
    """The address is there, and takes other methods."""

    code, status, title = "method-not-allowed", 405, "This address does not take this method"
    detail = "It takes {methods} only."

    @property
    def headers(self) -> dict[str, str]:
        return {"Allow": self.facts["methods"]}


class MalformedRequest(SindicoError):
    """The HTTP layer cannot make anything of it, such as of a form that is cut off."""

    code, status, title = "malformed-request", 400, "The request cannot be served"
    detail = "Its headers or its body are not well formed. Nothing was changed."


PROBLEM_CODE = "problem_code"
"""Of the scope's state: what the request was refused for."""

LONG_FILE_NAME = field_error(
    "file", "file-name-too-long", "The file's name is too long. Give it a shorter one."
)
BROKEN_OFF = "client disconnected"
"""What Litestar says, as a fault of ours, of a caller who hangs up while sending."""
LONG_HEADER = "segment header length"
"""What the parser of forms says of it; the file's name is the only long part of a header."""

# SQLSTATE classes that mean "not now": connection lost, too many, shutting down, lock, deadlock.
RETRYABLE_STATES = re.compile(r"^(08|53|57P|55P03|40001|40P01)")
RETRY_AFTER_SECONDS = 2
CHECK_VIOLATION = "23514"
"""SQLSTATE of a row that a constraint forbids. Where none is named, its table has no partition for
it, as the ledger has none for today after an outage of weeks; the clock makes it."""
OUTSIDE_TITLE = translatable("The other server could not be used")
FORM_READER = "litestar._multipart"
UNSTORABLE_TEXT = "22021"
"""SQLSTATE of text with a NUL, which is well-formed JSON and cannot be stored."""


def render(
    request: AnyRequest,
    *,
    code: str,
    status: int,
    title: str,
    detail: str,
    extra: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> Response[dict[str, Any]]:
    """Build the problem document; `extra` members never replace the standard ones."""
    request.scope["state"][PROBLEM_CODE] = code
    body = (extra or {}) | {
        "type": f"{request.app.state.settings.public_url}/problems/{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": f"urn:request:{request_id_of(request.scope)}",
        "code": code,
    }
    # A refusal by a middleware never passes the one that answers the id, so it stands here too.
    headers = {REQUEST_ID: request_id_of(request.scope)} | (headers or {})
    return Response(body, status_code=status, media_type=MEDIA_TYPE, headers=headers)


def problem_from_domain(request: AnyRequest, error: SindicoError) -> Response[dict[str, Any]]:
    _, extra = translator(locale_of(request)), dict(error.extra)
    if isinstance(error, InvalidInput):
        extra["errors"] = [field_document(item, _) for item in error.errors]
    return render(
        request,
        code=error.code,
        status=error.status,
        title=_.title(error),
        detail=_.detail(error),
        extra=extra,
        headers=error.headers,
    )


def problem_from_outside(request: AnyRequest, error: OutsideError) -> Response[dict[str, Any]]:
    """Somebody else's server could not do what the caller asked for."""
    _ = translator(locale_of(request))
    detail = _.detail(error)
    if error.advice:
        detail = f"{detail} {_(error.advice).format(**error.facts)}"
    return render(
        request,
        code=error.code,
        status=HTTP_502_BAD_GATEWAY,
        title=_(OUTSIDE_TITLE),
        detail=detail,
    )


def field_document(error: FieldError, _: Translator) -> dict[str, Any]:
    return {"field": error.field, "code": error.code, "detail": _.detail(error)}


def problem_from_validation(
    request: AnyRequest, error: ValidationException
) -> Response[dict[str, Any]]:
    faults = error.extra if isinstance(error.extra, list) else [{"message": error.detail}]
    return problem_from_domain(request, InvalidInput(*(field_fault(item) for item in faults)))


def problem_from_http(request: AnyRequest, error: HTTPException) -> Response[dict[str, Any]]:
    """A refusal of the HTTP layer itself, in words of ours: its own are in English alone."""
    told: SindicoError | None
    if isinstance(error.__cause__, SerializationException):
        told = MalformedBody()
    elif LONG_HEADER in str(error.__context__):
        told = InvalidInput(LONG_FILE_NAME)
    else:
        told = _told_by_status(request, error)
    return problem_from_bug(request, error) if told is None else problem_from_domain(request, told)


def _told_by_status(request: AnyRequest, error: HTTPException) -> SindicoError | None:
    match error.status_code:
        case RouteNotFound.status:
            return RouteNotFound()
        case MethodNotAllowed.status:
            methods = (error.headers or {}).get("allow", "GET, HEAD")  # static files do not say
            return MethodNotAllowed(methods=methods)
        case BodyTooLarge.status:
            return BodyTooLarge(max_megabytes=_most_megabytes(request))
    if isinstance(error, ClientException) or BROKEN_OFF in error.detail:
        return MalformedRequest()
    return None


def _most_megabytes(request: AnyRequest) -> int:
    handler = request.scope["route_handler"]
    limit = handler.resolve_request_max_body_size() if isinstance(handler, HTTPRouteHandler) else 0
    return (limit or 0) // 1_000_000


def problem_from_bug(request: AnyRequest, error: Exception) -> Response[dict[str, Any]]:
    if isinstance(error, DBAPIError | OSError | TimeoutError) and is_passing(error):
        log.warning("database_busy", exc_info=error)
        return problem_from_domain(request, Busy(retry_after_seconds=RETRY_AFTER_SECONDS))
    if isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) == UNSTORABLE_TEXT:
        return problem_from_domain(request, MalformedBody())
    if isinstance(error, UnicodeDecodeError) and _is_of_form(error):
        log.warning("text_not_utf8", exc_info=error)
        return problem_from_domain(request, MalformedRequest())
    log.error("unhandled_fault", exc_info=error)
    return problem_from_domain(request, InternalFault())


def _is_of_form(error: UnicodeDecodeError) -> bool:
    """Whether it is of a form's text, which Litestar lets through, and not of what we read."""
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    return frame.f_globals.get("__name__") == FORM_READER


def is_passing(error: DBAPIError | OSError | TimeoutError) -> bool:
    """Whether the same request may work in a moment."""
    if not isinstance(error, DBAPIError):
        return True
    state = getattr(error.orig, "sqlstate", None) or ""
    has_no_place = state == CHECK_VIOLATION and constraint_of(error) is None
    is_known = bool(RETRYABLE_STATES.match(state)) or has_no_place
    return error.connection_invalidated or is_known


HANDLERS: ExceptionHandlersMap = {
    SindicoError: problem_from_domain,
    OutsideError: problem_from_outside,
    ValidationException: problem_from_validation,
    HTTPException: problem_from_http,
    Exception: problem_from_bug,
}
