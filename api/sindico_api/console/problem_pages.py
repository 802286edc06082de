"""What a problem document's ``type`` leads to: a page that explains the code."""

from dataclasses import dataclass

from litestar import Response, get
from litestar.params import FromPath

from sindico_api.console import failures, rendering
from sindico_api.console.view import ConsoleRequest
from sindico_api.problems import HTTP_TITLES, PlainHttpProblem, RouteNotFound
from sindico_platform.errors import SindicoError


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownProblem:
    """One code; texts are message ids, the detail with its facts unfilled."""

    code: str
    status: int
    title: str
    detail: str | None


def known_problems() -> dict[str, KnownProblem]:
    """Every code of the product that a problem document may carry."""
    found = {
        code: KnownProblem(code=code, status=status, title=title, detail=None)
        for status, (code, title) in HTTP_TITLES.items()
    }
    classes = [SindicoError]
    while classes:
        kind = classes.pop()
        classes += kind.__subclasses__()
        if kind is not SindicoError and kind.__module__.startswith("sindico_"):
            found[kind.code] = _known(kind)
    return found


@get(
    "/problems/{code:str}",
    opt={"public": True},
    include_in_schema=False,
    exception_handlers=failures.HANDLERS,
)
async def show_problem_code(request: ConsoleRequest, code: FromPath[str]) -> Response[str]:
    """Explain a problem's code.

    Raises:
        RouteNotFound: the product has no such code.
    """
    problem = known_problems().get(code)
    if problem is None:
        raise RouteNotFound
    return rendering.page(request, "problems/problem.html", problem=problem)


def _known(kind: type[SindicoError]) -> KnownProblem:
    detail = None if kind is PlainHttpProblem else kind.detail
    return KnownProblem(
        code=kind.code,
        status=kind.status,
        title=kind.title,
        detail=detail,
    )
