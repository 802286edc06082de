"""Taking pushes in, and rows back out of the staging."""

import asyncio
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Collection,
    Iterator,
    Sequence,
)
from contextlib import aclosing, suppress
from dataclasses import replace
from typing import Any
from uuid import UUID

from sindico_platform.audit import service as audit
from sindico_platform.database.driver import as_database_errors
from sindico_platform.database.tx import Tx
from sindico_platform.errors import InvalidInput, SindicoError
from sindico_provisioning.erp_tables.errors import PushOfTooManyRows, in_brief, reason
from sindico_provisioning.erp_tables.kinds import is_encodable
from sindico_provisioning.erp_tables.schemas import (
    ErpTable,
    Rejection,
    UnknownFields,
    encode_rows,
)
from sindico_provisioning.exchanges.compression import compress
from sindico_provisioning.exchanges.schemas import Outcome, Piece
from sindico_provisioning.freshness.service import note_push
from sindico_provisioning.integrations import service as integrations
from sindico_provisioning.integrations.models import (
    Integration,
    IntegrationKind,
    IntegrationState,
)
from sindico_provisioning.integrations.queries import find_of_kind
from sindico_provisioning.loads.errors import IntegrationPaused
from sindico_provisioning.packages.errors import PackageLimitReached
from sindico_provisioning.pushes.errors import PushRefused
from sindico_provisioning.pushes.limits import MAX_ROWS, MOST_TOLD
from sindico_provisioning.pushes.pieces import cut_body
from sindico_provisioning.pushes.schemas import Copying, Intake, Prepared, Push, Taken
from sindico_provisioning.staging import service as staging
from sindico_provisioning.staging.arrivals.service import note_arrival
from sindico_provisioning.staging.lines import render_lines
from sindico_provisioning.staging.schemas import Counts, Stored

MOST_KEYS = 1_000
"""Of one removal."""
BRIEF = 2
"""Reasons of a row that are told in any case."""


async def ensure_integration(tx: Tx) -> Integration:
    """The tenant's integration of kind API; the first push makes it.

    Raises:
        IntegrationPaused: it takes nothing now.
        FeatureNotInPackage, PackageLimitReached: the tenant has none and may not have one.
    """
    integration = await find_of_kind(tx, IntegrationKind.API)
    if integration is None:
        integration = await _make_integration(tx)
    if integration.state != IntegrationState.ACTIVE:
        raise IntegrationPaused(name=integration.name)
    return integration


async def _make_integration(tx: Tx) -> Integration:
    refused: PackageLimitReached | None = None
    try:
        await integrations.add_integration(tx, kind=IntegrationKind.API)
    except PackageLimitReached as error:
        refused = error
    # It is there all the same if another first push made it while this one waited for its place.
    made = await find_of_kind(tx, IntegrationKind.API)
    if made is None:
        raise refused or RuntimeError("the integration was made and is not there")
    return made


async def take_push(tx: Tx, push: Push) -> Taken:
    """Check a body's rows and store those that are right, each key once.

    While one piece is on its way to the database the next is checked; then all is stored by one
    statement, in key order, so that two pushes cannot deadlock.

    Raises:
        PushRefused: it is atomic, and a row is wrong.
        BodyNotJson, BodyDamaged, PushTooLarge, PushOfTooManyRows, RowTooLarge: the body cannot be
            taken. In every case let the transaction roll back.
    """
    intake = push.intake
    integration = await ensure_integration(tx)
    unknown = UnknownFields(integration.unknown_fields)
    with as_database_errors("push"):
        few = await _copy_pieces(tx, push, unknown)
        rejections = list_rejections(intake)
        if push.is_atomic and rejections:
            raise PushRefused(received=intake.received, rejections=rejections)
        stored = await _store(tx, push, integration.id, few)
        if stored.counts.created or stored.counts.updated:
            await note_arrival(tx, integration_id=integration.id)
        await staging.note_rejections(
            tx,
            table=push.table,
            integration_id=integration.id,
            errors=_errors_by_key(rejections),
            sent=intake.seen,
            is_right=not rejections,
        )
    if len(rejections) < intake.received:
        await note_push(tx, integration_id=integration.id)
    return Taken(
        integration_id=integration.id,
        counts=replace(stored.counts, rejected=len(rejections)),
        rejections=rejections,
        outcomes=letters_of(intake, stored),
    )


async def _copy_pieces(tx: Tx, push: Push, unknown: UnknownFields) -> Prepared | None:
    """Copy the good rows to where they will be stored from.

    Returns:
        The only piece, not copied, if there is but one and it is small.
    """
    copying = Copying()
    async with aclosing(_read_ahead(_prepare(push, unknown))) as pieces:
        first = await anext(pieces, None)
        second = None if first is None or first.lines else await anext(pieces, None)
        if first is None or not (first.lines or second):
            if first is not None:
                _note(push.intake, first)
            return first
        await staging.open_incoming(tx, table=push.table)
        lines = _lines_of(push, _begin_with(first, second, pieces), copying)
        await staging.copy_incoming(tx, table=push.table, lines=lines)
    if copying.failure is not None:
        raise copying.failure
    await staging.remove_incoming(tx, copying.repeated)
    return None


async def _begin_with(
    first: Prepared, second: Prepared | None, others: AsyncIterable[Prepared]
) -> AsyncIterator[Prepared]:
    yield first
    if second is not None:
        yield second
    async for piece in others:
        yield piece


async def _lines_of(
    push: Push, pieces: AsyncIterable[Prepared], copying: Copying
) -> AsyncIterator[bytes]:
    """Note each piece and give what is to be copied of it.

    Of an atomic push that is nothing once a row is wrong, but everything wrong is to be told. A
    body that cannot be taken ends it, so that the database need not be told to give up.
    """
    try:
        async for piece in pieces:
            copying.repeated.update(_note(push.intake, piece))
            if piece.keys and not (push.is_atomic and push.intake.rejected):
                yield piece.lines or render_lines(encode_rows(piece.rows))
    except SindicoError as error:
        copying.failure = error


async def _store(tx: Tx, push: Push, integration_id: UUID, few: Prepared | None) -> Stored:
    target: dict[str, Any] = {"table": push.table, "integration_id": integration_id}
    count = push.intake.received - len(push.intake.rejected)
    if not count:
        return Stored(counts=Counts())
    if few is not None:
        return await staging.upsert_few(tx, rows=few.rows, **target)
    return await staging.merge_incoming(tx, count=count, **target)


def _prepare(push: Push, unknown: UnknownFields) -> Iterator[Prepared]:
    """Check, render and compress piece by piece."""
    parts = push.body.read()
    for cut in cut_body(parts, table=push.table, form=push.form, unknown=unknown):
        checked, first = cut.checked, cut.first_index
        wrong = {item.index for item in checked.rejections}
        every = range(first, first + checked.received)
        is_many = len(checked.rows) > staging.MOST_BY_ARRAYS
        yield Prepared(
            rows=() if is_many else checked.type_rows(),
            lines=render_lines(checked.encode()) if is_many else b"",
            keys=[row[0] for row in checked.rows],
            indexes=[index for index in every if index not in wrong] if wrong else every,
            rejections=checked.rejections,
            body_bytes=len(cut.body),
            piece=Piece(
                format=push.form,
                first_index=first,
                row_count=checked.received,
                body=compress(cut.body),
            ),
        )


async def _read_ahead(pieces: Iterator[Prepared]) -> AsyncGenerator[Prepared, None]:
    """Give the pieces, preparing the next in a thread while the last is stored."""

    def take() -> Prepared | None:
        return next(pieces, None)

    coming = asyncio.create_task(asyncio.to_thread(take))
    try:
        while (prepared := await coming) is not None:
            coming = asyncio.create_task(asyncio.to_thread(take))
            yield prepared
    finally:
        with suppress(Exception):  # the thread still reads the body, which is about to be closed
            await coming


def _note(intake: Intake, prepared: Prepared) -> Collection[str]:
    """Add a piece to what is known of its push.

    Returns:
        The keys of good rows that came in an earlier piece already.

    Raises:
        PushOfTooManyRows: it is one piece too many.
    """
    intake.received += prepared.piece.row_count
    intake.body_bytes += prepared.body_bytes
    intake.pieces.append(prepared.piece)
    if intake.received > MAX_ROWS:
        raise PushOfTooManyRows(most_rows=MAX_ROWS)
    if not prepared.rejections and intake.seen.keys().isdisjoint(prepared.keys):
        intake.seen.update(zip(prepared.keys, prepared.indexes, strict=True))
        return []
    keys = dict(zip(prepared.keys, prepared.indexes, strict=True))
    for rejection in prepared.rejections:
        intake.rejected[rejection.index] = told = _told(
            rejection, is_brief=intake.told >= MOST_TOLD
        )
        intake.told += len(told["errors"])
        if rejection.id_erp is not None:
            keys.setdefault(rejection.id_erp, rejection.index)
    repeated = intake.seen.keys() & keys.keys()
    for key in repeated:
        _reject_repeated(intake, key, intake.seen[key])
        _reject_repeated(intake, key, keys[key])
    intake.seen |= keys
    return repeated


def _told(rejection: Rejection, *, is_brief: bool) -> dict[str, Any]:
    reasons = rejection.reasons
    if is_brief and len(reasons) > BRIEF:
        reasons = in_brief(reasons)
    errors = [staging.describe_reason(item) for item in reasons]
    return {"index": rejection.index, "key": rejection.id_erp, "errors": errors}


def _reject_repeated(intake: Intake, key: str, index: int) -> None:
    told = intake.rejected.setdefault(index, {"index": index, "key": key, "errors": []})
    repeated = staging.describe_reason(reason("id_erp", "duplicate-key"))
    if repeated not in told["errors"]:
        told["errors"].append(repeated)


def list_rejections(intake: Intake) -> list[dict[str, Any]]:
    """The rows that are wrong, in their order."""
    return [intake.rejected[index] for index in sorted(intake.rejected)]


async def note_refusal(tx: Tx, *, table: ErpTable, rejections: Sequence[dict[str, Any]]) -> None:
    """Keep what was wrong in an atomic push of which nothing landed."""
    integration = await find_of_kind(tx, IntegrationKind.API)
    if integration is not None:
        await staging.note_rejections(
            tx, table=table, integration_id=integration.id, errors=_errors_by_key(rejections)
        )


def _errors_by_key(rejections: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {told["key"] or "": told["errors"] for told in rejections}


def letters_of(intake: Intake, stored: Stored | None) -> str:
    """One letter of `Outcome` per row; `stored` is None if nothing was taken."""
    counts = stored.counts if stored else Counts()
    good = intake.received - len(intake.rejected)
    usual = Outcome.NOT_TAKEN if stored is None else Outcome.UNCHANGED
    if good and counts.created == good:
        usual = Outcome.CREATED
    elif good and counts.updated == good:
        usual = Outcome.UPDATED
    letters = bytearray(usual.encode() * intake.received)
    if stored:
        for keys, outcome in (
            (stored.created_keys, Outcome.CREATED),
            (stored.updated_keys, Outcome.UPDATED),
        ):
            for key in keys:
                letters[intake.seen[key]] = ord(outcome)
    for index in intake.rejected:
        letters[index] = ord(Outcome.REJECTED)
    return letters.decode()


async def remove_rows(tx: Tx, *, table: ErpTable, keys: Sequence[str]) -> frozenset[str]:
    """Mark rows as gone from the ERP.

    Returns:
        The keys that were there; repeating the call gives none and changes nothing.
    """
    if any("\x00" in key or not is_encodable(key) for key in keys):
        raise InvalidInput(reason("id_erp", "nul-byte"))
    integration = await find_of_kind(tx, IntegrationKind.API)
    if integration is None:
        return frozenset()
    with as_database_errors("removal"):
        gone = await staging.remove_rows(
            tx, table=table, integration_id=integration.id, keys=sorted(set(keys))
        )
        await staging.note_rejections(
            tx, table=table, integration_id=integration.id, errors={}, sent=set(keys)
        )
        if gone:
            await note_arrival(tx, integration_id=integration.id)
    if gone:
        await audit.record(
            tx,
            "erp-rows:remove",
            target_type="integration",
            target_id=integration.id,
            table=table.name,
            count=len(gone),
        )
    return gone
