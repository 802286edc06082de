"""How a person likes to read: the language, kept in a cookie of the console."""

from typing import Annotated

from litestar import Response, post
from litestar.datastructures import Cookie
from litestar.enums import RequestEncodingType
from litestar.params import Body
from msgspec import Struct

from sindico_api.console.rendering import see_other
from sindico_api.console.session import local_path
from sindico_api.console.view import ConsoleRequest
from sindico_api.i18n import CONSOLE_PATH, LANGUAGE_COOKIE, Locale

ONE_YEAR_SECONDS = 365 * 24 * 3600


class LanguageIn(Struct):
    """The form of the language switch."""

    language: Locale
    next: str = CONSOLE_PATH
    """Path to return to."""


@post("/language", opt={"public": True})
async def choose_language(
    request: ConsoleRequest,
    data: Annotated[LanguageIn, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[None]:
    cookie = Cookie(
        key=LANGUAGE_COOKIE,
        value=data.language.value,
        path=CONSOLE_PATH,
        max_age=ONE_YEAR_SECONDS,
        httponly=True,
        secure=request.url.scheme == "https",
        samesite="lax",
    )
    return see_other(request, local_path(data.next), cookies=[cookie])
