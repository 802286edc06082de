"""One's own account: who one is, and one's password."""

from typing import Annotated, Any

from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body
from msgspec import Meta, Struct

from sindico_api.client_address import client_address
from sindico_api.console.forms import EMPTY_FORM
from sindico_api.console.rendering import page, see_other
from sindico_api.console.view import ConsoleRequest, Flash, view_of
from sindico_api.dependencies import AppContext, CurrentPrincipal
from sindico_api.i18n import CONSOLE_PATH
from sindico_platform.errors import InvalidInput
from sindico_platform.identity.authentication.service import CredentialKind
from sindico_platform.identity.passwords.choosing import change_own_password

PROFILE_PATH = f"{CONSOLE_PATH}/profile"


class PasswordChangeIn(Struct, frozen=True):
    """The form that changes one's own password."""

    current_password: Annotated[str, Meta(max_length=1024)] = ""
    new_password: Annotated[str, Meta(max_length=1024)] = ""


PasswordForm = Annotated[PasswordChangeIn, Body(media_type=RequestEncodingType.URL_ENCODED)]


@get("/profile")
async def show_profile(request: ConsoleRequest, principal: CurrentPrincipal) -> Response[str]:
    return page(request, "profile.html", form=EMPTY_FORM, principal=principal)


@post("/profile/password")
async def change_password(
    request: ConsoleRequest, context: AppContext, principal: CurrentPrincipal, data: PasswordForm
) -> Response[Any]:
    """Replace one's own password; one's other sessions and tokens end, this session goes on."""
    _ = view_of(request).translate
    try:
        await change_own_password(
            context.doors,
            principal=principal,
            kind=CredentialKind.SESSION,
            current=data.current_password,
            new=data.new_password,
            address=client_address(request),
        )
    except InvalidInput as error:
        form = EMPTY_FORM.refused(error, _)
        return page(request, "profile.html", status=422, form=form, principal=principal)
    flash = Flash(text=_("The password is changed; other sessions were ended."))
    return see_other(request, PROFILE_PATH, flash=flash)
