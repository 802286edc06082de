"""Requests of integrations at `/api/v1/erp`: carried out, answered, and kept in the ledger."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import msgspec
from litestar import Request, Response
from litestar.datastructures import State
from litestar.status_codes import HTTP_200_OK, HTTP_207_MULTI_STATUS

from sindico_api.context import Context
from sindico_api.i18n import Translator
from sindico_api.once import REPLAYED, Once
from sindico_api.problems import problem_from_domain
from sindico_platform.database.tx import Actor, Tx
from sindico_platform.errors import SindicoError
from sindico_platform.identity.authentication.service import Principal
from sindico_provisioning.erp_tables.queries import TABLES, get_table
from sindico_provisioning.erp_tables.schemas import ErpTable
from sindico_provisioning.exchanges import service as exchanges
from sindico_provisioning.exchanges.masking import mask_query
from sindico_provisioning.exchanges.models import BodyFormat, Direction
from sindico_provisioning.exchanges.schemas import Outcome, Record
from sindico_provisioning.integrations.models import IntegrationKind
from sindico_provisioning.integrations.queries import find_of_kind
from sindico_provisioning.pushes import service
from sindico_provisioning.pushes.bodies import Body, encoding_of
from sindico_provisioning.pushes.errors import (
    MediaTypeNotSupported,
    PushRefused,
    PushTooLarge,
)
from sindico_provisioning.pushes.limits import MAX_BYTES
from sindico_provisioning.pushes.schemas import (
    Intake,
    Push,
    PushErrorOut,
    PushOut,
    PushRejectionOut,
    Taken,
)
from sindico_provisioning.staging.schemas import Counts

T = TypeVar("T")
IS_KEPT = "erp_exchange_kept"
"""Of the scope's state: the handler has begun, which enters the request whatever comes of it."""
_read_answer = msgspec.json.Decoder(PushOut).decode
ErpRequest = Request[Actor, Principal, State]
FORMS = {
    "application/json": BodyFormat.JSON,
    "application/x-ndjson": BodyFormat.NDJSON,
    "application/ndjson": BodyFormat.NDJSON,
    "application/jsonl": BodyFormat.NDJSON,
}


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request under way, as the ledger will tell of it."""

    request: ErpRequest
    table: str | None
    began: float

    @property
    def context(self) -> Context:
        context: Context = self.request.app.state.context
        return context

    @property
    def actor(self) -> Actor:
        return self.request.user

    @property
    def path(self) -> str:
        """Path and query as the ledger keeps them: it has readers who may not see people's data."""
        url = self.request.url
        return f"{url.path}?{mask_query(url.query)}" if url.query else url.path

    async def enter(self, tx: Tx, status: int, **facts: Any) -> None:
        """Write the request and what became of it into the ledger."""
        took = time.monotonic() - self.began
        if "integration_id" not in facts:
            pushed = await find_of_kind(tx, IntegrationKind.API)
            facts["integration_id"] = pushed and pushed.id
        told = Record(
            id=tx.new_id(),
            direction=Direction.IN,
            method=self.request.method,
            path=self.path,
            status=status,
            started_at=tx.now,
            duration_ms=round(took * 1000),
            resource=self.table if self.table in TABLES else None,
            **facts,
        )
        await exchanges.record_exchange(tx, told)

    async def enter_failure(self, error: SindicoError, **facts: Any) -> None:
        """As `enter`, for a request that changed nothing."""
        async with self.context.uow.begin(self.actor) as tx:
            if isinstance(error, PushRefused) and self.table:
                told = error.rejections
                await service.note_refusal(tx, table=get_table(self.table), rejections=told)
            await self.enter(tx, error.status, failure=error.code, **facts)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a push asks for beside its body."""

    table: ErpTable
    is_atomic: bool
    key: str | None


def exchange_of(request: ErpRequest, table: str | None) -> Exchange:
    request.scope["state"][IS_KEPT] = True
    return Exchange(request=request, table=table, began=time.monotonic())


async def carry_out(
    request: ErpRequest, table: str | None, work: Callable[[Tx], Awaitable[T]]
) -> T:
    """Answer a request in one transaction together with its place in the ledger."""
    exchange = exchange_of(request, table)
    try:
        async with exchange.context.uow.begin(exchange.actor) as tx:
            answer = await work(tx)
            await exchange.enter(tx, HTTP_200_OK, answer=msgspec.json.encode(answer))
            return answer
    except SindicoError as error:
        await exchange.enter_failure(error)
        raise


async def take_push(
    request: ErpRequest, *, table: str, is_atomic: bool, key: str | None, translate: Translator
) -> Response[Any]:
    """Receive a body whole, then store its rows, once per key."""
    exchange = exchange_of(request, table)
    with Body(with_digest=key is not None) as body:
        intake = Intake()
        try:
            asked = Asked(get_table(table), is_atomic=is_atomic, key=key)
            return await _take(exchange, asked, body, intake, translate)
        except SindicoError as error:
            await exchange.enter_failure(error, **_facts_of_failure(error, body, intake))
            if isinstance(error, PushRefused):
                return await asyncio.to_thread(_refusal, request, error, translate)
            raise


async def _take(
    exchange: Exchange, asked: Asked, body: Body, intake: Intake, translate: Translator
) -> Response[Any]:
    request, context = exchange.request, exchange.context
    form = form_of(request)
    body.encoding = encoding_of(request.headers.get("content-encoding"))
    if (request.content_length or 0) > MAX_BYTES:
        raise PushTooLarge(most_bytes=MAX_BYTES)
    await context.request_limits.admit_push(exchange.actor)
    with context.push_lanes.enter(exchange.actor.tenant_id):
        await body.receive(request.stream())
        push = Push(
            table=asked.table, body=body, form=form, is_atomic=asked.is_atomic, intake=intake
        )
        once = Once(
            context=context,
            actor=exchange.actor,
            method=request.method,
            path=exchange.path,
            body=b"",
            key=asked.key,
            digest=body.digest,
        )
        try:
            async with context.push_lanes.store():
                answer = await once.run(partial(_store, exchange, push, translate))
        finally:
            await context.request_limits.count_rows(exchange.actor, intake.received)
    if REPLAYED in answer.headers:
        await _enter_repeat(exchange, answer, body.sent_bytes)
    return answer


async def _enter_repeat(exchange: Exchange, answer: Response[Any], body_bytes: int) -> None:
    """Note a request that was answered as the one before it; its rows stand there."""
    first = await asyncio.to_thread(_read_answer, answer.content)
    async with exchange.context.uow.begin(exchange.actor) as tx:
        await exchange.enter(
            tx,
            answer.status_code or HTTP_200_OK,
            body_bytes=body_bytes,
            answer=_without_rejections(first),
        )


async def _store(
    exchange: Exchange, push: Push, translate: Translator, tx: Tx
) -> Response[PushOut]:
    taken = await service.take_push(tx, push)
    counts, intake = taken.counts, push.intake
    answer = await asyncio.to_thread(_answer_of, taken, translate)
    status = HTTP_207_MULTI_STATUS if counts.rejected else HTTP_200_OK
    await exchange.enter(
        tx,
        status,
        integration_id=taken.integration_id,
        counts=counts,
        body_bytes=intake.body_bytes,
        pieces=intake.pieces,
        outcomes=taken.outcomes,
        rejections=taken.rejections,
        answer=_without_rejections(answer),
    )
    return Response(answer, status_code=status)


def _without_rejections(answer: PushOut) -> bytes:
    """The answer as the ledger keeps it: the rejections stand beside it."""
    return msgspec.json.encode(msgspec.structs.replace(answer, rejections=[]))


def _answer_of(taken: Taken, translate: Translator) -> PushOut:
    counts = taken.counts
    return PushOut(
        received=counts.received,
        created=counts.created,
        updated=counts.updated,
        unchanged=counts.unchanged,
        rejected=counts.rejected,
        rejections=_show(taken.rejections, translate),
    )


def _show(rejections: Sequence[dict[str, Any]], translate: Translator) -> list[PushRejectionOut]:
    return [
        PushRejectionOut(
            index=item["index"],
            key=item["key"],
            errors=[
                PushErrorOut(
                    field=error["field"],
                    code=error["code"],
                    detail=translate(error["detail"]).format(**error["facts"]),
                )
                for error in item["errors"]
            ],
        )
        for item in rejections
    ]


def _refusal(
    request: ErpRequest, error: PushRefused, translate: Translator
) -> Response[dict[str, Any]]:
    """The problem document, with the same list that the answer of a push has."""
    response = problem_from_domain(request, error)
    response.content["rejections"] = _show(error.rejections, translate)
    return response


def _facts_of_failure(error: SindicoError, body: Body, intake: Intake) -> dict[str, Any]:
    """What came: the rows as far as they were read, else the beginning of the bytes."""
    refused = error.rejections if isinstance(error, PushRefused) else ()
    letters = service.letters_of(intake, None) if refused else Outcome.NOT_TAKEN * intake.received
    return {
        "received": intake.received,
        "counts": Counts(rejected=len(refused)),
        "body_bytes": intake.body_bytes or body.sent_bytes,
        "pieces": intake.pieces or list(exchanges.cut(body.head())),
        "outcomes": letters,
        "rejections": refused,
    }


def form_of(request: ErpRequest) -> BodyFormat:
    """How the body's rows are written.

    Raises:
        MediaTypeNotSupported: Content-Type names none of the forms there are.
    """
    form = FORMS.get(request.content_type[0].lower() or "application/json")
    if form is None:
        raise MediaTypeNotSupported
    return form
