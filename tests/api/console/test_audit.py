"""The audit screen."""

import re
from pathlib import Path

from sindico_api.console.audit_words import TAG_LABELS, TARGET_LABELS
from sindico_platform.audit import service as audit
from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant

ROOT = Path(__file__).parents[3]
SOURCES = ("platform", "tenants", "provisioning", "api")
TAG = re.compile(r'_?(?:record|release_event)\(\s*(?:tx,\s*)?"([a-z-]+:[a-z-]+)"')
TARGET = re.compile(r'target_type="([a-z_]+)"')


def found_in_sources(pattern: re.Pattern[str]) -> set[str]:
    paths = [path for folder in SOURCES for path in (ROOT / folder).rglob("*.py")]
    return {tag for path in paths for tag in pattern.findall(path.read_text(encoding="utf-8"))}


def test_every_event_and_record_has_a_label() -> None:
    assert found_in_sources(TAG) - set(TAG_LABELS) == set()
    assert found_in_sources(TARGET) - set(TARGET_LABELS) == set()


async def test_before_and_after_are_shown_in_portuguese(
    console_as: ClientAs, make_tenant: MakeTenant, uow: UnitOfWork
) -> None:
    tenant = await make_tenant()
    browser = await console_as(tenant, "audit:view")
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        await audit.record(
            tx,
            "user:edit",
            target_type="user",
            target_id=tx.new_id(),
            changes={"name": ("Ana", "<b>Bia</b>")},
        )

    text = (await browser.get("/console/audit")).text
    other = (await browser.get("/console/audit", params={"tag": "tenant:close"})).text

    assert "Usuário alterado" in text
    assert "Ana</del>" in text
    assert "&lt;b&gt;Bia&lt;/b&gt;</ins>" in text
    assert "Nada corresponde aos filtros" in other


async def test_filters_that_make_no_sense_restrict_nothing(
    console_as: ClientAs, make_tenant: MakeTenant
) -> None:
    browser = await console_as(await make_tenant(), "audit:view")
    wrong = {"tag": "x", "period": "x", "target_id": "x", "target_type": "x"}

    assert (await browser.get("/console/audit", params=wrong)).status_code == 200
