"""The only writer of the audit trail."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import insert, text
from uuid_utils.compat import uuid7

from sindico_platform.audit.digests import digest_changes
from sindico_platform.audit.models import AuditEvent
from sindico_platform.audit.queries import count_changes, find_last_event
from sindico_platform.audit.schemas import AuditErasureOut
from sindico_platform.database.base import table_of
from sindico_platform.database.tx import ActorKind, Tx

SALT_BYTES = 16
INSERT = insert(table_of(AuditEvent))
ERASE = text("SELECT control.erase_audit_changes(:target_type, :target_id)")
ERASED = "audit:erase"
UNCHANGED = {"changes": None, "changes_salt": None, "changes_digest": None}


async def record(
    tx: Tx,
    tag: str,
    *,
    target_type: str | None = None,
    target_id: UUID | None = None,
    changes: dict[str, tuple[Any, Any]] | None = None,
    follows: UUID | None = None,
    **facts: Any,
) -> None:
    """Write one event in the caller's transaction, in the trail of the bound tenant.

    Args:
        tag: ``noun:verb``.
        changes: before and after by field; a secret is passed as ``("changed", "changed")``.
        follows: an event that this one comes after, whichever host's clock made its id.
        facts: what else a reader needs; nothing personal, as it cannot be erased.
    """
    actor = tx.actor
    event = {
        "tenant_id": tx.tenant_id,
        "id": tx.new_id_after(follows),
        "at": tx.now,
        "tag": tag,
        "actor_tenant_id": actor.tenant_id,
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "actor_name": actor.name,
        "request_id": actor.request_id,
        "target_type": target_type,
        "target_id": target_id,
        "facts": msgspec.to_builtins(facts | _support(tx)),
    }
    # Every row has the same columns, so that gathered ones fit one statement.
    row = event | (_salted(changes) if changes else UNCHANGED)
    if tx.gathered_events is None:
        await tx.session.execute(INSERT, row)
    else:
        tx.gathered_events.append(row)


@asynccontextmanager
async def gathered(tx: Tx) -> AsyncIterator[None]:
    """Write all events that the block records in one statement at its end, if it does not raise.

    The block may not catch what breaks a savepoint inside it: the events would stay.
    """
    rows: list[dict[str, Any]] = []
    tx.gathered_events = rows
    try:
        yield
    finally:
        tx.gathered_events = None
    if rows:
        await tx.session.execute(INSERT, rows)


def release_event(
    tag: str, *, at: datetime, target_type: str, tenant_id: UUID, target_id: UUID
) -> dict[str, Any]:
    """The row of something a release changed by itself, for `INSERT` by the role `owner`."""
    return {
        "tenant_id": tenant_id,
        "id": uuid7(),
        "at": at,
        "tag": tag,
        "actor_tenant_id": tenant_id,
        "actor_kind": ActorKind.SYSTEM,
        "actor_id": None,
        "actor_name": "release",
        "request_id": None,
        "target_type": target_type,
        "target_id": target_id,
        "facts": {},
    }


async def erase_changes(tx: Tx, target_type: str, target_id: UUID) -> AuditErasureOut:
    """Forget before and after of everything that was done to one record, as when a person asks.

    That it was done stays, and the trail still verifies: the erasure is itself an event of it.
    Repeating the call changes nothing until something is done to the record again.

    Raises:
        AuditRecordNotFound: the trail of the bound tenant tells of no such record.
    """
    about: dict[str, Any] = {"target_type": target_type, "target_id": target_id}
    erased: int = await tx.session.scalar(ERASE, about) or 0
    if erased:
        # What lost its changes is told from what must have them by the order of ids.
        last = await find_last_event(tx, target_type, target_id)
        await record(tx, ERASED, **about, follows=last, events=erased)
    return await count_changes(tx, target_type, target_id, erased=erased)


def _salted(changes: dict[str, tuple[Any, Any]]) -> dict[str, Any]:
    plain, salt = msgspec.to_builtins(changes), secrets.token_bytes(SALT_BYTES)
    return {
        "changes": plain,
        "changes_salt": salt,
        "changes_digest": digest_changes(salt, plain),
    }


def _support(tx: Tx) -> dict[str, Any]:
    session_id = tx.actor.support_session_id
    return {"support_session_id": session_id} if session_id else {}
