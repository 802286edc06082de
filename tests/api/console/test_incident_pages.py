"""Integration › Incidents: the list, one incident, and silence with a reason and an end."""

import re
from datetime import timedelta
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import insert

from sindico_api.context import Context
from sindico_api.i18n import LANGUAGE_COOKIE
from sindico_platform.database.base import table_of
from sindico_platform.database.tx import Tx
from sindico_provisioning.freshness.incidents.queries import get_incident
from sindico_provisioning.freshness.incidents.service import watch_integration
from sindico_provisioning.freshness.models import Incident
from sindico_provisioning.freshness.schemas import FreshnessIn, IncidentItem
from sindico_provisioning.freshness.service import save_freshness
from tests.provisioning.loads.conftest import Site, erp_kind, make_site
from tests.provisioning.loads.runs import add_run
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant
from tests.support.statements import CountStatements

__all__ = ["erp_kind"]
PATH = "/console/incidents"


async def make_late(site: Site) -> UUID:
    """Let the integration be late since long ago; the id of its incident."""
    async with site.context.uow.begin(site.actor) as tx:
        data = FreshnessIn(max_hours=24)
        row = await save_freshness(tx, integration_id=site.integration_id, data=data)
        row.counts_from = tx.now - timedelta(days=9)
        await tx.session.flush()
        await watch_integration(tx, integration_id=site.integration_id)
        found = await watch_integration(tx, integration_id=site.integration_id)
        assert found is not None
        assert found.incident_id is not None
        return found.incident_id


async def add_ended(tx: Tx, integration_id: UUID, count: int) -> None:
    """So many incidents that ended, one a day."""
    rows = [
        {
            "tenant_id": tx.tenant_id,
            "id": tx.new_id(),
            "integration_id": integration_id,
            "max_hours": 24,
            "opened_at": tx.now - timedelta(days=number + 1),
            "told_at": tx.now - timedelta(days=number + 1),
            "tellings": 1,
            "closed_at": tx.now - timedelta(days=number, hours=20),
            "closed_code": "recovered",
        }
        for number in range(count)
    ]
    await tx.session.execute(insert(table_of(Incident)), rows)


def text_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


@pytest.fixture
async def site(context: Context, make_tenant: MakeTenant, erp_kind: str) -> Site:
    return await make_site(context, await make_tenant(), erp_kind)


@pytest.fixture
async def browser(site: Site, console_as: ClientAs) -> AsyncClient:
    browser = await console_as(site.tenant, "integrations:view", "integrations:edit", "loads:view")
    browser.cookies.set(LANGUAGE_COOKIE, "en")
    return browser


async def read(site: Site, incident_id: UUID) -> IncidentItem:
    async with site.context.uow.begin(site.actor) as tx:
        return await get_incident(tx, incident_id)


async def test_an_incident_is_snoozed_with_a_reason_and_an_end_and_woken_again(
    site: Site, browser: AsyncClient
) -> None:
    empty = text_of((await browser.get(PATH)).text)
    await add_run(site, status="failed")
    incident_id = await make_late(site)
    page = f"{PATH}/{incident_id}"
    banner = (await browser.get(f"{PATH}/banner")).text
    opened = text_of((await browser.get(page)).text)
    nameless = await browser.post(f"{page}/snooze", data={"span": "24"})
    endless = await browser.post(
        f"{page}/snooze", data={"reason": "x", "span": "exact", "until": "2999-01-01T10:00"}
    )
    no_end = await browser.post(f"{page}/snooze", data={"reason": "x", "span": "exact"})
    garbage = await browser.post(
        f"{page}/snooze", data={"reason": "x", "span": "exact", "until": "soon"}
    )
    assert (await read(site, incident_id)).state == "open"

    done = await browser.post(f"{page}/snooze", data={"reason": "ERP update", "span": "24"})
    snoozed = await read(site, incident_id)
    shown = text_of((await browser.get(page)).text)
    listed = text_of((await browser.get(f"{PATH}?state=snoozed")).text)
    silent = (await browser.get(f"{PATH}/banner")).text
    woken = await browser.post(f"{page}/wake")

    assert "No incident so far" in empty
    assert f'href="{page}"' in banner
    assert "People told 1 time" in opened
    assert "Failed" in opened
    for refused, field in (
        (nameless, "reason"),
        (endless, "until"),
        (no_end, "until"),
        (garbage, "until"),
    ):
        assert refused.status_code == 422
        assert f'id="field-{field}-error"' in refused.text
    assert (done.status_code, done.headers["location"]) == (303, page)
    assert (snoozed.state, snoozed.snooze_reason, snoozed.told_at) == (
        "snoozed",
        "ERP update",
        None,
    )
    assert "ERP update" in shown
    assert "Told the last time" in opened
    assert "Told the last time" not in shown
    assert "Every status" in listed
    assert "Snoozed" in listed
    assert "incident-banner" not in silent
    assert woken.status_code == 303
    assert (await read(site, incident_id)).state == "open"


async def test_one_that_has_ended_says_why_and_is_not_snoozed(
    site: Site, browser: AsyncClient
) -> None:
    incident_id = await make_late(site)
    await add_run(site)
    async with site.context.uow.begin(site.actor) as tx:
        await watch_integration(tx, integration_id=site.integration_id)
    page = f"{PATH}/{incident_id}"

    shown = (await browser.get(page)).text
    listed = text_of((await browser.get(f"{PATH}?state=closed")).text)
    late = await browser.post(f"{page}/snooze", data={"reason": "x", "span": "1"})

    assert "The integration succeeded again" in shown
    assert "snooze-form" not in shown
    assert "Closed" in listed
    assert late.status_code == 422
    assert (await read(site, incident_id)).state == "closed"


async def test_a_long_list_takes_as_many_statements_as_a_short_one(
    site: Site, browser: AsyncClient, count_statements: CountStatements
) -> None:
    async with site.context.uow.begin(site.actor) as tx:
        await add_ended(tx, site.integration_id, 1)
    await browser.get(PATH)
    with count_statements() as few:
        await browser.get(PATH)
    async with site.context.uow.begin(site.actor) as tx:
        await add_ended(tx, site.integration_id, 60)
    with count_statements() as many:
        page = (await browser.get(PATH)).text

    assert many.total <= few.total
    assert 'rel="next"' in page
