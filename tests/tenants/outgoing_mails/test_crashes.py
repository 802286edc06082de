"""Killed anywhere: no mail is lost, and what is sent twice is sent under the same Message-ID."""

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

import pytest
from aiosmtpd.smtp import SMTP, Envelope
from sqlalchemy import update

from sindico_api.context import Context
from sindico_platform.database.tx import Actor, Tx
from sindico_platform.jobs import service as jobs
from sindico_platform.jobs.models import Job, JobState
from sindico_platform.tenancy.models import Tenant
from sindico_tenants.outgoing_mails import queries
from sindico_tenants.outgoing_mails.delivery import lanes, store
from sindico_tenants.outgoing_mails.delivery.courier import BATCH
from sindico_tenants.outgoing_mails.delivery.store import Outcome
from sindico_tenants.outgoing_mails.jobs import deliver_mails
from sindico_tenants.outgoing_mails.models import MailLane, MailState
from tests.support.jobs import POINTS, Killed, kill_after, run_jobs, run_through_kills
from tests.support.mail_server import Mailbox
from tests.support.outgoing_mails import configure, let_time_pass, mail, queue, queue_many, states

MAILS, THOUSAND = 60, 1_000
IN_HAND = 2 * BATCH
"""Of one connection, without a record of what became of them."""


@pytest.mark.kills("outgoing_mails.deliver_mails")
@pytest.mark.parametrize("point", POINTS)
async def test_every_mail_arrives_however_often_the_worker_dies(
    nearby: Context, tenant: Tenant, mailbox: Mailbox, port: int, *, point: str
) -> None:
    await configure(nearby, tenant.tenant_id, port)
    ids = [await queue(nearby, tenant.tenant_id) for _ in range(MAILS)]

    kills = await run_through_kills(nearby, tenant.tenant_id, point=point)

    arrived = Counter(str(sent["Message-ID"]) for sent in mailbox.mails)
    expected = {(await mail(nearby, tenant.tenant_id, each)).message_id for each in ids}
    assert await states(nearby, tenant.tenant_id) == {MailState.SENT: MAILS}
    assert set(arrived) == {f"<{message_id}>" for message_id in expected}
    assert kills >= 1
    assert sum(arrived.values()) - MAILS <= IN_HAND * kills


async def test_a_worker_that_is_killed_among_a_thousand_mails_loses_none(
    nearby: Context, tenant: Tenant, mailbox: Mailbox, port: int
) -> None:
    await configure(nearby, tenant.tenant_id, port, connections=4)
    await queue_many(nearby, tenant.tenant_id, THOUSAND)

    kills = 0
    for transactions in (8, 8, 8):
        killed = await run_jobs(
            nearby, tenant.tenant_id, kill=kill_after("committed", transactions)
        )
        kills += killed.killed
    await run_jobs(nearby, tenant.tenant_id)

    arrived = Counter(str(sent["Message-ID"]) for sent in mailbox.mails)
    assert await states(nearby, tenant.tenant_id) == {MailState.SENT: THOUSAND}
    assert (len(arrived), kills) == (THOUSAND, 3)
    assert sum(arrived.values()) - THOUSAND <= IN_HAND * 4 * kills


async def test_a_server_that_dies_before_its_yes_arrives_gets_the_mail_again_as_the_same(
    nearby: Context, tenant: Tenant, mailbox: Mailbox, port: int
) -> None:
    async def take_and_die(server: SMTP, envelope: Envelope) -> None:
        mailbox.before_data = None
        mailbox.envelopes.append(envelope)
        assert server.transport is not None
        server.transport.abort()  # type: ignore[attr-defined]  # every TCP transport has it

    mailbox.before_data = take_and_die
    await configure(nearby, tenant.tenant_id, port)
    mail_id = await queue(nearby, tenant.tenant_id)
    await run_jobs(nearby, tenant.tenant_id)

    sent = await mail(nearby, tenant.tenant_id, mail_id)
    assert (sent.state, sent.attempts) == (MailState.SENT, 2)
    assert {str(each["Message-ID"]) for each in mailbox.mails} == {f"<{sent.message_id}>"}


async def test_between_the_servers_yes_and_the_record_a_mail_is_sent_again_as_the_same(
    nearby: Context,
    tenant: Tenant,
    mailbox: Mailbox,
    port: int,
    *,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def die(_tx: Tx, outcomes: Sequence[Outcome], *, claim: UUID) -> None:
        if outcomes:
            raise Killed(str(claim))

    await configure(nearby, tenant.tenant_id, port)
    mail_id = await queue(nearby, tenant.tenant_id)
    with monkeypatch.context() as patch:
        patch.setattr(store, "record_outcomes", die)
        assert (await run_jobs(nearby, tenant.tenant_id)).killed
    assert (await mail(nearby, tenant.tenant_id, mail_id)).state == MailState.SENDING

    await run_jobs(nearby, tenant.tenant_id)

    first, second = mailbox.mails
    assert first["Message-ID"] == second["Message-ID"]
    assert await states(nearby, tenant.tenant_id) == {MailState.SENT: 1}


async def test_somebody_is_sent_for_mails_that_nobody_comes_for(
    nearby: Context,
    tenant: Tenant,
    mailbox: Mailbox,
    port: int,
    *,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(queries, "LATE_SECONDS", 600)
    await configure(nearby, tenant.tenant_id, port)
    await queue(nearby, tenant.tenant_id)
    async with nearby.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        await tx.session.execute(update(Job).values(state=JobState.CANCELLED))

    assert not await waits(nearby, tenant)  # not yet late
    await let_time_pass(nearby, tenant.tenant_id, seconds=601)
    assert await waits(nearby, tenant)
    assert await lanes.send_somebody(nearby.uow, tenant.tenant_id)
    assert not await lanes.send_somebody(nearby.uow, tenant.tenant_id)
    await run_jobs(nearby, tenant.tenant_id)

    assert len(mailbox.envelopes) == 1
    assert not await waits(nearby, tenant)


async def test_nobody_is_sent_where_somebody_is_on_the_way(
    nearby: Context, tenant: Tenant, port: int
) -> None:
    await configure(nearby, tenant.tenant_id, port)
    await queue(nearby, tenant.tenant_id)

    assert not await lanes.send_somebody(nearby.uow, tenant.tenant_id)


async def test_mails_whose_worker_never_came_back_are_found(
    nearby: Context, tenant: Tenant, mailbox: Mailbox, port: int
) -> None:
    await configure(nearby, tenant.tenant_id, port)
    await queue(nearby, tenant.tenant_id)
    await run_jobs(nearby, tenant.tenant_id, kill=kill_after("committed", 3))
    async with nearby.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        await tx.session.execute(
            update(Job).values(state=JobState.CANCELLED, lease_token=None, lease_until=None)
        )
    assert await states(nearby, tenant.tenant_id) == {MailState.SENDING: 1}

    await let_time_pass(nearby, tenant.tenant_id, minutes=21)
    assert await waits(nearby, tenant)
    assert await lanes.send_somebody(nearby.uow, tenant.tenant_id)
    await run_jobs(nearby, tenant.tenant_id)

    assert len(mailbox.envelopes) == 1


async def test_a_job_that_is_not_the_lanes_own_carries_nothing(
    nearby: Context, tenant: Tenant, mailbox: Mailbox, port: int
) -> None:
    await configure(nearby, tenant.tenant_id, port)
    async with nearby.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        await jobs.add(tx, deliver_mails)
    await run_jobs(nearby, tenant.tenant_id)
    await queue(nearby, tenant.tenant_id)
    async with nearby.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        await tx.session.execute(update(MailLane).values(job_id=tx.new_id()))
    await run_jobs(nearby, tenant.tenant_id)

    assert mailbox.envelopes == []


async def waits(context: Context, tenant: Tenant) -> bool:
    """Whether the clock finds mails of the tenant that nobody came for."""
    found = await queries.list_tenants_waiting(context.engines.fleet, most=10_000)
    return tenant.tenant_id in found
