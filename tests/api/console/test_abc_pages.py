"""The pages of the ABC curve, as a session gets them."""

import re

import pytest
from httpx import AsyncClient, Response
from uuid_utils.compat import uuid4

from sindico_api.context import Context
from sindico_platform.database.tx import Actor
from sindico_platform.tenancy.models import Tenant
from tests.support.callers import ClientAs
from tests.support.classification import classify_accounts
from tests.support.identity import MakeTenant
from tests.support.jobs import run_jobs
from tests.support.rows import make_branch
from tests.tenants.abc_curve.conftest import Clientele

SETTINGS = "/console/abc-curve/settings"
FORM = {
    "scope": "tenant",
    "a_percent": "10",
    "b_percent": "10",
    "c_percent": "80",
    "period_months": "6",
    "measure": "notes",
    "ignored_statuses": "Cancelada, ",
}


@pytest.fixture
async def tenant(context: Context, make_tenant: MakeTenant) -> Tenant:
    tenant = await make_tenant()
    async with context.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        clientele = Clientele(tx)
        await clientele.add("Acme", "Bela")
        await clientele.buy("Acme", 90)
        await clientele.buy("Bela", 10)
        await make_branch(tx)
        await classify_accounts(tx)
    return tenant


@pytest.fixture
async def browser(tenant: Tenant, console_as: ClientAs) -> AsyncClient:
    return await console_as(tenant, "crm-director")


async def save(browser: AsyncClient, **changes: str) -> Response:
    return await browser.post(SETTINGS, data=FORM | changes)


async def test_every_page_opens_with_and_without_filters(browser: AsyncClient) -> None:
    for path in ("", "?days=30&seller=x", "/accounts?class=A", "/changes?class=x&run=y"):
        assert (await browser.get(f"/console/abc-curve{path}")).status_code == 200
    missing = await browser.get(f"/console/abc-curve?portfolio={uuid4()}")

    assert missing.status_code == 404


async def test_an_account_says_why_it_stands_where_it_does(browser: AsyncClient) -> None:
    listed = await browser.get("/console/abc-curve/accounts")
    address = re.findall(r'href="(/console/accounts/[0-9a-f-]{36})"', listed.text)[1]
    shown = (await browser.get(address)).text

    assert "Está em 2º lugar. Quem vem antes faz 90" in shown
    assert "Histórico da classificação" in shown


async def test_settings_are_simulated_saved_and_given_up(
    browser: AsyncClient, context: Context, tenant: Tenant
) -> None:
    simulated = await browser.post(f"{SETTINGS}/simulate", data=FORM)
    before = await browser.get("/console/abc-curve/changes")
    saved = await save(browser)
    await run_jobs(context, tenant.tenant_id)
    after = await browser.get("/console/abc-curve/changes")
    again = await save(browser, period_months="7")
    give_up = await browser.post(f"{SETTINGS}/delete/simulate", data={"scope": "tenant"})
    given_up = await browser.post(f"{SETTINGS}/delete", data={"scope": "tenant"})
    shown = await browser.get(SETTINGS)
    gone = await browser.post(f"{SETTINGS}/delete/simulate", data={"scope": "tenant"})

    assert (simulated.status_code, saved.status_code) == (200, 303)
    assert "Quem mudaria de classe" in simulated.text
    assert "1 conta mudaria de classe." in simulated.text
    assert ("Bela" in before.text, "Bela" in after.text) == (False, True)
    assert (again.status_code, given_up.status_code) == (303, 303)
    assert "As contas dela seriam calculadas pela configuração padrão." in give_up.text
    assert "1 conta mudaria de classe." in give_up.text
    assert "Desfazer e calcular" in give_up.text
    assert "Salvar e calcular" not in give_up.text
    assert (gone.status_code, gone.headers["Location"]) == (303, SETTINGS)
    assert "80 / 15 / 5" in shown.text


async def test_a_branch_gets_a_curve_of_its_own(browser: AsyncClient) -> None:
    page = (await browser.get(SETTINGS)).text
    [(scope, name)] = re.findall(r'value="(branch:[0-9a-f-]{36})"[^>]*>([^<]*)<', page)

    saved = await save(browser, scope=scope)
    shown = await browser.get(f"{SETTINGS}?scope={scope}")

    assert saved.status_code == 303
    assert "10 / 10 / 80" in shown.text
    assert name.startswith("Filial: ")
    assert shown.text.count(name) == 2  # the choice, and the curve there is
    assert "Desfazer esta curva" in shown.text
    simulated = await browser.post(f"{SETTINGS}/delete/simulate", data={"scope": scope})
    assert "mostrada aqui como seria então: Todo o tenant." in simulated.text
    given_up = f'action="{SETTINGS}/delete".*?name="scope" value="([^"]+)"'
    assert re.findall(given_up, simulated.text, re.DOTALL) == [scope]


async def test_what_is_no_number_is_said_in_plain_words_at_every_field(
    browser: AsyncClient,
) -> None:
    answer = await browser.post(SETTINGS, data=FORM | {"a_percent": "79,5", "c_percent": "dez"})

    plain = r'id="field-(\w+)-error".*?Informe um número inteiro\.'
    assert re.findall(plain, answer.text, re.DOTALL) == ["a_percent", "c_percent"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"scope": "company:x"},
        {"scope": ""},
        {"a_percent": ""},
        {"a_percent": "dez"},
        {"c_percent": "81"},
        {"period_months": "25"},
        {"measure": "wishes"},
    ],
    ids=str,
)
async def test_what_is_wrong_is_said_at_the_field(
    browser: AsyncClient, wrong: dict[str, str]
) -> None:
    for path in (SETTINGS, f"{SETTINGS}/simulate"):
        answer = await browser.post(path, data=FORM | wrong)

        assert answer.status_code == 422
        assert "form-errors" in answer.text
