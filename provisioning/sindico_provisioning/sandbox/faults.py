"""Scripted faults: what the sandbox does wrong next, and to which requests."""

from collections import Counter, deque
from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """Ways in which an ERP has been seen to fail."""

    TIMEOUT = "timeout"
    """Takes the request and never answers."""
    SLOW = "slow"
    """Answers in small parts with pauses."""
    DISCONNECT = "disconnect"
    """Breaks off in the middle of the answer."""
    ERROR_500 = "500"
    ERROR_503 = "503"
    TOO_MANY = "429"
    """Asks to wait, with `Retry-After`."""
    UNAUTHORIZED = "401"
    """Forgets the token before its time."""
    FORBIDDEN = "403"
    MISSING = "404"
    REDIRECT = "302"
    TEXT_200 = "text-200"
    """Answers 200 with plain text where JSON belongs."""
    MALFORMED_PAGE = "malformed-page"
    """Answers 200 with JSON that is broken in the middle."""
    FOREIGN_CERTIFICATE = "foreign-certificate"
    """Shows a certificate of an authority nobody trusts."""
    WRONG_NAME = "wrong-name"
    """Shows a certificate for another host."""
    EXPIRED = "expired"
    """Shows a certificate whose time is over."""


CERTIFICATE_FAULTS = frozenset(
    {FaultKind.FOREIGN_CERTIFICATE, FaultKind.WRONG_NAME, FaultKind.EXPIRED}
)


@dataclass(kw_only=True, slots=True)
class Fault:
    """One scripted fault."""

    kind: FaultKind
    route: str = ""
    """Only requests whose path has this in it; certificate faults know no path."""
    times: int = 1
    """How often it strikes; 0 is for ever."""
    skip: int = 0
    """How many matching requests pass unharmed first."""
    seconds: float = 1
    """Pause of `slow` between parts, or what `429` asks to wait."""


def parse_fault(text: str) -> Fault:
    """Read ``kind[:route[:times[:skip]]]``, as in ``disconnect:Pedido:2``.

    Raises:
        ValueError: the kind is unknown or a count is no number.
    """
    kind, *rest = text.split(":")
    route, times, skip, *surplus = [*rest, *["", "1", "0"][len(rest) :]]
    if surplus:
        raise ValueError("expected kind[:route[:times[:skip]]]")
    return Fault(kind=FaultKind(kind), route=route, times=int(times or 1), skip=int(skip or 0))


class FaultScript:
    """The faults still to come, in the order they were written."""

    def __init__(self) -> None:
        self._pending: deque[Fault] = deque()
        self.struck: Counter[FaultKind] = Counter()

    def add(self, fault: Fault) -> None:
        self._pending.append(fault)

    def clear(self) -> None:
        self._pending.clear()

    @property
    def pending(self) -> tuple[Fault, ...]:
        return tuple(self._pending)

    def take_for_request(self, path: str) -> Fault | None:
        """Take the fault that strikes this request, if one does."""
        for fault in self._pending:
            if fault.kind not in CERTIFICATE_FAULTS and fault.route in path:
                return self._take(fault)
        return None

    def take_for_handshake(self) -> Fault | None:
        """Take the fault that strikes this TLS handshake, if one does."""
        for fault in self._pending:
            if fault.kind in CERTIFICATE_FAULTS:
                return self._take(fault)
        return None

    def _take(self, fault: Fault) -> Fault | None:
        if fault.skip > 0:
            fault.skip -= 1
            return None
        if fault.times == 1:
            self._pending.remove(fault)
        elif fault.times > 1:
            fault.times -= 1
        self.struck[fault.kind] += 1
        return fault
