"""Signing in: once, cached, renewed once, never in a loop."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from sindico_platform.connection_tests.schemas import Report, StageStatus
from sindico_platform.connection_tests.walk import report_on
from sindico_platform.egress import GuardedHttp
from sindico_platform.errors import Terminal, Transient
from sindico_provisioning.connectors.mega.connector import MegaConnector
from sindico_provisioning.connectors.mega.schemas import SIGN_IN
from sindico_provisioning.connectors.mega.session import parse_expiry
from sindico_provisioning.connectors.mega.settings import read_settings
from sindico_provisioning.connectors.schemas import CHECK_STAGES
from sindico_provisioning.connectors.sessions import TokenCache, read_retry_after
from sindico_provisioning.sandbox.mega.sandbox import MegaSandbox

NOW = datetime(2026, 11, 21, 15, tzinfo=UTC)
PASSED, FAILED, SKIPPED = StageStatus.SUCCEEDED, StageStatus.FAILED, StageStatus.SKIPPED


class Clock:
    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


def connect(
    mega: MegaSandbox,
    http: GuardedHttp,
    tokens: TokenCache,
    *,
    now: Any = None,
    scope: str = "a",
    **properties: Any,
) -> MegaConnector:
    settings = read_settings({**mega.properties, **properties})
    return MegaConnector(settings, http=http, scope=scope, tokens=tokens, now=now or Clock())


async def report_of(erp: MegaConnector) -> Report:
    return await report_on(CHECK_STAGES, erp.check, tested_at=NOW)


def statuses(report: Report) -> list[StageStatus]:
    return [stage.status for stage in report.stages]


async def test_connectors_of_one_credential_share_a_token(
    mega: MegaSandbox, http: GuardedHttp
) -> None:
    tokens = TokenCache()
    for _ in range(3):
        async with connect(mega, http, tokens) as erp:
            await erp.read_page("filial", None)

    assert mega.sign_ins == {"accepted": 1}


async def test_tenants_never_share_a_token(mega: MegaSandbox, http: GuardedHttp) -> None:
    tokens = TokenCache()
    for scope in ("a", "b"):
        async with connect(mega, http, tokens, scope=scope) as erp:
            await erp.read_page("filial", None)

    assert mega.sign_ins == {"accepted": 2}


async def test_a_token_is_renewed_before_it_ends(mega: MegaSandbox, http: GuardedHttp) -> None:
    clock = Clock()
    async with connect(mega, http, TokenCache(), now=clock) as erp:
        await erp.read_page("filial", None)
        clock.now += timedelta(hours=2)
        await erp.read_page("filial", None)

    assert mega.sign_ins == {"accepted": 2}
    assert [status for _, _, status in mega.requests] == [200, 200, 200, 200]


async def test_a_forgotten_token_is_renewed_once(mega: MegaSandbox, http: GuardedHttp) -> None:
    async with connect(mega, http, TokenCache()) as erp:
        await erp.read_page("filial", None)
        mega.expire_tokens()
        page = await erp.read_page("filial", None)

    assert len(page.rows) == 5
    assert mega.sign_ins == {"accepted": 2}


async def test_a_token_refused_twice_ends_it(mega: MegaSandbox, http: GuardedHttp) -> None:
    mega.fail_next("401", route="/global", times=0)
    async with connect(mega, http, TokenCache()) as erp:
        with pytest.raises(Terminal) as raised:
            await erp.read_page("filial", None)

    assert raised.value.code == "erp-token-refused"
    assert mega.sign_ins == {"accepted": 2}


async def test_a_wrong_password_is_tried_once_and_then_remembered(
    mega: MegaSandbox, http: GuardedHttp
) -> None:
    tokens, clock = TokenCache(), Clock()
    for _ in range(4):
        async with connect(mega, http, tokens, now=clock, password="errada") as erp:
            with pytest.raises(Terminal) as raised:
                await erp.read_page("filial", None)
            assert raised.value.code == "erp-login-refused"

    assert mega.sign_ins == {"refused": 1}


async def test_another_password_is_tried_at_once(mega: MegaSandbox, http: GuardedHttp) -> None:
    tokens = TokenCache()
    async with connect(mega, http, tokens, password="errada") as erp:
        with pytest.raises(Terminal):
            await erp.read_page("filial", None)
    async with connect(mega, http, tokens) as erp:
        await erp.read_page("filial", None)

    assert mega.sign_ins == {"refused": 1, "accepted": 1}


async def test_a_connection_test_signs_in_although_a_refusal_is_remembered(
    mega: MegaSandbox, http: GuardedHttp
) -> None:
    tokens = TokenCache()
    mega.fail_next("text-200", route=SIGN_IN)
    async with connect(mega, http, tokens) as erp:
        first, second = await report_of(erp), await report_of(erp)

    assert first.failure is not None
    assert (first.failure.stage, first.failure.code) == ("authenticate", "erp-login-refused")
    assert statuses(first) == [PASSED, PASSED, PASSED, FAILED, SKIPPED]
    assert statuses(second) == [PASSED] * 5


@pytest.mark.parametrize(
    ("fault", "error", "code"),
    [
        ("text-200", Terminal, "erp-login-refused"),
        ("401", Terminal, "erp-login-refused"),
        ("403", Terminal, "erp-login-refused"),
        ("malformed-page", Terminal, "erp-login-refused"),
        ("404", Terminal, "erp-route-missing"),
        ("302", Terminal, "erp-redirected"),
        ("500", Transient, "erp-server-error"),
        ("429", Transient, "erp-too-many-requests"),
        ("disconnect", Transient, "answer-broken"),
    ],
)
async def test_each_way_a_sign_in_fails_has_its_code(
    mega: MegaSandbox, http: GuardedHttp, fault: str, error: type[Exception], code: str
) -> None:
    mega.fail_next(fault, route=SIGN_IN)
    async with connect(mega, http, TokenCache()) as erp:
        with pytest.raises(error) as raised:
            await erp.read_page("filial", None)

    assert getattr(raised.value, "code", None) == code
    assert len(mega.requests) == 1


async def test_the_password_stands_in_no_exchange(mega: MegaSandbox, http: GuardedHttp) -> None:
    async with connect(mega, http, TokenCache()) as erp:
        await erp.read_page("filial", None)
        exchanges = erp.take_exchanges()

    assert next((e.path, e.body) for e in exchanges) == (SIGN_IN, b"")
    assert mega.password not in repr(exchanges)


async def test_an_erp_that_is_down_says_so(mega: MegaSandbox, http: GuardedHttp) -> None:
    async with connect(mega, http, TokenCache(), url="https://127.0.0.1:1/") as erp:
        report = await report_of(erp)
        with pytest.raises(Transient) as raised:
            await erp.read_page("filial", None)

    assert raised.value.code == "connection-refused"
    assert statuses(report) == [PASSED, FAILED, SKIPPED, SKIPPED, SKIPPED]


async def test_a_foreign_certificate_fails_the_tls_stage(
    mega: MegaSandbox, http: GuardedHttp
) -> None:
    mega.fail_next("foreign-certificate")
    async with connect(mega, http, TokenCache()) as erp:
        report = await report_of(erp)

    assert statuses(report) == [PASSED, PASSED, FAILED, SKIPPED, SKIPPED]


@pytest.mark.parametrize(
    ("text", "expires_in"),
    [
        ("2026-11-21T16:00:00.12345Z", timedelta(hours=1, microseconds=123450)),
        ("2026-11-21T16:00:00.1234567Z", timedelta(hours=1, microseconds=123456)),
        ("2026-11-21T13:00:00.123456-03:00", timedelta(hours=1, microseconds=123456)),
        ("2026-11-21T16:00:00", timedelta(hours=1)),
        ("2026-11-21T14:00:00Z", timedelta(hours=2)),
        ("2027-11-21T14:00:00Z", timedelta(hours=2)),
        ("amanhã", timedelta(hours=2)),
        (None, timedelta(hours=2)),
    ],
)
def test_expiry_is_read_whatever_its_fraction(text: str | None, expires_in: timedelta) -> None:
    assert parse_expiry(text, NOW) - NOW == expires_in


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7),
        ("Sat, 21 Nov 2026 15:00:30 GMT", 30),
        ("Sat, 21 Nov 2026 14:00:00 GMT", 0),
        ("9999999", 86_400),
        ("logo", 60),
        ("", 60),
        ("²", 60),
        ("9" * 5_000, 60),
        ("Sat, 21 Nov 99999999999999999999 15:00:30 GMT", 60),
    ],
)
def test_retry_after_is_read_in_both_forms(value: str, seconds: int) -> None:
    response = httpx.Response(429, headers=[(b"Retry-After", value.encode("latin-1"))])

    assert read_retry_after(response, NOW) == seconds
