"""Tests of mail servers, made outside any transaction."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from sindico_platform.connection_tests.schemas import Stage, StageResult
from sindico_platform.connection_tests.walk import Watch, observe
from sindico_platform.mail_transport import Envelope, MailServer, MailTransport, plan_stages
from sindico_platform.settings import Secret

TEST_SECONDS = 20
"""For each answer: people wait for it."""

KeepToken = Callable[[Secret[str]], Awaitable[None]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """A test about to be made."""

    server: MailServer
    envelope: Envelope
    settings_id: UUID | None = None
    """Whose report it will be; None when what is tested is not saved."""
    revision: int | None = None

    @property
    def planned(self) -> tuple[Stage, ...]:
        return plan_stages(self.server)


def walk_trial(
    transport: MailTransport, trial: Trial, *, keep_token: KeepToken | None = None
) -> AsyncIterator[StageResult]:
    """Send the test e-mail; each stage's result as soon as it is known.

    Args:
        keep_token: is given the refresh token that replaces the one that was used.
    """

    async def walk(watch: Watch) -> None:
        async with transport.connect(
            trial.server, watch=watch, fresh_token=True, keep_refresh_token=keep_token
        ) as connection:
            await connection.send(trial.envelope, watch=watch)

    return observe(trial.planned, walk)
