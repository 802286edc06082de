"""CRM settings › Integration › ERP data: facts and settings, runs, history and its files."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
import python_calamine
from httpx import AsyncClient
from sqlalchemy import insert, select

from sindico_api.context import Context
from sindico_api.i18n import LANGUAGE_COOKIE
from sindico_platform.database.base import table_of
from sindico_platform.database.tx import Actor, Tx
from sindico_platform.paging.schemas import PageRequest
from sindico_provisioning.exchanges import service as exchanges
from sindico_provisioning.freshness.incidents.service import PAUSE_REASON
from sindico_provisioning.freshness.queries import WATCHDOG, read_freshness
from sindico_provisioning.freshness.schemas import FreshnessIn, FreshnessOut
from sindico_provisioning.freshness.service import ensure_row, save_freshness
from sindico_provisioning.history_exports import queries as exports
from sindico_provisioning.integrations.models import Integration, IntegrationKind
from sindico_provisioning.integrations.service import create_integration
from sindico_provisioning.loads.models import Load, LoadKind
from sindico_provisioning.loads.service import start_load
from sindico_provisioning.schedules import queries as schedules
from sindico_provisioning.schedules.service import pause_schedule
from tests.provisioning.loads.conftest import Site, erp_kind, make_site
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant, MakeUser
from tests.support.jobs import run_jobs
from tests.support.ledger import keep, push
from tests.support.rows import make_export
from tests.support.statements import CountStatements

__all__ = ["erp_kind"]
GRANTS = (
    "integrations:view",
    "integrations:edit",
    "loads:view",
    "loads:include",
    "exchanges:export",
    "personal_data:view",
)
PANEL, HISTORY = "/console/erp-data", "/console/erp-data/history"


@pytest.fixture
async def site(context: Context, make_tenant: MakeTenant, erp_kind: str) -> Site:
    return await make_site(context, await make_tenant(), erp_kind)


@pytest.fixture
async def browser(site: Site, console_as: ClientAs) -> AsyncClient:
    browser = await console_as(site.tenant, *GRANTS)
    browser.cookies.set(LANGUAGE_COOKIE, "en")
    return browser


def text_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


async def add_runs(tx: Tx, integration_id: object, count: int) -> None:
    for number in range(count):
        begun = tx.now - timedelta(hours=count - number)
        load_id = tx.new_id()
        await tx.session.execute(
            insert(table_of(Load)),
            {
                "tenant_id": tx.tenant_id,
                "id": load_id,
                "integration_id": integration_id,
                "kind": "scheduled",
                "status": "failed" if number % 5 == 4 else "succeeded",
                "requested_by": "schedules",
                "job_id": tx.new_id(),
                "tries": 0,
                "tries_without_progress": 0,
                "revision": 1,
                "created_at": begun,
                "started_at": begun,
                "finished_at": begun + timedelta(minutes=2),
            },
        )


async def test_a_tenant_without_an_integration_is_told_what_comes(
    make_tenant: MakeTenant, console_as: ClientAs
) -> None:
    browser = await console_as(await make_tenant(), *GRANTS)

    page = text_of((await browser.get(PANEL)).text)

    assert "Ainda não há integração" in page


async def test_an_integration_that_is_not_scheduled_shows_no_date(browser: AsyncClient) -> None:
    page = text_of((await browser.get(PANEL)).text)

    assert "Next scheduled integration Not scheduled" in page
    assert "Scheduled No" in page
    assert "1969" not in page
    assert "1970" not in page


async def test_what_the_erp_last_asked_is_told_of_the_integration_that_it_uses(
    site: Site, browser: AsyncClient, client_as: ClientAs
) -> None:
    """Also what was refused; an integration that we ask has no such thing."""
    erp = await client_as(site.tenant, "erp_tables:view")
    async with site.context.uow.begin(site.actor) as tx:
        own = await create_integration(tx, kind=IntegrationKind.API, name="ERP que envia")
    address = f"{PANEL}?integration={own.id}"
    before = text_of((await browser.get(address)).text)
    refused = await erp.get("/api/v1/erp/vendedor?inventado=1")

    after = text_of((await browser.get(address)).text)
    other = text_of((await browser.get(f"{PANEL}?integration={site.integration_id}")).text)

    assert refused.status_code == 422
    assert "Last request from the ERP –" in before
    assert re.search(r"Last request from the ERP \d\d-\d\d-\d{4} \d\d:\d\d ", after)
    assert "Last request from the ERP" not in other


async def test_one_that_never_ran_says_so_also_where_its_address_names_it(
    site: Site, browser: AsyncClient
) -> None:
    page = text_of((await browser.get(f"{PANEL}?integration={site.integration_id}")).text)

    assert "The integration has not run yet" in page
    assert "Nothing matches the filters" not in page


async def test_settings_are_saved_and_shown(site: Site, browser: AsyncClient) -> None:
    sent = {
        "kind": "daily",
        "times": "0:00; 12:30",
        "max_hours": "36",
        "erp_name": "Mega",
        "erp_version": "4.2",
        "business_rule": "Only customers with an order.",
    }

    answer = await browser.post(f"{PANEL}/{site.integration_id}", data=sent)
    page = text_of((await browser.get(PANEL)).text)

    assert answer.status_code == 303
    async with site.context.uow.begin(site.actor) as tx:
        schedule = await schedules.read_schedule(tx, site.integration_id)
    assert schedule.times == ["00:00", "12:30"]
    assert "ERP Mega ERP version 4.2" in page
    assert "Only customers with an order." in page
    assert "Maximum time without success 36 hours" in page
    assert "Scheduled Yes" in page
    assert re.search(r"Next scheduled integration \d\d-\d\d-\d{4} \d\d:\d\d ", page)


async def test_the_next_run_stays_when_something_else_is_saved(
    site: Site, browser: AsyncClient
) -> None:
    """An interval begins anew when its schedule is saved."""
    address, sent = f"{PANEL}/{site.integration_id}", {"kind": "interval", "interval_minutes": "60"}
    await browser.post(address, data=sent)
    async with site.context.uow.begin(site.actor) as tx:
        planned = await schedules.read_schedule(tx, site.integration_id)

    answer = await browser.post(address, data={**sent, "erp_version": "4.3"})

    assert answer.status_code == 303
    async with site.context.uow.begin(site.actor) as tx:
        assert await schedules.read_schedule(tx, site.integration_id) == planned
    page = text_of((await browser.get(PANEL)).text)
    assert "ERP version 4.3" in page


async def test_a_schedule_that_makes_no_sense_is_refused_beside_its_field(
    site: Site, browser: AsyncClient
) -> None:
    for sent, field in (
        ({"kind": "daily", "times": "25:00"}, "times"),
        ({"kind": "interval", "interval_minutes": "soon"}, "interval_minutes"),
        ({"max_hours": "never"}, "max_hours"),
        ({"max_hours": "9000"}, "max_hours"),
    ):
        page = await browser.post(f"{PANEL}/{site.integration_id}", data=sent)

        assert page.status_code == 422
        assert f'id="field-{field}-error"' in page.text


async def test_all_that_is_wrong_is_said_at_once(site: Site, browser: AsyncClient) -> None:
    sent = {"kind": "daily", "times": "25:00", "max_hours": "9000"}

    page = await browser.post(f"{PANEL}/{site.integration_id}", data=sent)

    assert page.status_code == 422
    assert 'id="field-times-error"' in page.text
    assert 'id="field-max_hours-error"' in page.text


async def freshness_of(site: Site) -> FreshnessOut:
    async with site.context.uow.begin(site.actor) as tx:
        return await read_freshness(tx, site.integration_id)


async def test_who_is_told_is_chosen_on_the_panel_and_shown(
    site: Site, browser: AsyncClient, make_user: MakeUser
) -> None:
    for email in ("ti@acme.example", "ana@acme.example", "bob@acme.example"):
        await make_user(site.tenant, email=email)
    address = f"{PANEL}/{site.integration_id}"
    before = text_of((await browser.get(PANEL)).text)
    typed = " ti@acme.example,\r\nana@acme.example;\r\n\r\nti@acme.example\r\nbob@acme.example"

    saved = await browser.post(address, data={"contacts": typed, "freshness_revision": "0"})
    page = await browser.get(PANEL)
    chosen = await freshness_of(site)
    nobody = {"contacts": "", "freshness_revision": str(chosen.revision)}
    emptied = await browser.post(address, data=nobody)

    assert "Who is told Whoever may edit integrations" in before
    assert (saved.status_code, emptied.status_code) == (303, 303)
    assert chosen.contacts == ["ti@acme.example", "ana@acme.example", "bob@acme.example"]
    assert (chosen.max_hours, chosen.is_default) == (None, True)
    assert "Who is told ti@acme.example, ana@acme.example, bob@acme.example" in text_of(page.text)
    assert ">ti@acme.example\nana@acme.example\nbob@acme.example</textarea>" in page.text
    assert (await freshness_of(site)).contacts == []
    assert "Who is told Whoever may edit integrations" in text_of((await browser.get(PANEL)).text)


@pytest.mark.parametrize(
    ("typed", "language", "reason"),
    [
        ("ti@acme.example, Ana <ana@a.b>", "en", "Ana &lt;ana@a.b&gt; is not one mail address."),
        ("ti@acme.example, ana@", "pt-BR", "ana@ não é um endereço de e-mail."),
        (
            "ti@acme.example;x@y.z",
            "en",
            "No active user of this tenant has the mail address x@y.z.",
        ),
        (
            "ti@acme.example;x@y.z",
            "pt-BR",
            "Nenhum usuário ativo deste tenant tem o endereço de e-mail x@y.z.",
        ),
        (",".join(f"a{number}@b.c" for number in range(11)), "en", "There may be 10 addresses."),
    ],
    ids=["malformed", "malformed-pt", "stranger", "stranger-pt", "too-many"],
)
async def test_an_address_that_is_refused_is_named_beside_the_field_and_nothing_changes(
    *, site: Site, browser: AsyncClient, make_user: MakeUser, typed: str, language: str, reason: str
) -> None:
    await make_user(site.tenant, email="ti@acme.example")
    browser.cookies.set(LANGUAGE_COOKIE, language)
    sent = {"contacts": typed, "freshness_revision": "0", "max_hours": "36", "erp_name": "Mega"}

    page = await browser.post(f"{PANEL}/{site.integration_id}", data=sent)

    beside = re.search(r'id="field-contacts-error">(.*?)</p>', page.text, re.DOTALL)
    assert page.status_code == 422
    assert beside
    assert reason in beside[1]
    assert f">{typed.replace('<', '&lt;').replace('>', '&gt;')}</textarea>" in page.text
    assert 'name="erp_name" value="Mega"' in page.text
    now = await freshness_of(site)
    assert (now.contacts, now.max_hours, now.revision) == ([], None, 0)


async def test_who_is_told_stays_when_something_else_is_saved(
    site: Site, browser: AsyncClient, make_user: MakeUser
) -> None:
    """As the page sends it, also of one who is no user any more; or without the field."""
    await make_user(site.tenant, email="ti@acme.example")
    address = f"{PANEL}/{site.integration_id}"
    async with site.context.uow.begin(site.actor) as tx:
        data = FreshnessIn(max_hours=24, contacts=("ti@acme.example",))
        await save_freshness(tx, integration_id=site.integration_id, data=data)
        row = await ensure_row(tx, site.integration_id)
        row.contacts = ["ti@acme.example", "gone@acme.example"]
    told = "ti@acme.example\r\ngone@acme.example"
    watch = {"contacts": told, "freshness_revision": "1"}

    await browser.post(address, data={**watch, "max_hours": "24", "erp_name": "Mega"})
    same = await freshness_of(site)
    await browser.post(address, data={**watch, "max_hours": "36"})
    later = await freshness_of(site)
    await browser.post(address, data={"max_hours": "48"})
    last = await freshness_of(site)

    assert (same.max_hours, same.revision) == (24, 1)
    assert [each.max_hours for each in (later, last)] == [36, 48]
    for each in (same, later, last):
        assert each.contacts == ["ti@acme.example", "gone@acme.example"]


async def test_a_page_from_before_somebody_else_chose_who_is_told_undoes_nothing(
    site: Site, browser: AsyncClient, make_user: MakeUser
) -> None:
    await make_user(site.tenant, email="ti@acme.example")
    async with site.context.uow.begin(site.actor) as tx:
        data = FreshnessIn(max_hours=24, contacts=("ti@acme.example",))
        await save_freshness(tx, integration_id=site.integration_id, data=data)
    sent = {"contacts": "", "freshness_revision": "0", "max_hours": "36"}

    late = await browser.post(f"{PANEL}/{site.integration_id}", data=sent)

    assert late.status_code == 412
    now = await freshness_of(site)
    assert (now.contacts, now.max_hours) == (["ti@acme.example"], 24)


async def test_how_far_the_history_goes_back_is_a_date_as_people_write_it(
    browser: AsyncClient,
) -> None:
    browser.cookies.set(LANGUAGE_COOKIE, "pt-BR")

    page = await browser.post(HISTORY, data={**seven_days(), "tables": [], "first": "2020-01-01"})

    assert re.search(r"ele começa em \d\d/\d\d/\d{4}\.", page.text)


async def test_a_schedule_is_paused_with_a_reason_and_resumed(
    site: Site, browser: AsyncClient
) -> None:
    await browser.post(
        f"{PANEL}/{site.integration_id}", data={"kind": "interval", "interval_minutes": "60"}
    )

    await browser.post(f"{PANEL}/{site.integration_id}/pause", data={"reason": "ERP update"})
    paused = text_of((await browser.get(PANEL)).text)
    await browser.post(f"{PANEL}/{site.integration_id}/resume")
    resumed = text_of((await browser.get(PANEL)).text)
    async with site.context.uow.begin(site.actor) as tx:
        await pause_schedule(
            tx, integration_id=site.integration_id, reason=PAUSE_REASON, paused_by=WATCHDOG
        )
    browser.cookies.set(LANGUAGE_COOKIE, "pt-BR")
    watched = text_of((await browser.get(PANEL)).text)

    assert "As execuções dela falham há dias." in watched
    assert "The schedule is paused" in paused
    assert "ERP update" in paused
    assert "Next scheduled integration Not scheduled" in paused
    assert "The schedule is paused" not in resumed


async def test_it_runs_now_and_the_log_is_there_to_be_seen(
    site: Site, browser: AsyncClient
) -> None:
    answer = await browser.post(f"{PANEL}/{site.integration_id}/run")
    again = await browser.post(f"{PANEL}/{site.integration_id}/run")
    running = (await browser.get(PANEL)).text
    await run_jobs(site.context, site.tenant.tenant_id)
    done = (await browser.get(PANEL)).text

    assert answer.status_code == again.status_code == 303
    assert 'hx-trigger="every 3s"' in running
    assert 'hx-trigger="every 3s"' not in done
    assert re.search(r">\d{4}-\d\d-\d\d \d\d:\d\d:\d\d</time>", done)
    log = re.search(r'href="(/console/loads/[^"]+/log\.txt)"', done)
    assert log is not None
    assert (await browser.get(log[1])).status_code == 200
    assert ">Success<" in re.sub(r"\s+", "", done).replace("</svg>", ">")


async def test_a_run_is_in_the_chart_once_it_has_ended(site: Site, browser: AsyncClient) -> None:
    async with site.context.uow.begin(site.actor) as tx:
        await add_runs(tx, site.integration_id, 2)

    await browser.post(f"{PANEL}/{site.integration_id}/run")
    page = (await browser.get(PANEL)).text

    chart, listed = re.search(r'class="run-chart".*?</svg>', page, re.DOTALL), text_of(page)
    assert chart
    assert chart[0].count("<rect") == 2
    assert "Pending" in listed
    assert "Cancelled" not in listed


async def test_a_run_under_way_is_followed_on_every_page_of_the_runs(
    site: Site, browser: AsyncClient
) -> None:
    """The chart is of the last runs wherever one is; what begins a run waits for its end."""
    async with site.context.uow.begin(site.actor) as tx:
        await add_runs(tx, site.integration_id, 32)
    await browser.post(f"{PANEL}/{site.integration_id}/run")
    first = (await browser.get(PANEL)).text
    following = re.search(r'id="runs-next" rel="next" href="([^"]+)"', first)
    assert following

    later = (await browser.get(following[1].replace("&amp;", "&"))).text
    short = (await browser.get(f"{PANEL}?limit=2")).text
    await run_jobs(site.context, site.tenant.tenant_id)
    done = (await browser.get(following[1].replace("&amp;", "&"))).text

    looks = (first, later, short)
    charts = [re.findall(r'id="run-chart".*?</figure>', page, re.DOTALL) for page in looks]
    assert charts[0][0].count("<title>") == 29
    assert charts == [charts[0]] * 3
    assert all('hx-trigger="every 3s"' in page for page in looks)
    assert all(f'{site.integration_id}/run"' not in page for page in looks)
    assert later.count('hx-select-oob="#run-commands:morph') == 2  # by itself, and when one pages
    assert 'hx-trigger="every 3s"' not in done
    assert f'{site.integration_id}/run"' in done


async def test_the_size_of_the_intermediate_database_is_told(
    site: Site, browser: AsyncClient
) -> None:
    before = await browser.get(f"{PANEL}/{site.integration_id}/size")
    site.erp.put("empresa", "1", "a")
    await site.load("empresa")
    after = await browser.get(f"{PANEL}/{site.integration_id}/size")

    assert before.text.strip() == "0 B"
    assert re.fullmatch(r"[\d.,]+ k?B", after.text.strip())
    assert after.text != before.text


async def test_an_erp_that_pushes_leads_to_the_history(
    context: Context, make_tenant: MakeTenant, console_as: ClientAs
) -> None:
    tenant = await make_tenant()
    async with context.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        await create_integration(tx, kind=IntegrationKind.API, name="API")
    browser = await console_as(tenant, *GRANTS)
    browser.cookies.set(LANGUAGE_COOKIE, "en")

    page = (await browser.get(PANEL)).text
    async with context.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        [integration_id] = await tx.session.scalars(select(Integration.id))
        await start_load(tx, integration_id=integration_id, kind=LoadKind.MANUAL)
    with_run = (await browser.get(PANEL)).text

    assert "The ERP sends its data by itself" in page
    assert "No run has brought it into the CRM yet." in page
    assert f'href="{HISTORY}"' in page
    assert '<td class="end">–</td>' in with_run  # counted when it has begun


async def test_the_panel_asks_as_much_of_the_database_with_a_past_as_without(
    site: Site, browser: AsyncClient, count_statements: CountStatements
) -> None:
    """Runs, requests and files; of what we read, of what is pushed, and of the history."""
    async with site.context.uow.begin(site.actor) as tx:
        pushing = await create_integration(tx, kind=IntegrationKind.API, name="API")
    addresses = [PANEL, f"{PANEL}?integration={pushing.id}", HISTORY]

    async def count() -> tuple[list[int], list[str]]:
        totals, pages = [], []
        for address in addresses:
            with count_statements() as counted:
                pages.append((await browser.get(address)).text)
            totals.append(counted.total)
        return totals, pages

    empty, _ = await count()
    async with site.context.uow.begin(site.actor) as tx:
        for integration_id in (site.integration_id, pushing.id):
            await add_runs(tx, integration_id, 60)
        for _ in range(5):
            record = push("vendedor", [{"id_erp": "1"}], "c", started_at=tx.now)
            await exchanges.record_exchange(tx, replace(record, integration_id=pushing.id))
            await make_export(tx)
    full, pages = await count()

    assert full == empty
    assert all('class="run-chart"' in page for page in pages[:2])
    assert "historico.xlsx" in pages[2]


def seven_days() -> dict[str, str]:
    today = datetime.now(UTC).date()
    return {"first": str(today - timedelta(days=5)), "last": str(today - timedelta(days=1))}


async def test_a_small_history_is_downloaded_at_once(site: Site, browser: AsyncClient) -> None:
    seller = {"id_erp": "1", "nome": "Ana"}
    record = push("vendedor", [seller], "c", started_at=datetime.now(UTC))
    await keep(site.context.uow, site.tenant.tenant_id, record)
    form = await browser.get(HISTORY)
    last = re.search(r'name="last"[^>]*value="([^"]+)"', form.text)
    first = re.search(r'name="first"[^>]*value="([^"]+)"', form.text)
    assert last is not None
    assert first is not None

    answer = await browser.post(
        HISTORY, data={"first": first[1], "last": last[1], "tables": ["vendedor", "pedido"]}
    )
    file = await browser.get(answer.headers["Location"])

    assert answer.status_code == 303
    assert file.headers["Content-Disposition"].startswith('attachment; filename="history-')
    book = python_calamine.load_workbook(BytesIO(file.content))
    assert book.sheet_names == ["How to read", "Requests", "vendedor", "pedido"]
    assert "Ana" in book.get_sheet_by_name("vendedor").to_python()[1]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"first": ""}, "first"),
        ({"last": "2026-02-30"}, "last"),
        ({"first": "2020-01-01"}, "first"),
        ({"last": "2999-01-01"}, "last"),
        ({"tables": []}, "tables"),
    ],
    ids=["no-day", "no-such-day", "early", "future", "no-table"],
)
async def test_what_cannot_be_asked_for_is_refused_beside_its_field(
    browser: AsyncClient, change: dict[str, str], field: str
) -> None:
    page = await browser.post(HISTORY, data={**seven_days(), "tables": ["pedido"], **change})

    assert page.status_code == 422
    assert f'id="field-{field}-error"' in page.text


async def test_a_large_history_is_written_while_one_looks_on(
    site: Site, browser: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sindico_api.console.erp_history.AT_ONCE_ROWS", -1)

    answer = await browser.post(HISTORY, data={**seven_days(), "tables": ["pedido"]})
    href = answer.headers["Location"]
    waiting = await browser.get(href)
    await run_jobs(site.context, site.tenant.tenant_id)
    ready = await browser.get(href)
    file = await browser.get(f"{href}/download")
    listed = await browser.get(HISTORY)

    assert answer.status_code == 303
    assert f"{href}/events" in waiting.text
    assert "The file is ready" in ready.text
    assert file.content.startswith(b"PK")
    assert href in listed.text
    bell = await browser.get("/console/notifications")
    assert bell.status_code in {200, 403}


async def test_a_file_is_cancelled(
    site: Site, browser: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sindico_api.console.erp_history.AT_ONCE_ROWS", -1)
    answer = await browser.post(HISTORY, data={**seven_days(), "tables": ["pedido"]})

    await browser.post(f"{answer.headers['Location']}/cancel")

    async with site.context.uow.begin(site.actor) as tx:
        found = await exports.list_exports(tx, request=PageRequest())
    assert [item.status for item in found.items] == ["cancelled"]
