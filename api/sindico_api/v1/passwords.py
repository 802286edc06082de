"""Choosing a password: by invitation, by reset, or one's own."""

from typing import Annotated

from litestar import Response, post
from litestar.background_tasks import BackgroundTask
from litestar.params import JSONBody
from litestar.status_codes import HTTP_200_OK, HTTP_202_ACCEPTED, HTTP_204_NO_CONTENT
from msgspec import Meta

from sindico_api.client_address import client_address
from sindico_api.dependencies import AppContext, CurrentPrincipal
from sindico_api.links import MailNotConfigured, mail_reset_link
from sindico_api.openapi import PUBLIC_SECURITY
from sindico_api.problems import AnyRequest
from sindico_api.request_id import request_id_of
from sindico_platform.identity.authentication.service import CredentialKind
from sindico_platform.identity.links.service import LinkPurpose
from sindico_platform.identity.passwords.choosing import change_own_password, choose_by_link
from sindico_platform.identity.sign_in.throttle import Attempt
from sindico_platform.schemas import Input, Output

Password = Annotated[str, Meta(min_length=1, max_length=1024)]


class ChosenPasswordIn(Input, frozen=True):
    """A password chosen with a one-time link."""

    token: Annotated[str, Meta(max_length=200)]
    """What stands after `token=` in the link."""
    password: Password
    """At least 12 characters, not easily guessed."""


class LoginOut(Output, frozen=True):
    """Who can sign in now."""

    login: str
    """`login@domain`"""


class LoginIn(Input, frozen=True):
    """Whose password was forgotten."""

    login: Annotated[str, Meta(max_length=320, examples=["ana.souza@acme"])]


class PasswordChangeIn(Input, frozen=True):
    """One's own password, the old and the new one."""

    current_password: Password
    new_password: Password


@post(
    "/auth/accept-invitation",
    tags=["auth"],
    status_code=HTTP_200_OK,
    opt={"public": True},
    security=PUBLIC_SECURITY,
)
async def accept_invitation(
    data: JSONBody[ChosenPasswordIn], request: AnyRequest, context: AppContext
) -> LoginOut:
    """Choose the first password with the link of an invitation, which works once."""
    return await _choose(context, request, data, LinkPurpose.INVITATION)


@post(
    "/auth/reset-password",
    tags=["auth"],
    status_code=HTTP_200_OK,
    opt={"public": True},
    security=PUBLIC_SECURITY,
)
async def reset_password(
    data: JSONBody[ChosenPasswordIn], request: AnyRequest, context: AppContext
) -> LoginOut:
    """Choose a new password with the link of a reset, which works once."""
    return await _choose(context, request, data, LinkPurpose.RESET)


@post(
    "/auth/request-reset",
    tags=["auth"],
    status_code=HTTP_202_ACCEPTED,
    opt={"public": True},
    security=PUBLIC_SECURITY,
)
async def request_reset(
    data: JSONBody[LoginIn], request: AnyRequest, context: AppContext
) -> Response[None]:
    """Ask for a reset link by mail. The answer is the same whether or not the user exists."""
    if context.settings.mail_url is None:
        raise MailNotConfigured
    attempt = Attempt(login=f"reset {data.login}", address=client_address(request))
    await context.doors.throttle.admit(attempt)
    later = BackgroundTask(mail_reset_link, context.uow, data.login, request_id_of(request.scope))
    return Response(None, status_code=HTTP_202_ACCEPTED, background=later)


@post("/auth/change-password", tags=["auth"], status_code=HTTP_204_NO_CONTENT)
async def change_password(
    data: JSONBody[PasswordChangeIn],
    request: AnyRequest,
    context: AppContext,
    principal: CurrentPrincipal,
) -> None:
    """Replace one's own password; every other session and token of the user ends."""
    await change_own_password(
        context.doors,
        principal=principal,
        kind=CredentialKind.ACCESS,
        current=data.current_password,
        new=data.new_password,
        address=client_address(request),
    )


async def _choose(
    context: AppContext, request: AnyRequest, data: ChosenPasswordIn, purpose: LinkPurpose
) -> LoginOut:
    login = await choose_by_link(
        context.doors,
        presented=data.token,
        purpose=purpose,
        password=data.password,
        request_id=request_id_of(request.scope),
    )
    return LoginOut(login=login)
