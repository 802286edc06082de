"""What a handler may ask for by name, beside its own parameters."""

from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import SkipValidation

from sindico_api.context import Context
from sindico_platform.database.uow import UnitOfWork

AppContext = NamedDependency[SkipValidation[Context]]
Uow = NamedDependency[SkipValidation[UnitOfWork]]


def provide_context(state: State) -> Context:
    context: Context = state.context
    return context


def provide_uow(state: State) -> UnitOfWork:
    return provide_context(state).uow


DEPENDENCIES = {
    "context": Provide(provide_context, sync_to_thread=False),
    "uow": Provide(provide_uow, sync_to_thread=False),
}
