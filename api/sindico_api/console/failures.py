"""Problems as people see them: the API's own document, as a page or as a box on the page."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from litestar import Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import ExceptionHandlersMap

from sindico_api import problems
from sindico_api.console.rendering import html, is_htmx, render, render_block
from sindico_api.console.view import ConsoleRequest, view_of
from sindico_api.i18n import CONSOLE_PATH
from sindico_platform.errors import OutsideError, SindicoError

PROBLEM_TARGET = re.compile(r"#[\w-]+-problem")
"""Where `ui.form` wants a problem to be shown."""
PAGES = {403: "errors/403.html", 404: "errors/404.html", 500: "errors/500.html"}
OTHER_PAGE = "errors/other.html"


@dataclass(frozen=True, kw_only=True, slots=True)
class ProblemView:
    """A problem document (RFC 9457), in the reader's language, for `ui.problem_box`."""

    status: int
    title: str
    detail: str
    code: str
    errors: tuple[tuple[str, str], ...] = ()
    request_id: str = ""

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> "ProblemView":
        faults = document.get("errors", ())
        return cls(
            status=document["status"],
            title=document["title"],
            detail=document["detail"],
            code=document["code"],
            errors=tuple((fault["field"], fault["detail"]) for fault in faults),
            request_id=document["instance"].removeprefix("urn:request:"),
        )


def problem_view(request: ConsoleRequest, error: SindicoError) -> ProblemView:
    """An error as a page shows it beside something else."""
    return ProblemView.from_document(problems.problem_from_domain(request, error).content)


def show_problem(request: ConsoleRequest, response: Response[dict[str, Any]]) -> Response[str]:
    """A page of its own, or for htmx a box in the form or at the top of the page that asked."""
    problem, view = ProblemView.from_document(response.content), view_of(request)
    if is_htmx(request):
        box = render_block(view, "errors/other.html", "box", problem=problem)
        answer = html(box, status=problem.status)
        target = request.headers.get("problem-target", "")
        answer.headers |= {
            "HX-Retarget": target if PROBLEM_TARGET.fullmatch(target) else "#problems",
            "HX-Reswap": "innerHTML",
            "HX-Reselect": ".problem",
        }
    else:
        template = PAGES.get(problem.status, OTHER_PAGE)
        answer = html(render(view, template, problem=problem), status=problem.status)
    answer.headers |= response.headers
    return answer


def shown(render_problem: Callable[[Any, Any], Response[dict[str, Any]]]) -> Any:
    """The console's handler of what the API renders with `render_problem`."""

    def handler(request: ConsoleRequest, error: Exception) -> Response[str]:
        return show_problem(request, render_problem(request, error))

    return handler


def problem_by_address(
    request: ConsoleRequest, error: HTTPException
) -> Response[str] | Response[dict[str, Any]]:
    """What no route answers: below the console a page, elsewhere the document."""
    answer = problems.problem_from_http(request, error)
    below = request.url.path.startswith(f"{CONSOLE_PATH}/")
    return show_problem(request, answer) if below else answer


HANDLERS: ExceptionHandlersMap = {
    SindicoError: shown(problems.problem_from_domain),
    OutsideError: shown(problems.problem_from_outside),
    ValidationException: shown(problems.problem_from_validation),
    HTTPException: shown(problems.problem_from_http),
    Exception: shown(problems.problem_from_bug),
}
