"""The question whether there is room, and who answers it."""

from collections.abc import Awaitable
from enum import StrEnum
from typing import Protocol, TypeVar

from sindico_platform.database.tx import Tx


class Quota(StrEnum):
    """What is asked for on this floor; the codes are those of the packages' limits."""

    ACTIVE_USERS = "active_users"
    STORAGE_BYTES = "storage_bytes"


class Answer(Protocol):
    """Refuses, by a `SindicoError`, what goes past a quota of the bound tenant."""

    def __call__(self, tx: Tx, quota: str, /, *, adding: int) -> Awaitable[None]: ...


A = TypeVar("A", bound=Answer)

_answers: list[Answer] = []


def answers(answer: A) -> A:
    """Declare the one function that answers.

    Raises:
        ValueError: there is one already.
    """
    if _answers:
        raise ValueError("quotas are answered twice")
    _answers.append(answer)
    return answer


async def demand_room(tx: Tx, quota: Quota, *, adding: int = 1) -> None:
    """Refuse to go past a quota. Call it in the transaction that adds, before adding.

    Of two callers at once the second waits for the first, so that both cannot take the last place.

    Raises:
        SindicoError: naming quota, package and what is allowed.
        RuntimeError: nobody was declared to answer; letting pass would be the worse mistake.
    """
    if not _answers:
        raise RuntimeError("nobody answers for quotas")
    await _answers[0](tx, quota, adding=adding)
