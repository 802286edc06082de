"""What a problem document's ``type`` leads to: a page that explains the code."""

import re
from dataclasses import dataclass

from litestar import Response, get
from litestar.params import FromPath

from sindico_api.console import failures, rendering
from sindico_api.console.view import ConsoleRequest, view_of
from sindico_api.i18n import Translator
from sindico_api.problems import RouteNotFound
from sindico_platform.errors import SindicoError

FACT = re.compile(r"\{\w+\}")
FEW_FACTS = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownProblem:
    """One code; texts are message ids, the detail with its facts unfilled."""

    code: str
    status: int
    title: str
    detail: str


def known_problems() -> dict[str, KnownProblem]:
    """Every code of the product that a problem document may carry."""
    found: dict[str, KnownProblem] = {}
    classes = [SindicoError]
    while classes:
        kind = classes.pop()
        classes += kind.__subclasses__()
        if kind is not SindicoError and kind.__module__.startswith("sindico_"):
            found[kind.code] = KnownProblem(
                code=kind.code, status=kind.status, title=kind.title, detail=kind.detail
            )
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
    detail = say_in_general(problem.detail, view_of(request).translate)
    return rendering.page(request, "problems/problem.html", problem=problem, detail=detail)


def say_in_general(detail: str, _: Translator) -> str | None:
    """What a problem says when nothing is known of the case; None where that says nothing."""
    text, facts = FACT.subn("…", _(detail))
    return text if facts <= FEW_FACTS else None
