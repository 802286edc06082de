import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select, update
from uuid_utils.compat import uuid7

from sindico_api.context import Context
from sindico_platform.audit import service as audit
from sindico_platform.audit.models import AuditEvent
from sindico_platform.database.tx import Actor, ActorKind
from sindico_platform.errors import InvalidInput
from sindico_platform.idempotency import service
from sindico_platform.idempotency.errors import KeyOfAnotherRequest, StillRunning
from sindico_platform.idempotency.models import IdempotencyKey
from sindico_platform.idempotency.schemas import Answer, Claim, Request

ANSWER = Answer(status=201, headers={"Location": "/x/1"}, body=b'{"secret":"shown once"}')


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine is, a request that was just taken has time to begin its work."""
    monkeypatch.setattr(service, "UNHELD_SECONDS", 3600)


def actor(tenant: UUID | None = None, client: UUID | None = None) -> Actor:
    return Actor(
        tenant_id=tenant or uuid7(), kind=ActorKind.API_CLIENT, id=client or uuid7(), name="erp"
    )


def request_by(
    who: Actor, *, key: str = "k-1", body: bytes = b"{}", path: str = "/api/v1/things"
) -> Request:
    return service.request_of(who, method="POST", path=path, key=key, body=body)


async def claim(context: Context, request: Request, *, lease_seconds: int = 60) -> Claim | Answer:
    async with context.uow.begin(Actor.system(request.tenant_id)) as tx:
        return await service.claim_request(
            tx, request, keys=context.secrets, lease_seconds=lease_seconds
        )


async def claimed(context: Context, request: Request, *, lease_seconds: int = 60) -> Claim:
    taken = await claim(context, request, lease_seconds=lease_seconds)
    assert isinstance(taken, Claim)
    return taken


async def finish(context: Context, taken: Claim, *, tenant: UUID | None = None) -> None:
    """Do the work, one audit event, and finish."""
    who = Actor.system(taken.request.tenant_id)
    async with context.uow.begin(who, tenant=tenant) as tx:
        await audit.record(tx, "thing:make")
        await service.finish_request(tx, taken, ANSWER, keys=context.secrets)


async def count_work(context: Context, tenant: UUID) -> int:
    async with context.uow.begin(Actor.system(tenant)) as tx:
        return await tx.session.scalar(select(func.count()).select_from(AuditEvent)) or 0


async def test_a_finished_request_gets_its_answer_again(context: Context) -> None:
    request = request_by(actor())

    await finish(context, await claimed(context, request))

    assert await claim(context, request) == ANSWER
    assert await claim(context, request) == ANSWER


async def test_the_stored_answer_is_sealed(context: Context) -> None:
    request = request_by(actor())
    await finish(context, await claimed(context, request))

    async with context.uow.begin(Actor.system(request.tenant_id)) as tx:
        stored = await tx.session.scalar(select(IdempotencyKey.answer))

    assert stored is not None
    assert stored.startswith("s1.")


async def test_a_running_request_is_not_run_again(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = request_by(actor())
    taken = await claimed(context, request)
    with pytest.raises(StillRunning) as beginning:
        await claim(context, request)
    monkeypatch.setattr(service, "UNHELD_SECONDS", 0)

    async with context.uow.begin(Actor.system(request.tenant_id)) as tx:
        await service.hold_claim(tx, taken)
        with pytest.raises(StillRunning) as running:
            await claim(context, request)

    assert running.value.status == 409
    assert running.value.headers == {"Retry-After": "2"}
    assert 1 <= int(beginning.value.headers["Retry-After"]) <= 3600


async def test_a_request_that_nobody_carries_out_is_taken_over_before_its_lease_ends(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = request_by(actor())
    late = await claimed(context, request, lease_seconds=3600)
    monkeypatch.setattr(service, "UNHELD_SECONDS", 0)

    outcomes = await asyncio.gather(
        *(claim(context, request) for _ in range(4)), return_exceptions=True
    )

    heirs = [each for each in outcomes if isinstance(each, Claim)]
    assert heirs
    assert all(isinstance(each, (Claim, StillRunning)) for each in outcomes)
    with pytest.raises(StillRunning):
        await finish(context, late)
    in_turn = [each for each in heirs if await is_still_its(context, each)]
    assert len(in_turn) == 1
    assert await claim(context, request) == ANSWER
    assert await count_work(context, request.tenant_id) == 1


async def is_still_its(context: Context, taken: Claim) -> bool:
    """Finish, if nobody has taken the place."""
    try:
        await finish(context, taken)
    except StillRunning:
        return False
    return True


@pytest.mark.parametrize("finished", [False, True], ids=["running", "finished"])
async def test_another_body_under_the_key_is_refused(context: Context, *, finished: bool) -> None:
    who = actor()
    first = await claimed(context, request_by(who, body=b'{"a":1}'))
    if finished:
        await finish(context, first)

    with pytest.raises(KeyOfAnotherRequest) as refused:
        await claim(context, request_by(who, body=b'{"a":2}'))

    assert refused.value.status == 422


async def test_keys_are_apart_by_client_tenant_route_and_key(context: Context) -> None:
    tenant, client = uuid7(), uuid7()
    requests = [
        request_by(actor(tenant, client)),
        request_by(actor(tenant, client), key="k-2"),
        request_by(actor(tenant, client), path="/api/v1/others"),
        request_by(actor(tenant)),
        request_by(actor(None, client)),
    ]

    for request in requests:
        await claimed(context, request)


async def test_a_failed_request_frees_its_key_even_for_another_body(context: Context) -> None:
    who = actor()
    taken = await claimed(context, request_by(who, body=b"wrong"))

    async with context.uow.begin(who) as tx:
        await service.release_request(tx, taken)

    await claimed(context, request_by(who, body=b"right"))


async def test_a_died_request_is_taken_over_and_its_late_work_rolls_back(
    context: Context,
) -> None:
    request = request_by(actor())
    late = await claimed(context, request, lease_seconds=0)
    heir = await claimed(context, request)

    with pytest.raises(StillRunning):
        await finish(context, late)
    async with context.uow.begin(Actor.system(request.tenant_id)) as tx:
        await service.release_request(tx, late)  # frees nothing that is the heir's
    await finish(context, heir)

    assert await claim(context, request) == ANSWER
    assert await count_work(context, request.tenant_id) == 1


async def test_a_died_request_is_not_taken_over_by_another_body(context: Context) -> None:
    who = actor()
    await claimed(context, request_by(who), lease_seconds=0)

    with pytest.raises(KeyOfAnotherRequest):
        await claim(context, request_by(who, body=b"other"))


async def test_work_that_fails_after_finishing_leaves_no_answer(context: Context) -> None:
    request = request_by(actor())
    taken = await claimed(context, request)

    async def finish_and_fail() -> None:
        async with context.uow.begin(Actor.system(request.tenant_id)) as tx:
            await service.finish_request(tx, taken, ANSWER, keys=context.secrets)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await finish_and_fail()

    with pytest.raises(StillRunning):
        await claim(context, request)


async def test_work_in_another_tenant_finishes_the_clients_key(context: Context) -> None:
    request, customer = request_by(actor()), uuid7()
    taken = await claimed(context, request)

    await finish(context, taken, tenant=customer)

    assert await claim(context, request) == ANSWER
    assert await count_work(context, customer) == 1


async def test_many_at_once_are_carried_out_once(context: Context) -> None:
    request = request_by(actor())

    outcomes = await asyncio.gather(
        *(claim(context, request) for _ in range(8)), return_exceptions=True
    )

    assert sum(isinstance(outcome, Claim) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, StillRunning) for outcome in outcomes) == 7


async def test_a_key_is_forgotten_after_a_day(context: Context) -> None:
    who = actor()
    await finish(context, await claimed(context, request_by(who)))
    kept = request_by(who, key="k-2")
    await finish(context, await claimed(context, kept))
    async with context.uow.begin(who) as tx:
        await tx.session.execute(
            update(IdempotencyKey)
            .where(IdempotencyKey.key == "k-1")
            .values(expires_at=tx.now - timedelta(seconds=1))
        )

    await claimed(context, request_by(who, body=b"a new request"))
    assert await claim(context, kept) == ANSWER


async def test_the_purge_deletes_expired_keys_of_all_tenants(context: Context) -> None:
    tenants = [uuid7(), uuid7()]
    for tenant in tenants:
        await claimed(context, request_by(actor(tenant)))
        await claimed(context, request_by(actor(tenant), key="k-2"))
        async with context.uow.begin(Actor.system(tenant)) as tx:
            await tx.session.execute(
                update(IdempotencyKey).where(IdempotencyKey.key == "k-1").values(expires_at=tx.now)
            )

    assert await service.purge_keys(context.engines.fleet) >= 2

    for tenant in tenants:
        async with context.uow.begin(Actor.system(tenant)) as tx:
            assert list(await tx.session.scalars(select(IdempotencyKey.key))) == ["k-2"]


@pytest.mark.parametrize("key", ["", " ", "a b", "ç", "a\n", "x" * 201])
def test_a_malformed_key_is_refused(key: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        request_by(actor(), key=key)

    assert [error.code for error in refused.value.errors] == ["idempotency-key-format"]
