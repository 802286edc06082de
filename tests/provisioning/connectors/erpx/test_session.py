"""Signing in to the platform: both ways, cached, renewed without the password, never in a loop."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from sindico_platform.connection_tests.schemas import Report, StageStatus
from sindico_platform.connection_tests.walk import report_on
from sindico_platform.egress import EgressGuard, GuardedHttp
from sindico_platform.errors import Terminal, Transient
from sindico_provisioning.connectors.erpx.connector import ErpxConnector
from sindico_provisioning.connectors.erpx.schemas import BRIDGE, KEY_LOGIN, LOGIN, Access
from sindico_provisioning.connectors.schemas import CHECK_STAGES
from sindico_provisioning.connectors.sessions import TokenCache
from sindico_provisioning.sandbox.erpx.sandbox import ErpxSandbox
from tests.provisioning.connectors.test_contract import NOON, make_erpx

PASSED, FAILED, SKIPPED = StageStatus.SUCCEEDED, StageStatus.FAILED, StageStatus.SKIPPED
BOTH = pytest.mark.parametrize("access", list(Access), ids=str)


class Clock:
    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


async def report_of(erp: ErpxConnector) -> Report:
    return await report_on(CHECK_STAGES, erp.check, tested_at=NOON)


@BOTH
async def test_each_way_of_signing_in_shares_one_token(
    erpx: ErpxSandbox, http: GuardedHttp, access: Access
) -> None:
    tokens = TokenCache()
    for _ in range(3):
        async with make_erpx(erpx, http, tokens=tokens, access=access) as erp:
            await erp.read_page("filial", None)

    logins = [path for _, path, _ in erpx.requests if "authentication" in path]
    assert erpx.sign_ins == {"accepted": 1}
    assert logins == [BRIDGE + (KEY_LOGIN if access is Access.KEY else LOGIN)]


@BOTH
async def test_neither_secret_nor_token_stands_in_an_exchange(
    erpx: ErpxSandbox, http: GuardedHttp, access: Access
) -> None:
    clock = Clock()
    async with make_erpx(erpx, http, access=access, now=clock) as erp:
        await erp.read_page("filial", None)
        clock.now += timedelta(days=8)
        await erp.read_page("filial", None)
        exchanges = erp.take_exchanges()

    told = repr(exchanges)
    assert [exchange.body == b"" for exchange in exchanges] == [True, False, True, False]
    assert not any(word in told for word in (erpx.password, erpx.secret, "access_token"))


async def test_an_old_token_is_renewed_without_the_password(
    erpx: ErpxSandbox, http: GuardedHttp
) -> None:
    clock = Clock()
    async with make_erpx(erpx, http, access=Access.USER, now=clock) as erp:
        await erp.read_page("filial", None)
        clock.now += timedelta(days=7) - timedelta(seconds=59)
        await erp.read_page("filial", None)

    assert erpx.sign_ins == {"accepted": 1, "refreshed": 1}


async def test_without_the_tenants_name_and_after_a_refused_renewal_it_signs_in_again(
    erpx: ErpxSandbox, http: GuardedHttp
) -> None:
    clock = Clock()
    async with make_erpx(erpx, http, access=Access.USER, now=clock, tenantName="") as erp:
        await erp.read_page("filial", None)
        clock.now += timedelta(days=8)
        await erp.read_page("filial", None)
    assert erpx.sign_ins == {"accepted": 2}

    async with make_erpx(erpx, http, now=clock) as erp:
        await erp.read_page("filial", None)
        clock.now += timedelta(days=8)
        erpx.expire_tokens()
        await erp.read_page("filial", None)
    assert erpx.sign_ins == {"accepted": 4, "refused": 1}


async def test_a_forgotten_token_is_renewed_once(erpx: ErpxSandbox, http: GuardedHttp) -> None:
    async with make_erpx(erpx, http) as erp:
        await erp.read_page("filial", None)
        erpx.expire_tokens()
        page = await erp.read_page("filial", None)
        assert len(page.rows) == erpx.content.told["filial"].rows
        assert erpx.sign_ins == {"accepted": 2}

        erpx.fail_next("401", route="/entities", times=0)
        with pytest.raises(Terminal) as raised:
            await erp.read_page("filial", None)

    assert raised.value.code == "erp-token-refused"
    assert erpx.sign_ins == {"accepted": 3}


@pytest.mark.parametrize(
    ("access", "wrong", "code"),
    [
        (Access.KEY, {"secret": "errado"}, "erpx-key-refused"),
        (Access.KEY, {"tenantName": "outro"}, "erpx-key-refused"),
        (Access.USER, {"password": "errada"}, "erpx-user-refused"),
    ],
)
async def test_a_refused_credential_is_tried_once_and_then_remembered(
    erpx: ErpxSandbox, http: GuardedHttp, access: Access, wrong: dict[str, Any], code: str
) -> None:
    tokens, clock = TokenCache(), Clock()
    for _ in range(3):
        async with make_erpx(erpx, http, tokens=tokens, now=clock, access=access, **wrong) as erp:
            with pytest.raises(Terminal) as raised:
                await erp.read_page("filial", None)
        assert raised.value.code == code
        assert "Credenciais inválidas." in str(raised.value)

    assert erpx.sign_ins == {"refused": 1}


@pytest.mark.parametrize(
    ("demand", "code"),
    [("mfaInfo", "erpx-second-factor"), ("resetPasswordInfo", "erpx-password-reset")],
)
async def test_what_only_a_person_can_do_is_told_with_its_advice(
    erpx: ErpxSandbox, http: GuardedHttp, demand: str, code: str
) -> None:
    erpx.demands = demand
    async with make_erpx(erpx, http, access=Access.USER) as erp:
        report = await report_of(erp)

    assert report.failure is not None
    assert (report.failure.stage, report.failure.code) == ("authenticate", code)
    assert report.failure.advice
    assert [stage.status for stage in report.stages] == [PASSED, PASSED, PASSED, FAILED, SKIPPED]


@pytest.mark.parametrize(
    ("fault", "error", "code"),
    [
        ("401", Terminal, "erpx-key-refused"),
        ("403", Terminal, "erpx-key-refused"),
        ("malformed-page", Transient, "erp-page-unexpected"),
        ("text-200", Transient, "erp-page-unexpected"),
        ("404", Terminal, "erp-route-missing"),
        ("302", Terminal, "erp-redirected"),
        ("500", Transient, "erp-server-error"),
        ("429", Transient, "erp-too-many-requests"),
    ],
)
async def test_each_way_a_sign_in_fails_has_its_code(
    erpx: ErpxSandbox, http: GuardedHttp, fault: str, error: type[Exception], code: str
) -> None:
    erpx.fail_next(fault, route="loginWithKey")
    async with make_erpx(erpx, http) as erp:
        with pytest.raises(error) as raised:
            await erp.read_page("filial", None)

    assert getattr(raised.value, "code", None) == code
    assert len(erpx.requests) == 1


@BOTH
async def test_a_connection_test_says_as_whom_it_signed_in(
    erpx: ErpxSandbox, http: GuardedHttp, access: Access
) -> None:
    async with make_erpx(erpx, http, access=access) as erp:
        report = await report_of(erp)

    signed_in = next(stage for stage in report.stages if stage.stage == "authenticate")
    assert report.succeeded
    who = erpx.access_key if access is Access.KEY else erpx.user
    assert who in (signed_in.evidence or "").format(**signed_in.facts)


async def test_the_egress_guard_stands_before_every_request(erpx: ErpxSandbox) -> None:
    guarded = GuardedHttp(EgressGuard())
    async with make_erpx(erpx, guarded) as erp:
        with pytest.raises(Terminal) as raised:
            await erp.read_page("filial", None)

    assert raised.value.code == "egress-address-refused"
    assert raised.value.facts["host"] == urlsplit(erpx.url).hostname
    assert not erpx.requests
