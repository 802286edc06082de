"""What a seal is made of. A change here breaks every seal there is: `VERSION` would have to grow.

A row's digest covers every column but `seal_number`, and `changes` with their salt: those can be
erased. Their digest is covered, so they can be erased but not altered.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

PURPOSE = "audit"
VERSION = 1

COVERED = (
    "tenant_id, id, at, tag, actor_tenant_id, actor_kind, actor_id, actor_name, request_id,"
    " target_type, target_id, facts::text AS facts, changes_digest"
)
"""Columns of a row's digest. `facts` as PostgreSQL writes ``jsonb``, which has one form only."""


def digest_row(row: Mapping[str, Any]) -> bytes:
    """SHA-256 over the columns of `COVERED`, in their order."""
    values = [value for _name, value in row.items()]
    return hashlib.sha256(msgspec.json.encode(values)).digest()


def digest_changes(salt: bytes, changes: dict[str, Any]) -> bytes:
    """SHA-256 over the salt and the changes in canonical JSON."""
    return hashlib.sha256(salt + msgspec.json.encode(changes, order="sorted")).digest()


def sealed_bytes(
    *,
    tenant_id: UUID,
    number: int,
    sealed_at: datetime,
    previous_mac: bytes,
    digests: Sequence[bytes],
) -> bytes:
    """What a seal signs: its own header, the seal before it, the rows in the order of their ids.

    Args:
        previous_mac: of the seal before; empty for the first.
    """
    header = [VERSION, tenant_id, number, sealed_at, len(digests), previous_mac]
    return msgspec.json.encode(header) + b"\n" + b"".join(digests)
