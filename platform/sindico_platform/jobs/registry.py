"""Every function that may run in the background, with its limits, declared beside it."""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar, get_type_hints

import msgspec

JobFunction = Callable[..., Awaitable[Any]]
F = TypeVar("F", bound=JobFunction)


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """A registered function and its limits."""

    name: str
    """Permanent: it stands in rows that outlive a release."""
    function: JobFunction
    queue: str
    timeout_seconds: int
    """How long one claim may run; a longer job returns `RunAgain`."""
    lease_seconds: int
    """How long a worker may hold the job without a heartbeat."""
    max_attempts: int
    even_suspended: bool

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """Type by name of the ids it takes, besides `tenant_id`."""
        hints = get_type_hints(self.function)
        names = list(inspect.signature(self.function).parameters)[1:]
        return {name: hints[name] for name in names if name != "tenant_id"}

    def pack(self, ids: Mapping[str, Any]) -> dict[str, Any]:
        """Make JSON of the ids.

        Raises:
            TypeError: names or types are not those of the function.
        """
        if ids.keys() != self.parameters.keys():
            raise TypeError(f"{self.name} takes {sorted(self.parameters)}, got {sorted(ids)}")
        packed: dict[str, Any] = msgspec.to_builtins(dict(ids))
        self.unpack(packed)
        return packed

    def unpack(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """Make typed ids of a row's JSON.

        Raises:
            TypeError: the row was written for other parameters.
        """
        if args.keys() != self.parameters.keys():
            raise TypeError(f"{self.name} takes {sorted(self.parameters)}, got {sorted(args)}")
        try:
            return {
                name: msgspec.convert(args[name], type=hint)
                for name, hint in self.parameters.items()
            }
        except msgspec.ValidationError as error:
            raise TypeError(f"{self.name}: {error}") from error


_declared: dict[str, Declaration] = {}
_by_function: dict[JobFunction, Declaration] = {}


def job(
    *,
    queue: str = "default",
    timeout_seconds: int = 120,
    lease_seconds: int = 300,
    max_attempts: int = 8,
    even_suspended: bool = False,
    name: str | None = None,
) -> Callable[[F], F]:
    """Register ``async def f(ctx: JobContext, *, tenant_id: UUID, ...ids)``; it stays callable.

    It must be safe to run twice and to be killed anywhere. It raises `Transient` to be repeated,
    `Terminal` to give up, and returns None when done or `RunAgain` to go on in a fresh claim.

    Args:
        even_suspended: it runs though its tenant is not active: suspended, closing or closed.
        name: permanent name; the domain's folder and the function's name unless given.

    Raises:
        ValueError: a limit makes no sense, or the name is taken.
    """

    def register(function: F) -> F:
        declaration = Declaration(
            name=name or default_name(function),
            function=function,
            queue=queue,
            timeout_seconds=timeout_seconds,
            lease_seconds=lease_seconds,
            max_attempts=max_attempts,
            even_suspended=even_suspended,
        )
        check(declaration)
        _declared[declaration.name] = _by_function[function] = declaration
        return function

    return register


def default_name(function: JobFunction) -> str:
    domain = function.__module__.removesuffix(".jobs").rpartition(".")[2]
    return f"{domain}.{function.__name__}"


def check(declaration: Declaration) -> None:
    """Refuse what could never work, when the module is imported.

    Raises:
        ValueError: saying what is wrong.
    """
    if not 0 < declaration.timeout_seconds < declaration.lease_seconds:
        raise ValueError(f"{declaration.name}: the lease must be longer than the timeout")
    if declaration.max_attempts < 1:
        raise ValueError(f"{declaration.name}: at least one attempt is needed")
    if declaration.name in _declared:
        raise ValueError(f"{declaration.name} is registered twice")
    _check_signature(declaration)


def _check_signature(declaration: Declaration) -> None:
    parameters = list(inspect.signature(declaration.function).parameters.values())
    if not inspect.iscoroutinefunction(declaration.function) or not parameters:
        raise ValueError(f"{declaration.name} must be a coroutine function with a context")
    loose = [item.name for item in parameters[1:] if item.kind is not item.KEYWORD_ONLY]
    if loose or "tenant_id" not in {item.name for item in parameters[1:]}:
        raise ValueError(f"{declaration.name} must take tenant_id and all ids by keyword only")


def declaration_of(function: JobFunction) -> Declaration:
    """Raises: KeyError when the function has no `@job`."""
    return _by_function[function]


def find_declaration(name: str) -> Declaration | None:
    return _declared.get(name)


def all_declarations() -> list[Declaration]:
    return sorted(_declared.values(), key=lambda item: item.name)
