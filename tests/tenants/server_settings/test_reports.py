"""A report of settings that are not saved yet is believed for these very settings alone."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from sindico_platform.connection_tests.schemas import Report, Stage, StageResult, StageStatus
from sindico_platform.secrets import KeyRing
from sindico_platform.settings import Secret
from sindico_tenants.server_settings.reports import read_signed_report, sign_report

OURS, THEIRS = UUID(int=1), UUID(int=2)
KEYS = KeyRing.parse(Secret("a:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="))
OTHER_KEYS = KeyRing.parse(Secret("b:MTEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="))
REPORT = Report(
    tested_at=datetime(2026, 11, 21, tzinfo=UTC),
    stages=(StageResult(stage=Stage.WRITE, status=StageStatus.SUCCEEDED, facts={"name": "á"}),),
)
TESTED = b'{"host":"files.example","password":"s3nha"}'


def test_the_report_comes_back_for_what_was_tested() -> None:
    signed = sign_report(KEYS, REPORT, tenant_id=OURS, tested=TESTED)

    assert read_signed_report(KEYS, signed, tenant_id=OURS, tested=TESTED) == REPORT
    assert "s3nha" not in signed


@pytest.mark.parametrize(
    ("tenant_id", "tested"), [(THEIRS, TESTED), (OURS, TESTED + b" ")], ids=["tenant", "settings"]
)
def test_it_is_nobody_elses(tenant_id: UUID, tested: bytes) -> None:
    signed = sign_report(KEYS, REPORT, tenant_id=OURS, tested=TESTED)

    assert read_signed_report(KEYS, signed, tenant_id=tenant_id, tested=tested) is None


@pytest.mark.parametrize("altered", ["", "a.b", "a.b.c", "a.!.!", "x.YQ==.YQ==", "a.YQ==.e30="])
def test_what_was_altered_is_nothing(altered: str) -> None:
    assert read_signed_report(KEYS, altered, tenant_id=OURS, tested=TESTED) is None


def test_a_key_that_is_gone_proves_nothing() -> None:
    signed = sign_report(KEYS, REPORT, tenant_id=OURS, tested=TESTED)

    assert read_signed_report(OTHER_KEYS, signed, tenant_id=OURS, tested=TESTED) is None
