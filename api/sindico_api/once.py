"""Creating posts are carried out once per `Idempotency-Key`, however often they are sent."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar
from uuid import UUID

import msgspec
from litestar import Request, Response
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import HeaderParameter, SkipValidation

from sindico_api.context import Context
from sindico_platform.database.tx import Actor, Tx
from sindico_platform.idempotency import service
from sindico_platform.idempotency.schemas import Answer, Claim

T = TypeVar("T")
REPLAYED = "Idempotency-Replayed"

KeyHeader = Annotated[
    str | None,
    HeaderParameter(
        name=service.HEADER,
        description=(
            "Any unique text. The same request sent again under it within 24 hours is not "
            "carried out again and gets the first answer."
        ),
    ),
]


@dataclass(frozen=True, slots=True)
class Once:
    """One request, carried out at most once."""

    context: Context
    actor: Actor
    method: str
    path: str
    body: bytes
    """With all else that makes it another request under the same key, such as its query."""
    key: str | None
    digest: str | None = None
    """SHA-256 of a body that is not held in memory."""

    async def run(
        self, work: Callable[[Tx], Awaitable[Response[T]]], *, tenant: UUID | None = None
    ) -> Response[T]:
        """Do `work` in one transaction together with the record of its answer.

        Without a key it is simply done. If it raises, nothing stays and the key is free again.

        Args:
            tenant: whom the transaction is bound to; the actor's own unless given.

        Raises:
            InvalidInput, KeyOfAnotherRequest, StillRunning: see the idempotency service.
        """
        if self.key is None:
            async with self.context.uow.begin(self.actor, tenant=tenant) as tx:
                return await work(tx)
        claim = await self._claim(self.key)
        if isinstance(claim, Answer):
            return replayed(claim)
        try:
            async with self.context.uow.begin(self.actor, tenant=tenant) as tx:
                await service.hold_claim(tx, claim)
                response = await work(tx)
                answer = answer_of(response)
                await service.finish_request(tx, claim, answer, keys=self.context.secrets)
        except BaseException:
            await self._release(claim)
            raise
        return response

    async def _claim(self, key: str) -> Claim | Answer:
        request = service.request_of(
            self.actor,
            method=self.method,
            path=self.path,
            key=key,
            body=self.body,
            digest=self.digest,
        )
        async with self.context.uow.begin(self.actor) as tx:
            return await service.claim_request(tx, request, keys=self.context.secrets)

    async def _release(self, claim: Claim) -> None:
        async with self.context.uow.begin(self.actor) as tx:
            await service.release_request(tx, claim)


def answer_of(response: Response[Any]) -> Answer:
    """What the caller will get, in the bytes that will be sent."""
    return Answer(
        status=response.status_code or 200,
        headers=dict(response.headers),
        body=msgspec.json.encode(response.content),
    )


def replayed(answer: Answer) -> Response[Any]:
    """The first answer, and a header that says so."""
    return Response(
        answer.body,
        status_code=answer.status,
        headers=answer.headers | {REPLAYED: "true"},
        media_type="application/json",
    )


async def provide_once(
    request: Request[Actor, Any, State], idempotency_key: KeyHeader = None
) -> Once:
    return Once(
        context=request.app.state.context,
        actor=request.user,
        method=request.method,
        path=request.url.path,
        body=request.url.query.encode() + b"\n" + await request.body() if idempotency_key else b"",
        key=idempotency_key,
    )


OnlyOnce = NamedDependency[SkipValidation[Once]]
