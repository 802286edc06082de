"""Coming in and going out: sign-in, sign-out, forgotten passwords, one-time links."""

from typing import Annotated, Any
from urllib.parse import urlencode, urlsplit

from litestar import Response, get, post
from litestar.background_tasks import BackgroundTask
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.status_codes import HTTP_204_NO_CONTENT
from msgspec import Meta, Struct

from sindico_api import console_sessions
from sindico_api.authentication import presented_session
from sindico_api.client_address import client_address
from sindico_api.console.failures import problem_view
from sindico_api.console.forms import EMPTY_FORM, Form
from sindico_api.console.rendering import is_htmx, page, see_other
from sindico_api.console.view import ConsoleRequest, Flash, view_of
from sindico_api.dependencies import AppContext
from sindico_api.i18n import CONSOLE_PATH
from sindico_api.links import MailNotConfigured, mail_reset_link
from sindico_api.request_id import request_id_of
from sindico_platform.errors import Busy, FieldError, InvalidInput, SindicoError, field_error
from sindico_platform.identity.errors import TenantClosed, TenantSuspended
from sindico_platform.identity.links.service import LinkPurpose
from sindico_platform.identity.passwords.choosing import choose_by_link, login_behind_link
from sindico_platform.identity.sign_in.service import SecondFactorNeeded, SignInRefused
from sindico_platform.identity.sign_in.throttle import Attempt, TooManyAttempts

SIGN_IN_PATH = f"{CONSOLE_PATH}/sign-in"
PUBLIC: dict[str, Any] = {"public": True}
REFUSALS = (
    Busy,
    SecondFactorNeeded,
    SignInRefused,
    TenantClosed,
    TenantSuspended,
    TooManyAttempts,
)


class SignInIn(Struct, frozen=True):
    """The sign-in form."""

    login: Annotated[str, Meta(max_length=320)] = ""
    password: Annotated[str, Meta(max_length=1024)] = ""
    next: str = CONSOLE_PATH
    """Path to go on to."""


class ForgottenIn(Struct, frozen=True):
    """The form that asks for a reset link."""

    login: Annotated[str, Meta(max_length=320)] = ""


class ChosenPasswordIn(Struct, frozen=True):
    """The form behind a one-time link."""

    token: Annotated[str, Meta(max_length=200)]
    password: Annotated[str, Meta(max_length=1024)] = ""


SignInForm = Annotated[SignInIn, Body(media_type=RequestEncodingType.URL_ENCODED)]
ForgottenForm = Annotated[ForgottenIn, Body(media_type=RequestEncodingType.URL_ENCODED)]
PasswordForm = Annotated[ChosenPasswordIn, Body(media_type=RequestEncodingType.URL_ENCODED)]


@get("/sign-in", opt=PUBLIC)
async def show_sign_in(request: ConsoleRequest) -> Response[Any]:
    path = local_path(request.query_params.get("next", CONSOLE_PATH))
    if view_of(request).viewer is not None:
        return see_other(request, path)
    return page(request, "session/sign_in.html", form=EMPTY_FORM, problem=None, next=path)


@post("/sign-in", opt=PUBLIC)
async def sign_in(request: ConsoleRequest, data: SignInForm) -> Response[Any]:
    """Open a session, or show the form again with the reason."""
    form, path, problem = Form({"login": data.login}), local_path(data.next), None
    try:
        _demand(login=data.login, password=data.password)
        cookies = await console_sessions.sign_in(request, login=data.login, password=data.password)
    except InvalidInput as error:
        form, status = form.refused(error, view_of(request).translate), error.status
    except REFUSALS as error:
        problem, status = problem_view(request, error), error.status
    else:
        return see_other(request, path, cookies=cookies)
    return page(
        request, "session/sign_in.html", status=status, form=form, problem=problem, next=path
    )


@post("/sign-out", opt=PUBLIC)
async def sign_out(request: ConsoleRequest) -> Response[None]:
    """End the session. Repeating the call changes nothing."""
    cookies = await console_sessions.sign_out(request)
    _ = view_of(request).translate
    flash = Flash(text=_("You have signed out."), tone="info")
    return see_other(request, SIGN_IN_PATH, cookies=cookies, flash=flash)


@get("/forgotten-password", opt=PUBLIC)
async def show_forgotten_password(request: ConsoleRequest) -> Response[str]:
    return page(request, "session/forgotten.html", form=EMPTY_FORM, sent=False)


@post("/forgotten-password", opt=PUBLIC)
async def ask_for_reset_link(
    request: ConsoleRequest, context: AppContext, data: ForgottenForm
) -> Response[str]:
    """Mail a link. The answer is the same, and as fast, whether or not the login exists."""
    try:
        _demand(login=data.login)
    except InvalidInput as error:
        form = Form({"login": data.login}).refused(error, view_of(request).translate)
        return page(request, "session/forgotten.html", status=422, form=form, sent=False)
    if context.settings.mail_url is None:
        raise MailNotConfigured
    attempt = Attempt(login=f"reset {data.login}", address=client_address(request))
    await context.doors.throttle.admit(attempt)
    answer = page(request, "session/forgotten.html", form=EMPTY_FORM, sent=True)
    answer.background = BackgroundTask(
        mail_reset_link, context.uow, data.login, request_id_of(request.scope)
    )
    return answer


@get("/invitation", opt=PUBLIC)
async def show_invitation(request: ConsoleRequest, context: AppContext) -> Response[str]:
    """The first password; opening the page does not use the link up."""
    return await _password_page(request, context, LinkPurpose.INVITATION)


@get("/reset", opt=PUBLIC)
async def show_reset(request: ConsoleRequest, context: AppContext) -> Response[str]:
    """Another password; opening the page does not use the link up."""
    return await _password_page(request, context, LinkPurpose.RESET)


@post("/invitation", opt=PUBLIC)
async def accept_invitation(
    request: ConsoleRequest, context: AppContext, data: PasswordForm
) -> Response[Any]:
    return await _choose_password(request, context, data, LinkPurpose.INVITATION)


@post("/reset", opt=PUBLIC)
async def reset_password(
    request: ConsoleRequest, context: AppContext, data: PasswordForm
) -> Response[Any]:
    return await _choose_password(request, context, data, LinkPurpose.RESET)


async def _password_page(
    request: ConsoleRequest, context: AppContext, purpose: LinkPurpose
) -> Response[str]:
    token = request.query_params.get("token", "")
    return await _show_password_form(request, context, purpose, token=token, form=EMPTY_FORM)


async def _choose_password(
    request: ConsoleRequest, context: AppContext, data: ChosenPasswordIn, purpose: LinkPurpose
) -> Response[Any]:
    view = view_of(request)
    try:
        login = await choose_by_link(
            context.doors,
            presented=data.token,
            purpose=purpose,
            password=data.password,
            request_id=view.request_id,
        )
    except InvalidInput as error:
        form = EMPTY_FORM.refused(error, view.translate)
        return await _show_password_form(
            request, context, purpose, token=data.token, form=form, status=error.status
        )
    _ = view.translate
    flash = Flash(text=_("The password is saved. Sign in as {login}.", login=login))
    return see_other(request, SIGN_IN_PATH, flash=flash)


async def _show_password_form(
    request: ConsoleRequest,
    context: AppContext,
    purpose: LinkPurpose,
    *,
    token: str,
    form: Form,
    status: int = 200,
) -> Response[str]:
    login = await login_behind_link(
        context.doors, presented=token, purpose=purpose, request_id=request_id_of(request.scope)
    )
    return page(
        request,
        "session/password.html",
        status=status,
        form=form,
        login=login,
        token=token,
        action=request.url.path,
        invited=purpose is LinkPurpose.INVITATION,
    )


def ask_to_sign_in(request: ConsoleRequest, _error: SindicoError) -> Response[None]:
    """Send somebody without a session to the sign-in page, and back afterwards.

    A stream cannot lead anywhere: it ends, and its page asks where to go.
    """
    if "text/event-stream" in request.headers.get("accept", ""):
        return Response(None, status_code=HTTP_204_NO_CONTENT)
    came_from = request.url
    path = f"{came_from.path}?{came_from.query}" if came_from.query else came_from.path
    if is_htmx(request) or request.method != "GET":
        path = urlsplit(request.headers.get("hx-current-url", "")).path
    path = local_path(path)
    query = "" if path == CONSOLE_PATH else "?" + urlencode({"next": path})
    _, flash = view_of(request).translate, None
    if presented_session(request) is not None:
        flash = Flash(
            text=_("Your session has ended. Sign in to go on where you were."), tone="info"
        )
    return see_other(request, SIGN_IN_PATH + query, flash=flash)


def local_path(path: str) -> str:
    """`path` if it is one of the console's own, else the console's start."""
    inside = path == CONSOLE_PATH or path.startswith((f"{CONSOLE_PATH}/", f"{CONSOLE_PATH}?"))
    is_plain = path.isascii() and path.isprintable() and "\\" not in path
    return path if inside and is_plain else CONSOLE_PATH


def _demand(**values: str) -> None:
    missing: list[FieldError] = [
        field_error(name, "required", "This field is required.")
        for name, value in values.items()
        if not value.strip()
    ]
    if missing:
        raise InvalidInput(*missing)
