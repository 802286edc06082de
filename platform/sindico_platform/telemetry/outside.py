"""Measures calls to other people's systems, the same way for every protocol."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from time import perf_counter

from sindico_platform.errors import Terminal, Transient
from sindico_platform.telemetry import metrics

SUCCEEDED, TRANSIENT, TERMINAL, ABANDONED = "succeeded", "transient", "terminal", "abandoned"


@dataclass(slots=True)
class OutsideCall:
    """One call that is under way."""

    outcome: str = SUCCEEDED

    def note_status(self, status: int) -> None:
        """Judge an HTTP answer: what may pass is transient, what will not is terminal."""
        if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            self.outcome = TRANSIENT
        elif status >= HTTPStatus.BAD_REQUEST:
            self.outcome = TERMINAL


@contextmanager
def outside_call(system: str) -> Iterator[OutsideCall]:
    """Around one call; what is raised inside passes through and decides the outcome.

    Args:
        system: what is called, of a small closed set such as ``erp`` or ``smtp``; never a host.
    """
    call, started = OutsideCall(), perf_counter()
    try:
        yield call
    except Transient:
        call.outcome = TRANSIENT
        raise
    except Terminal:
        call.outcome = TERMINAL
        raise
    except BaseException:
        call.outcome = ABANDONED
        raise
    finally:
        seconds = perf_counter() - started
        metrics.outside_call_duration_seconds.labels(system, call.outcome).observe(seconds)
