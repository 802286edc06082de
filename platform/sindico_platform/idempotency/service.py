"""Claim a request's key, do the work, and finish in the work's own transaction.

The work and its recorded answer commit together, so a request that was carried out always has
its answer, and one that died has neither. While the work goes on, its transaction holds a lock that
ends with its connection: where nobody holds it any more, the process is gone, and whoever sends the
request again takes its place without waiting for the lease to end.
"""

import hashlib
import math
import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import delete, func, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils.compat import uuid4

from sindico_platform.database.tx import Actor, Tx
from sindico_platform.errors import InvalidInput, field_error
from sindico_platform.idempotency import queries
from sindico_platform.idempotency.errors import KeyOfAnotherRequest, StillRunning
from sindico_platform.idempotency.models import IdempotencyKey, KeyState
from sindico_platform.idempotency.schemas import Answer, Claim, Request
from sindico_platform.secrets import KeyRing

HEADER = "Idempotency-Key"
LEASE_SECONDS = 60
KEEP_HOURS = 24
RETRY_AFTER_SECONDS = 2
"""While the work goes on."""
UNHELD_SECONDS = 5
"""How long after its claim a request may take to begin its work. One that takes longer may lose its
place to the same request sent again, and is then rolled back."""
PURGE_BATCH = 5_000
SEALED_FIELD = "idempotency_key.answer"

_KEY = re.compile(r"[\x21-\x7e]{1,200}").fullmatch
FINISH = text(
    "SELECT control.finish_idempotent_request(:tenant_id, :client, :route, :key, :token, :answer)"
)
HOLD = text("SELECT pg_advisory_xact_lock(:number)")
TRY_TO_HOLD = text("SELECT pg_try_advisory_xact_lock(:number)")
PURGE = text("SELECT control.purge_idempotency_keys(:batch)")


def request_of(
    actor: Actor, *, method: str, path: str, key: str, body: bytes = b"", digest: str | None = None
) -> Request:
    """Name a request.

    Args:
        digest: SHA-256 of the body in hexadecimal digits, from who has it instead of the body.

    Raises:
        InvalidInput: the key is empty, too long, or has spaces or other characters than ASCII.
    """
    if not _KEY(key):
        detail = "An Idempotency-Key has 1 to 200 visible ASCII characters, such as a UUID."
        raise InvalidInput(field_error(HEADER, "idempotency-key-format", detail))
    return Request(
        tenant_id=actor.tenant_id,
        client=f"{actor.kind}:{actor.id}",
        route=f"{method} {path}",
        key=key,
        body_digest=digest or hashlib.sha256(body).hexdigest(),
    )


async def claim_request(
    tx: Tx, request: Request, *, keys: KeyRing, lease_seconds: int = LEASE_SECONDS
) -> Claim | Answer:
    """Take the request in a transaction of its own, or get the answer it was given before.

    Raises:
        KeyOfAnotherRequest: the key came with another body in the last 24 hours.
        StillRunning: the same request is being carried out now.
    """
    token = uuid4()
    fresh = _fresh(tx, request, token=token, lease_seconds=lease_seconds)
    taken = await tx.session.scalar(
        insert(IdempotencyKey)
        .values(
            tenant_id=request.tenant_id,
            client=request.client,
            route=request.route,
            key=request.key,
            **fresh,
        )
        .on_conflict_do_update(
            constraint="pk_idempotency_key",
            set_=fresh,
            where=(IdempotencyKey.expires_at <= func.now())
            | (
                (IdempotencyKey.state == KeyState.RUNNING)
                & (IdempotencyKey.lease_until <= func.now())
                & (IdempotencyKey.body_digest == request.body_digest)
            ),
        )
        .returning(IdempotencyKey.token)
    )
    if taken is not None:
        return Claim(request=request, token=token)
    row = await queries.find_key(tx, request)
    if row is not None and row.body_digest != request.body_digest:
        raise KeyOfAnotherRequest
    if row is None:
        raise StillRunning(retry_after_seconds=RETRY_AFTER_SECONDS)
    if row.answer is None:
        await _demand_dead(tx, row)
        return await _take_over(tx, request, died=row.token, token=token, fresh=fresh)
    plain = keys.open(row.answer, tenant_id=request.tenant_id, field=SEALED_FIELD)
    return msgspec.json.decode(plain.reveal(), type=Answer)


def _fresh(tx: Tx, request: Request, *, token: UUID, lease_seconds: int) -> dict[str, Any]:
    """What a row says of a request that was taken now."""
    return {
        "body_digest": request.body_digest,
        "state": KeyState.RUNNING,
        "token": token,
        "lease_until": tx.now + timedelta(seconds=lease_seconds),
        "answer": None,
        "expires_at": tx.now + timedelta(hours=KEEP_HOURS),
    }


async def _demand_dead(tx: Tx, row: IdempotencyKey) -> None:
    """See that nobody carries a request out; to the transaction's end nobody else sees it so.

    Raises:
        StillRunning: somebody does, or was about to a moment ago.
    """
    if not await tx.session.scalar(TRY_TO_HOLD, {"number": _number_of(row.token)}):
        raise StillRunning(retry_after_seconds=RETRY_AFTER_SECONDS)
    claimed_at = row.expires_at - timedelta(hours=KEEP_HOURS)
    left = UNHELD_SECONDS - (tx.now - claimed_at).total_seconds()
    if left > 0:
        raise StillRunning(retry_after_seconds=math.ceil(left))


async def _take_over(
    tx: Tx, request: Request, *, died: UUID, token: UUID, fresh: dict[str, Any]
) -> Claim:
    """Take the place of a request whose process is gone.

    Raises:
        StillRunning: it was finished or taken meanwhile.
    """
    taken = await tx.session.scalar(
        update(IdempotencyKey)
        .where(
            *queries.row_of(request),
            IdempotencyKey.token == died,
            IdempotencyKey.state == KeyState.RUNNING,
        )
        .values(fresh)
        .returning(IdempotencyKey.token)
    )
    if taken is None:
        raise StillRunning(retry_after_seconds=RETRY_AFTER_SECONDS)
    return Claim(request=request, token=token)


def _number_of(token: UUID) -> int:
    """What PostgreSQL locks by: the half of a random token."""
    return int.from_bytes(token.bytes[:8], signed=True)


async def hold_claim(tx: Tx, claim: Claim) -> None:
    """Let others see, to the end of the work's transaction, that the request is carried out.

    A process that dies takes its connections along, and the lock with them. Call it first.
    """
    await tx.session.execute(HOLD, {"number": _number_of(claim.token)})


async def finish_request(tx: Tx, claim: Claim, answer: Answer, *, keys: KeyRing) -> None:
    """Record the answer in the work's own transaction, whatever tenant that is bound to.

    Raises:
        StillRunning: the work took so long that the same request took its place; let it roll
            this transaction back.
    """
    request = claim.request
    plain = msgspec.json.encode(answer).decode()
    finished = await tx.session.scalar(
        FINISH,
        {
            "tenant_id": request.tenant_id,
            "client": request.client,
            "route": request.route,
            "key": request.key,
            "token": claim.token,
            "answer": keys.seal(plain, tenant_id=request.tenant_id, field=SEALED_FIELD),
        },
    )
    if not finished:
        raise StillRunning(retry_after_seconds=RETRY_AFTER_SECONDS)


async def release_request(tx: Tx, claim: Claim) -> None:
    """Free the key after the work failed and left nothing; the caller may try again at once."""
    await tx.session.execute(
        delete(IdempotencyKey).where(
            *queries.row_of(claim.request),
            IdempotencyKey.token == claim.token,
            IdempotencyKey.state == KeyState.RUNNING,
        )
    )


async def purge_keys(fleet: AsyncEngine) -> int:
    """Delete the keys of all tenants that are older than a day. For the clock.

    Returns:
        How many were deleted.
    """
    total = 0
    while True:
        async with fleet.begin() as connection:
            deleted: int = (await connection.execute(PURGE, {"batch": PURGE_BATCH})).scalar_one()
        total += deleted
        if deleted < PURGE_BATCH:
            return total
