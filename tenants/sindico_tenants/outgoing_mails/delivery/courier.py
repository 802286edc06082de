"""Carrying what is due, server by server, with no transaction open while a server is spoken to."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

import structlog
from jinja2 import TemplateError

from sindico_platform.database.tx import Tx
from sindico_platform.errors import OutsideError, Transient
from sindico_platform.identity.queries import get_tenant
from sindico_platform.jobs.context import JobContext, RunAgain
from sindico_platform.mail_transport import (
    Envelope,
    MailConnection,
    MailServer,
    build_envelope,
    errors,
    parse_address,
)
from sindico_platform.settings import Secret
from sindico_platform.tasks import cancel_all, together
from sindico_platform.telemetry import metrics
from sindico_tenants.mail_templates.service import render_mail
from sindico_tenants.outgoing_mails import queries
from sindico_tenants.outgoing_mails.delivery import lanes, moves, store
from sindico_tenants.outgoing_mails.delivery.pacer import Pacer
from sindico_tenants.outgoing_mails.delivery.store import ClaimedMail, Outcome
from sindico_tenants.outgoing_mails.errors import TEMPLATE_BROKEN
from sindico_tenants.outgoing_mails.models import MailState
from sindico_tenants.smtp_settings import queries as smtp
from sindico_tenants.smtp_settings import service as smtp_service
from sindico_tenants.smtp_settings.failures import failure_of
from sindico_tenants.smtp_settings.models import SmtpSettings

RUN_SECONDS = 60.0
"""After so long a run gives its place to other tenants and goes on in a fresh claim."""
BATCH = 25
"""Mails that one connection takes in hand at once. A worker that dies may have sent two batches at
most without a trace; they are sent again under the same Message-ID (docs/mail.md)."""
MOST_ATTEMPTS = 10
MOST_FRUITLESS = 3
"""Connections in a row that the server closes before it has taken anything."""
BACK_OFF_SECONDS = (60, 300, 900, 1800, 3600, 7200, 14_400)
"""Between the attempts of a mail; the last repeats."""
NEXT_SERVER = frozenset(
    mistake.code
    for mistake in (
        errors.AUTH_DEMANDED,
        errors.ENCRYPTION_DEMANDED,
        errors.SENDER_NOT_OWNED,
        errors.SENDER_DOMAIN_REFUSED,
        errors.SENDER_REFUSED,
        errors.UTF8_NOT_OFFERED,
        errors.RELAY_DENIED,
        errors.ADDRESS_BLOCKED,
    )
)
"""What one server refuses for reasons of its own, so that another may take it."""

log = structlog.get_logger()

KeepToken = Callable[[Secret[str]], Awaitable[None]]


async def carry(ctx: JobContext) -> RunAgain | None:
    """Send what is due of one tenant, if it is this job's turn.

    Safe to run twice and to be killed anywhere: see docs/mail.md.
    """
    async with ctx.uow.begin(ctx.actor) as tx:
        if not await lanes.enter(tx, job_id=ctx.job_id):
            return None
        await store.take_back(tx)
        await store.give_up_old(tx)
        await moves.adopt_orphans(tx)
        signature = (await get_tenant(tx)).name
    run = Run(ctx, signature=signature)
    while work := await run.list_work():
        if not run.has_time:
            return RunAgain()
        await together(*(run.serve(route) for route in work))
        await ctx.heartbeat(**run.counts)
    async with ctx.uow.begin(ctx.actor) as tx:
        await lanes.leave(tx, job_id=ctx.job_id)
    return None


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """A server with mails that are due."""

    settings: SmtpSettings
    server: MailServer
    due: int
    """How many; not counted beyond what its connections can have in hand."""
    pacer: Pacer

    @property
    def name(self) -> str:
        return f"{self.settings.host}:{self.settings.port}"

    @property
    def connections(self) -> int:
        return max(1, min(self.settings.connections, -(-self.due // self.pacer.batch)))


@dataclass(frozen=True, slots=True)
class End:
    """How it ended with one connection or several."""

    sent: int
    error: OutsideError | None = None


@dataclass(slots=True)
class Run:
    """One run of one tenant."""

    ctx: JobContext
    signature: str = field(kw_only=True)
    """The tenant's name, under every mail."""
    claim: UUID = field(default_factory=uuid4)
    counts: Counter[str] = field(default_factory=Counter)
    note_again: dict[UUID, float] = field(default_factory=dict)
    """By server, when its use is worth noting again."""
    ends_at: float = field(default_factory=lambda: time.monotonic() + RUN_SECONDS)

    @property
    def has_time(self) -> bool:
        return time.monotonic() < self.ends_at

    async def list_work(self) -> list[Route]:
        """The servers that have something to do and do not rest."""
        async with self.ctx.uow.begin(self.ctx.actor) as tx:
            due = await queries.count_due(tx, most=BATCH * 10)
            rows = [await smtp.get_settings(tx, settings_id) for settings_id in due]
        routes = []
        for row in rows:
            server = smtp_service.mail_server_of(row, self.ctx.secrets)
            pacer = Pacer(row.mails_per_minute, most_at_once=BATCH)
            routes.append(Route(settings=row, server=server, due=due[row.id], pacer=pacer))
        return routes

    async def serve(self, route: Route) -> None:
        """Send through a server until nothing is due, it fails, or the time is over."""
        ends = await together(*(self._connect(route) for _ in range(route.connections)))
        failures = [end.error for end in ends if end.error is not None]
        if failures and not any(end.sent for end in ends):
            await self._rest(route, failures[0])
        elif wait_seconds := route.pacer.refused_seconds:
            async with self.ctx.uow.begin(self.ctx.actor) as tx:
                await smtp_service.pace_server(
                    tx, settings_id=route.settings.id, seconds=wait_seconds
                )

    async def _connect(self, route: Route) -> End:
        """Open connections one after another, as servers close them after some mails."""
        sent = fruitless = 0
        while self.has_time and fruitless < MOST_FRUITLESS:
            try:
                async with self.ctx.mail_transport.connect(
                    route.server, keep_refresh_token=self._token_keeper(route)
                ) as connection:
                    end = await self._send_batches(connection, route)
            except OutsideError as error:
                return End(sent, error)
            sent += end.sent
            if end.error is None:
                return End(sent)
            fruitless = 0 if end.sent else fruitless + 1
        return End(sent, end.error) if fruitless else End(sent)

    async def _send_batches(self, connection: MailConnection, route: Route) -> End:
        """Send what is due through one connection, until the server closes it.

        While one batch is sent, the outcomes of the last are recorded and the next is fetched.
        """
        sent = 0
        outcomes: list[Outcome] = []
        batch = await self._exchange(route, outcomes, route.pacer.batch)
        while batch:
            exchange = asyncio.create_task(self._exchange(route, outcomes, route.pacer.batch))
            try:
                outcomes = await self._send_batch(connection, route, batch)
                following = await exchange
            finally:
                await cancel_all([exchange])
            sent += sum(outcome.state is MailState.SENT for outcome in outcomes)
            if left := batch[len(outcomes) :]:
                back = [_put_back(route, mail) for mail in (*left, *following)]
                await self._exchange(route, [*outcomes, *back], 0)
                return End(sent) if connection.is_open else End(sent, _hung_up(route))
            if not following:
                following = await self._exchange(route, outcomes, route.pacer.batch)
                outcomes = []
            batch = following
        return End(sent)

    async def _send_batch(
        self, connection: MailConnection, route: Route, batch: Sequence[ClaimedMail]
    ) -> list[Outcome]:
        """Send them one after another; what is left over when it cannot go on has no outcome."""
        outcomes: list[Outcome] = []
        for mail in batch:
            if not connection.is_open or not self.has_time or not await route.pacer.turn():
                break
            outcomes.append(await self._send(connection, route, mail))
        return outcomes

    async def _exchange(
        self, route: Route, outcomes: Sequence[Outcome], most: int
    ) -> list[ClaimedMail]:
        """Record what was done and take more in hand, in one transaction."""
        settings_id = route.settings.id
        async with self.ctx.uow.begin(self.ctx.actor) as tx:
            await store.record_outcomes(tx, outcomes, claim=self.claim)
            if any(outcome.state is MailState.SENT for outcome in outcomes):
                await self._note_use(tx, settings_id)
            batch = await store.claim_mails(
                tx, settings_id=settings_id, claim=self.claim, most=most
            )
        for outcome in outcomes:
            if outcome.was_tried:
                metrics.outgoing_mails_total.labels(outcome.mail.template, outcome.state).inc()
        return batch

    async def _note_use(self, tx: Tx, settings_id: UUID) -> None:
        now = time.monotonic()
        if now >= self.note_again.get(settings_id, 0.0):
            self.note_again[settings_id] = now + smtp_service.NOTE_SECONDS
            await smtp_service.note_use(tx, settings_id=settings_id)

    async def _send(self, connection: MailConnection, route: Route, mail: ClaimedMail) -> Outcome:
        try:
            reply = await connection.send(self._envelope(route, mail))
        except OutsideError as error:
            log.info("mail_not_sent", mail_id=str(mail.id), code=error.code)
            outcome = await self._judge(route, mail, error)
            if outcome.wait_seconds and mail.attempts == 1 and not connection.is_open:
                return replace(outcome, wait_seconds=0)  # it was the connection, once
            return outcome
        self.counts["sent"] += 1
        return _outcome(route, mail, MailState.SENT, reply=reply)

    def _envelope(self, route: Route, mail: ClaimedMail) -> Envelope:
        row = route.settings
        try:
            content = render_mail(
                mail.template,
                locale=mail.locale,
                signature=self.signature,
                public_url=self.ctx.settings.public_url,
                **mail.facts,
            )
        except TemplateError as error:  # of another release
            raise TEMPLATE_BROKEN.error(template=mail.template) from error
        return build_envelope(
            content,
            sender=parse_address(row.sender_email),
            sender_name=row.sender_name or self.signature,
            recipient=parse_address(mail.recipient),
            message_id=mail.message_id,
            sent_at=datetime.now(UTC),
        )

    async def _judge(self, route: Route, mail: ClaimedMail, error: OutsideError) -> Outcome:
        """Later, elsewhere or never: by the class of the reply, and whose fault it is."""
        told = _outcome(route, mail, MailState.FAILED, error=error)
        if isinstance(error, Transient) and mail.attempts < MOST_ATTEMPTS:
            self.counts["deferred"] += 1
            place = min(mail.attempts, len(BACK_OFF_SECONDS)) - 1
            return replace(told, state=MailState.QUEUED, wait_seconds=BACK_OFF_SECONDS[place])
        if error.code in NEXT_SERVER and (following := await self._following(route, mail)):
            return replace(told, state=MailState.QUEUED, settings_id=following)
        self.counts["failed"] += 1
        return told

    async def _following(self, route: Route, mail: ClaimedMail) -> UUID | None:
        """The next server that may take a mail that this one refuses; each is asked once."""
        async with self.ctx.uow.begin(self.ctx.actor) as tx:
            servers = await smtp.list_candidates(
                tx, company_id=mail.company_id, branch_id=mail.branch_id
            )
        ids = [row.id for row in servers]
        if route.settings.id not in ids or mail.attempts >= len(ids):
            return None
        return ids[(ids.index(route.settings.id) + 1) % len(ids)]

    async def _rest(self, route: Route, error: OutsideError) -> None:
        """Leave a server alone for a while that does not let us in; others take what they may."""
        settings_id = route.settings.id
        log.warning("mail_server_rests", settings_id=str(settings_id), code=error.code)
        async with self.ctx.uow.begin(self.ctx.actor) as tx:
            await smtp_service.rest_server(
                tx,
                settings_id=settings_id,
                failure=failure_of(error),
                passes=isinstance(error, Transient),
            )
            await moves.move_to_others(tx, settings_id=settings_id)
            await store.tell_waiting(tx, settings_id=settings_id, server=route.name, error=error)

    def _token_keeper(self, route: Route) -> KeepToken:
        async def keep(token: Secret[str]) -> None:
            async with self.ctx.uow.begin(self.ctx.actor) as tx:
                await smtp_service.keep_refresh_token(
                    tx, self.ctx.secrets, settings_id=route.settings.id, token=token
                )

        return keep


def _outcome(
    route: Route,
    mail: ClaimedMail,
    state: MailState,
    *,
    reply: str | None = None,
    error: OutsideError | None = None,
) -> Outcome:
    return Outcome(
        mail=mail,
        state=state,
        settings_id=route.settings.id,
        server=route.name,
        sender=route.settings.sender_email,
        reply=reply or (str(error.facts["reply"]) if error and "reply" in error.facts else None),
        error=failure_of(error) if error else None,
    )


def _hung_up(route: Route) -> OutsideError:
    return errors.DISCONNECTED.error(host=route.server.host)


def _put_back(route: Route, mail: ClaimedMail) -> Outcome:
    """Its turn did not come."""
    return Outcome(
        mail=mail, state=MailState.QUEUED, settings_id=route.settings.id, was_tried=False
    )
