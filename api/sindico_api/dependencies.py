"""What a handler may ask for by name, beside its own parameters."""

from typing import Annotated, Any

from litestar import Request
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import QueryParameter, SkipValidation

from sindico_api.context import Context
from sindico_api.i18n import Translator, locale_of, translator
from sindico_api.once import provide_once
from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.identity.authentication.service import Principal
from sindico_platform.paging.schemas import DEFAULT_LIMIT, MAX_LIMIT, PageRequest

AppContext = NamedDependency[SkipValidation[Context]]
Uow = NamedDependency[SkipValidation[UnitOfWork]]
CurrentActor = NamedDependency[SkipValidation[Actor]]
CurrentPrincipal = NamedDependency[SkipValidation[Principal]]
AskedPage = NamedDependency[SkipValidation[PageRequest]]
Translate = NamedDependency[SkipValidation[Translator]]
"""Puts texts kept as English templates into the caller's language."""


def provide_context(state: State) -> Context:
    context: Context = state.context
    return context


def provide_uow(context: AppContext) -> UnitOfWork:
    return context.uow


def provide_actor(
    request: Request[Actor, Principal, State],
    uow: Uow,  # noqa: ARG001  (keeps the providers in one row, see below)
) -> Actor:
    """Whoever authenticated; a route marked public has none and must not ask."""
    return request.user


def provide_principal(request: Request[Actor, Principal, State]) -> Principal:
    return request.auth


def provide_translator(request: Request[Any, Any, State]) -> Translator:
    return translator(locale_of(request))


def provide_page(
    *,
    actor: CurrentActor,  # noqa: ARG001  (keeps the providers in one row, see below)
    limit: Annotated[
        int, QueryParameter(ge=1, le=MAX_LIMIT, description="How many items at most.")
    ] = DEFAULT_LIMIT,
    after: Annotated[
        str | None, QueryParameter(description="The `next_cursor` of the page before.")
    ] = None,
    sort: Annotated[
        str | None,
        QueryParameter(description="An order of this list; `-` before it turns it around."),
    ] = None,
) -> PageRequest:
    return PageRequest(limit=limit, after=after, sort=sort)


# Litestar starts a task for each of several providers that do not wait for one another, and that
# costs more than all of these do; so what a list asks for stands in a row: context, uow, actor,
# page.
DEPENDENCIES: dict[str, Any] = {
    "context": Provide(provide_context, sync_to_thread=False),
    "uow": Provide(provide_uow, sync_to_thread=False),
    "actor": Provide(provide_actor, sync_to_thread=False),
    "principal": Provide(provide_principal, sync_to_thread=False),
    "translate": Provide(provide_translator, sync_to_thread=False),
    "page": Provide(provide_page, sync_to_thread=False),
    "once": Provide(provide_once),
}
