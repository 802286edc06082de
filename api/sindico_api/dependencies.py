"""What a handler may ask for by name, beside its own parameters."""

from typing import Any

from litestar import Request
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import SkipValidation

from sindico_api.context import Context
from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.identity.authentication.service import Principal

AppContext = NamedDependency[SkipValidation[Context]]
Uow = NamedDependency[SkipValidation[UnitOfWork]]
CurrentActor = NamedDependency[SkipValidation[Actor]]
CurrentPrincipal = NamedDependency[SkipValidation[Principal]]


def provide_context(state: State) -> Context:
    context: Context = state.context
    return context


def provide_uow(state: State) -> UnitOfWork:
    return provide_context(state).uow


def provide_actor(request: Request[Actor, Principal, State]) -> Actor:
    """Whoever authenticated; a route marked public has none and must not ask."""
    return request.user


def provide_principal(request: Request[Actor, Principal, State]) -> Principal:
    return request.auth


DEPENDENCIES: dict[str, Any] = {
    "context": Provide(provide_context, sync_to_thread=False),
    "uow": Provide(provide_uow, sync_to_thread=False),
    "actor": Provide(provide_actor, sync_to_thread=False),
    "principal": Provide(provide_principal, sync_to_thread=False),
}
