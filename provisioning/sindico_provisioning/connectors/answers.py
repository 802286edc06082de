"""Reading what an ERP answers."""

import json
from decimal import Decimal
from typing import Any

import msgspec

from sindico_provisioning.connectors import errors

MAX_VALUES = 5_000_000
"""Of one answer, as many as its bytes hold when records are ordinary. In memory an empty one takes
twenty times its bytes."""

_decode = msgspec.json.Decoder(float_hook=Decimal).decode


def parse_json(body: bytes, path: str) -> Any:
    """Parse an answer; numbers stay exact.

    Half a surrogate pair in one row does not cost the page; the row is rejected later.

    Raises:
        Transient: it is not JSON.
        Terminal: it has more values than `MAX_VALUES`.
    """
    if sum(map(body.count, (b"{", b"[", b","))) > MAX_VALUES:
        raise errors.PAGE_TOO_LARGE.error(path=path, most=MAX_VALUES)
    try:
        return _decode(body)
    except (msgspec.DecodeError, RecursionError, ValueError):
        pass
    try:
        return json.loads(body.decode(), parse_float=Decimal)
    except (ValueError, RecursionError) as fault:
        raise errors.PAGE_MALFORMED.error(path=path) from fault
