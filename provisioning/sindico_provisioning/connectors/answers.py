"""Reading what an ERP answers."""

import json
from decimal import Decimal
from typing import Any

import msgspec

from sindico_provisioning.connectors import errors

_decode = msgspec.json.Decoder(float_hook=Decimal).decode


def parse_json(body: bytes, path: str) -> Any:
    """Parse an answer; numbers stay exact.

    Half a surrogate pair in one row does not cost the page; the row is rejected later.

    Raises:
        Transient: it is not JSON.
    """
    try:
        return _decode(body)
    except (msgspec.DecodeError, RecursionError, ValueError):
        pass
    try:
        return json.loads(body.decode(), parse_float=Decimal)
    except (ValueError, RecursionError) as fault:
        raise errors.PAGE_MALFORMED.error(path=path) from fault
