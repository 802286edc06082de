"""The screens of View integrations."""

import re
from html import unescape

import pytest
import trustme
from httpx import AsyncClient

from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.tenancy.models import Tenant
from sindico_provisioning.loads.models import LoadKind
from sindico_provisioning.loads.service import cancel_load, start_load
from tests.api.test_view_connections import COLUMNS, PATH
from tests.provisioning.connectors.view.conftest import (
    certificates,
    erp_postgres,
    postgres,
    tls_door,
)
from tests.provisioning.connectors.view.databases import RunningDatabase
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant
from tests.support.rows import make_row

__all__ = ["certificates", "erp_postgres", "postgres", "tls_door"]

SCREEN = "/console/view-connections"
EVENTS = {"Accept": "text/event-stream"}
SIGNED = re.compile(r'name="signed_report" value="([^"]+)"')
MAPPING = {f"columns.{field}": column for field, column in COLUMNS.items()} | {
    "db_schema": "public",
    "view": "v_clientes",
    "watermark": "alterado",
    "overlap_minutes": "10",
    "is_complete": "true",
    "revision": "0",
}


@pytest.fixture
async def tenant(make_tenant: MakeTenant) -> Tenant:
    return await make_tenant()


@pytest.fixture
async def browser(tenant: Tenant, nearby_console_as: ClientAs) -> AsyncClient:
    return await nearby_console_as(tenant, "admin")


def typed(running: RunningDatabase, **changes: str) -> dict[str, str]:
    fields = {
        "name": "ERP da matriz",
        "dialect": "postgresql",
        "host": "localhost",
        "port": str(running.server.port),
        "database": "erp",
        "username": "leitura",
        "password": "uma-senha",
        "tls": "none",
        "statement_seconds": "60",
    }
    return fields | changes


async def save(browser: AsyncClient, running: RunningDatabase) -> str:
    saved = await browser.post(SCREEN, data=typed(running))
    assert saved.status_code == 303, unescape(saved.text)
    return saved.headers["Location"]


async def test_a_connection_is_added_and_its_password_stays_away(
    browser: AsyncClient, postgres: RunningDatabase
) -> None:
    assert "Ainda não há banco de dados" in (await browser.get(SCREEN)).text
    assert (await browser.get(f"{SCREEN}/new")).status_code == 200
    where = await save(browser, postgres)

    shown = await browser.get(where)

    assert shown.status_code == 200
    assert "uma-senha" not in shown.text
    assert 'value="leitura"' in shown.text
    assert "Não mapeada" in shown.text
    assert "ERP da matriz" in (await browser.get(SCREEN)).text


async def test_what_is_wrong_stands_at_its_field(
    browser: AsyncClient, postgres: RunningDatabase
) -> None:
    refused = await browser.post(
        SCREEN, data=typed(postgres, host="10.1.2.3", port="x", statement_seconds="")
    )
    private = await browser.post(SCREEN, data=typed(postgres, host="10.1.2.3"))

    assert refused.status_code == private.status_code == 422
    assert 'id="field-port-error"' in refused.text
    assert 'id="field-host-error"' in private.text
    await save(browser, postgres)
    again = await browser.post(SCREEN, data=typed(postgres))
    assert again.status_code == 409
    assert 'id="field-name-error"' in again.text


async def test_another_certificate_to_trust_asks_for_the_password_again(
    browser: AsyncClient, postgres: RunningDatabase
) -> None:
    stored, other = (trustme.CA().cert_pem.bytes().decode() for _ in range(2))
    form = typed(postgres, tls="verified", ca_certificate=stored)
    where = (await browser.post(SCREEN, data=form)).headers["Location"]
    kept = form | {"password": "", "integration_id": where.rpartition("/")[2]}

    saved = await browser.post(where, data=kept | {"ca_certificate": other})
    tested = await browser.post(f"{SCREEN}/test", data=kept | {"ca_certificate": other})
    unchanged = await browser.post(where, data=kept)

    for refused in (saved, tested):
        assert refused.status_code == 422
        assert "Digite de novo, porque o destino" in refused.text
    assert unchanged.status_code == 303


async def test_the_form_is_tested_stage_by_stage_and_saved_with_its_report(
    browser: AsyncClient, postgres: RunningDatabase
) -> None:
    streamed = await browser.post(f"{SCREEN}/test", data=typed(postgres), headers=EVENTS)
    whole = await browser.post(f"{SCREEN}/test", data=typed(postgres))

    assert streamed.text.count("event: report") == 9
    assert "O banco de dados pode ser lido." in whole.text
    signed = SIGNED.search(whole.text)
    assert signed is not None
    saved = await browser.post(
        SCREEN, data=typed(postgres) | {"signed_report": unescape(signed[1])}
    )
    assert "O banco de dados pode ser lido." in (await browser.get(saved.headers["Location"])).text


async def test_a_view_is_chosen_looked_at_and_mapped(
    browser: AsyncClient, postgres: RunningDatabase
) -> None:
    await postgres.add(("C1", "Acme", "2026-11-20 08:00:00"))
    await postgres.execute("INSERT INTO clientes VALUES ('C2', NULL, 123, 'X', NULL)")
    where = await save(browser, postgres)
    mapping = f"{where}/mappings/empresa"

    choice = await browser.get(mapping)
    form = await browser.get(mapping, params={"db_schema": "public", "view": "v_clientes"})
    preview = await browser.post(f"{mapping}/preview", data=MAPPING)
    refused = await browser.post(mapping, data=MAPPING | {"columns.id_erp": ""})
    saved = await browser.post(mapping, data=MAPPING)

    assert f"{mapping}?db_schema=public&amp;view=v_clientes" in choice.text
    assert "codigo · varchar(20)" in form.text
    assert "1 seriam aceitas, 1 rejeitadas" in preview.text
    assert refused.status_code == 422
    assert 'id="field-columns.id_erp-error"' in refused.text
    assert saved.status_code == 303
    shown = await browser.get(where)
    assert "O que mudou" in shown.text
    kept = (await browser.get(mapping)).text
    assert re.search(r'name="is_complete"[^>]* checked', kept)
    removed = await browser.post(f"{mapping}/delete")
    assert removed.status_code == 303
    assert "O que mudou" not in (await browser.get(where)).text


async def test_an_integration_is_removed_after_saying_what_goes_and_what_stays(
    browser: AsyncClient, uow: UnitOfWork, tenant: Tenant
) -> None:
    view = await make_row(uow, tenant, "view_integration_id")
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        load = await start_load(tx, integration_id=view, kind=LoadKind.MANUAL)
        load_id = load.id
    shown = await browser.get(f"{SCREEN}/{view}")
    busy = await browser.post(f"{SCREEN}/{view}/delete", data={"revision": "1"})
    told = unescape((await browser.get(busy.headers["Location"])).text)
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        await cancel_load(tx, load_id=load_id)
    removed = await browser.post(f"{SCREEN}/{view}/delete", data={"revision": "1"})
    after = unescape((await browser.get(removed.headers["Location"])).text)
    run = await browser.get(f"/console/loads/{load_id}")

    assert "Serão removidos: a conexão" in shown.text
    assert "Permanecem: as execuções" in shown.text
    assert (busy.headers["Location"], str(load_id) in told) == (f"{SCREEN}/{view}", True)
    assert "Integração removida; o que foi carregado permanece." in after
    assert "Ainda não há banco de dados" in after
    assert run.status_code == 200
    assert f"{load_id}/resume" not in run.text


async def test_a_database_that_is_away_is_told_on_the_screen(
    browser: AsyncClient, postgres: RunningDatabase, tenant: Tenant, nearby_as: ClientAs
) -> None:
    where = await save(browser, postgres)
    caller = await nearby_as(tenant, "admin")
    gone = {name: value for name, value in typed(postgres).items() if name != "name"}
    changed = await caller.put(
        f"{PATH}/{where.rsplit('/', 1)[1]}", json=gone | {"port": 1, "statement_seconds": 60}
    )
    assert changed.status_code == 200, changed.text

    shown = await browser.get(f"{where}/mappings/empresa")

    assert shown.status_code == 200
    assert "recusou a conexão" in unescape(shown.text)
