"""The pages of loads, as a session gets them."""

import json
import re
from datetime import timedelta
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import delete, update
from uuid_utils.compat import uuid7

from sindico_api.context import Context
from sindico_platform.errors import Terminal
from sindico_provisioning.loads.models import Load
from sindico_provisioning.staging.models import StagingRejection
from tests.provisioning.loads.conftest import Site, erp_kind, make_site
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant

__all__ = ["erp_kind"]

PERMISSIONS = ("loads:view", "loads:include", "loads:edit")


@pytest.fixture
async def site(context: Context, make_tenant: MakeTenant, erp_kind: str) -> Site:
    return await make_site(context, await make_tenant(), erp_kind)


@pytest.fixture
async def browser(site: Site, console_as: ClientAs) -> AsyncClient:
    return await console_as(site.tenant, *PERMISSIONS)


async def test_a_load_is_started_by_the_form_and_a_second_one_leads_to_it(
    browser: AsyncClient, site: Site
) -> None:
    form = {"integration_id": str(site.integration_id), "tables": ["empresa", "contato"]}

    started = await browser.post("/console/loads", data=form)
    again = await browser.post("/console/loads", data=form)

    assert started.status_code == 303
    assert again.headers["location"] == started.headers["location"]
    load = await site.read(uuid_in(started.headers["location"]))
    assert load.tables == ["contato", "empresa"]


async def test_a_form_without_an_integration_says_so_beside_the_field(
    browser: AsyncClient,
) -> None:
    refused = await browser.post("/console/loads", data={"tables": "empresa"})

    assert refused.status_code == 422
    assert "Escolha uma integração." in refused.text
    assert re.search(r'value="empresa" checked', refused.text)


async def test_the_list_filters_and_counts(browser: AsyncClient, site: Site) -> None:
    site.erp.put("empresa", "a", "b")
    site.erp.put("empresa", "bad", cnpj="11222333000182")
    load_id = (await site.load()).id

    every = await browser.get("/console/loads", params={"status": "", "kind": "nonsense"})
    none = await browser.get("/console/loads", params={"status": "failed"})

    assert f"/console/loads/{load_id}/rejections" in every.text
    assert str(load_id) not in none.text
    assert "Nada corresponde aos filtros" in none.text


async def test_a_failure_is_told_in_the_readers_language(browser: AsyncClient, site: Site) -> None:
    site.erp.put("empresa", "a")
    site.erp.fail_next("read_page", Terminal("erp-login-refused", "The request cannot be served"))
    load_id = (await site.load()).id

    page = await browser.get(f"/console/loads/{load_id}")

    assert "A requisição não pode ser atendida" in page.text
    assert "O que fazer:" in page.text
    assert f'action="/console/loads/{load_id}/resume"' in page.text


async def test_events_bring_the_page_up_to_date_and_end(browser: AsyncClient, site: Site) -> None:
    site.erp.put("empresa", "a")
    load_id = (await site.load()).id

    progress = await browser.get(f"/console/loads/{load_id}/events")
    lines = await browser.get(f"/console/loads/{load_id}/log/events")

    assert progress.headers["content-type"].startswith("text/event-stream")
    assert "event: progress" in progress.text
    assert "phase-fetch-empresa" in progress.text
    assert "A carga está concluída" in lines.text
    for stream in (progress, lines):
        assert "event: end" in stream.text


async def test_the_log_and_the_rejections_are_read_and_downloaded(
    browser: AsyncClient, site: Site
) -> None:
    site.erp.put("empresa", "bad", cnpj="11222333000182")
    address = f"/console/loads/{(await site.load()).id}"

    warnings = await browser.get(f"{address}/log", params={"level": "warning"})
    text = await browser.get(f"{address}/log.txt", params={"table": "empresa"})
    lines = await browser.get(f"{address}/log.ndjson")
    rejections = await browser.get(f"{address}/rejections", params={"table": "empresa"})
    rows = await browser.get(f"{address}/rejections.ndjson")

    assert warnings.text.count('<li class="log-line') == 1
    assert {"[empresa]"} == set(re.findall(r"\[\w+\]", text.text))
    assert json.loads(lines.text.splitlines()[0])["code"] == "load-requested"
    assert "Os dígitos verificadores" in rejections.text
    assert "&#34;cnpj&#34;: &#34;11222333000182&#34;" in rejections.text
    assert json.loads(rows.text)["id_erp"] == "bad"
    tables = re.findall('<option value="([a-z_]+)"', warnings.text)
    assert len(tables) == len(set(tables))


async def test_a_run_of_long_ago_says_that_its_settled_rejections_are_gone(
    browser: AsyncClient, site: Site
) -> None:
    site.erp.put("empresa", "bad", cnpj="11222333000182")
    address = f"/console/loads/{(await site.load()).id}/rejections"

    young = (await browser.get(address)).text
    async with site.context.uow.begin(site.actor) as tx:
        await tx.session.execute(update(Load).values(created_at=tx.now - timedelta(days=31)))
        await tx.session.execute(delete(StagingRejection))
    old = (await browser.get(address)).text

    told = "Linhas rejeitadas antigas são removidas", "mantidas por 30 dias", "Não resta nenhuma"
    assert [each in young for each in told] == [False] * 3
    assert [each in old for each in told] == [True] * 3


async def test_rejected_rows_show_personal_data_only_to_those_with_the_right(
    browser: AsyncClient, site: Site, console_as: ClientAs
) -> None:
    site.erp.put("contato", "bad", nome="Ana Souza", cpf="52998224726")
    address = f"/console/loads/{(await site.load()).id}/rejections"
    sees_all = await console_as(site.tenant, "loads:view", "personal_data:view")

    masked = [(await browser.get(address + form)).text for form in ("", ".ndjson")]
    whole = [(await sees_all.get(address + form)).text for form in ("", ".ndjson")]

    for shown in masked:
        assert "cpf" in shown
        assert "***" in shown
        assert "Ana Souza" not in shown
        assert "247-26" not in shown
    for shown in whole:
        assert "Ana Souza" in shown
        assert "247-26" in shown


async def test_a_running_load_is_cancelled_and_resumed(browser: AsyncClient, site: Site) -> None:
    load_id = await site.start()
    moving = (await browser.get("/console/loads", params={"status": "pending"})).text

    await browser.post(f"/console/loads/{load_id}/cancel")
    cancelled = await site.read(load_id)
    await browser.post(f"/console/loads/{load_id}/resume")

    region = moving[moving.index('id="loads"') :]
    assert 'hx-get="/console/loads?status=pending" hx-trigger="every 5s"' in region
    assert cancelled.status == "cancelled"
    assert (await site.read(load_id)).status == "pending"


@pytest.mark.parametrize("part", ["", "/log", "/rejections", "/events", "/log.txt"])
async def test_another_tenants_load_is_nowhere(
    site: Site, make_tenant: MakeTenant, console_as: ClientAs, part: str
) -> None:
    load_id = await site.start()
    stranger = await console_as(await make_tenant(), *PERMISSIONS)

    answer = await stranger.get(f"/console/loads/{load_id}{part}")
    missing = await stranger.get(f"/console/loads/{uuid7()}{part}")

    assert (answer.status_code, missing.status_code) == (404, 404)


async def test_commands_show_to_those_who_may_give_them(site: Site, console_as: ClientAs) -> None:
    load_id = await site.start()
    reader = await console_as(site.tenant, "loads:view")

    shown = await reader.get("/console/loads")
    page = await reader.get(f"/console/loads/{load_id}")

    assert "Executar carga inicial" not in shown.text
    assert "cancel-load" not in page.text


def uuid_in(address: str) -> UUID:
    return UUID(address.rsplit("/", 1)[1])
