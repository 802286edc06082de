"""The tab *Parâmetros SMTP*: list, branches, form, test."""

import html
import json
import re
from base64 import b64decode
from collections.abc import AsyncIterator
from typing import Any

import pytest
import trustme
from httpx import AsyncClient

from sindico_platform.tenancy.models import Tenant
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant
from tests.support.mail_server import PASSWORD, USER, Mailbox, server_tls, serving

PATH, API = "/console/company-settings/smtp-settings", "/api/v1/smtp-settings"
DOWNLOAD = re.compile(r'href="data:[^"]*;base64,([^"]+)" download="([^"]+)"')
PLAIN = {"host": "200.160.2.3", "port": "25", "sender_email": USER}


@pytest.fixture
async def tenant(make_tenant: MakeTenant) -> Tenant:
    return await make_tenant()


@pytest.fixture
async def browser(tenant: Tenant, nearby_console_as: ClientAs) -> AsyncClient:
    return await nearby_console_as(tenant, "crm-director")


@pytest.fixture
async def branch(tenant: Tenant, client_as: ClientAs) -> dict[str, str]:
    """A branch, with the id of its company."""
    caller = await client_as(tenant, "crm-director")
    company = (await caller.post("/api/v1/companies", json={"name": "Grupo Itajaí"})).json()
    body = {"name": "Itajaí Sul", "company_id": company["id"]}
    made: dict[str, str] = (await caller.post("/api/v1/branches", json=body)).json()
    return made


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture(scope="session")
def ca() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
async def port(mailbox: Mailbox, ca: trustme.CA) -> AsyncIterator[int]:
    async with serving(
        mailbox, tls_context=server_tls(ca, "localhost"), require_starttls=True, auth_required=True
    ) as opened:
        yield opened


def typed(port: int, ca: trustme.CA, **changes: str) -> dict[str, str]:
    fields = {
        "host": "localhost",
        "port": str(port),
        "sender_email": USER,
        "requires_authentication": "true",
        "authentication": "password",
        "username": USER,
        "password": PASSWORD,
        "secure": "true",
        "security": "tls",
        "ca_certificate": ca.cert_pem.bytes().decode().replace("\n", "\r\n"),
    }
    return fields | changes


def without_evidence(report: dict[str, Any]) -> dict[str, Any]:
    """What is the same through both doors: the screens write dates as their reader does."""
    stages = [
        {name: value for name, value in stage.items() if name != "evidence"}
        for stage in report["stages"]
    ]
    return report | {"stages": stages}


def value_of(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None, name
    return html.unescape(found[1])


def events_of(text: str) -> list[str]:
    """The data of a stream of events."""
    blocks = text.replace("\r\n", "\n").strip().split("\n\n")
    return [
        "\n".join(line[6:] for line in block.splitlines() if line.startswith("data: "))
        for block in blocks
    ]


async def test_without_a_server_the_tab_says_that_no_mail_is_sent(browser: AsyncClient) -> None:
    page = await browser.get(PATH)

    assert "Nenhum e-mail é enviado" in page.text
    assert f'href="{PATH}/new"' in page.text


async def test_a_server_is_registered_changed_and_deleted(browser: AsyncClient) -> None:
    made = await browser.post(PATH, data=PLAIN)
    address = made.headers["location"]
    shown = await browser.get(address)
    saved = await browser.post(
        address,
        data=PLAIN
        | {"sender_name": "CRM", "is_main": "true", "revision": value_of(shown.text, "revision")},
    )
    stale = await browser.post(address, data=PLAIN | {"revision": "1"})
    listed = await browser.get(PATH)
    gone = await browser.post(f"{address}/delete")

    assert (made.status_code, saved.status_code, gone.status_code) == (303, 303, 303)
    assert stale.status_code == 412
    assert "200.160.2.3" in listed.text
    assert "Servidor principal" in listed.text
    assert "Nenhum e-mail é enviado" in (await browser.get(PATH)).text


async def test_branches_show_the_server_they_use(
    browser: AsyncClient, branch: dict[str, str]
) -> None:
    await browser.post(PATH, data=PLAIN | {"company_id": branch["company_id"]})
    inherited = await browser.get(f"{PATH}/branches")
    new = await browser.get(f"{PATH}/new", params={"branch_id": branch["id"]})
    own = PLAIN | {"company_id": branch["company_id"], "branch_id": branch["id"]}
    await browser.post(PATH, data=own | {"host": "200.160.2.9"})
    taken = await browser.post(PATH, data=own)
    its_own = await browser.get(f"{PATH}/branches")

    assert "Da empresa" in inherited.text
    assert re.search(rf'<option value="{branch["id"]}" selected>Itajaí Sul', new.text)
    assert taken.status_code == 409
    assert 'id="field-company_id-error"' in taken.text
    assert "Própria" in its_own.text
    assert "200.160.2.9" in its_own.text


async def test_branches_without_a_server_are_counted(
    browser: AsyncClient, branch: dict[str, str], tenant: Tenant, client_as: ClientAs
) -> None:
    caller = await client_as(tenant, "crm-director")
    other = (await caller.post("/api/v1/companies", json={"name": "Outra"})).json()
    await browser.post(PATH, data=PLAIN | {"company_id": other["id"]})

    page = await browser.get(PATH)
    without = await browser.get(f"{PATH}/branches", params={"covered": "no"})

    assert "1 filial está sem servidor de e-mail" in page.text
    assert f'href="{PATH}/branches?covered=no"' in page.text
    assert "Itajaí Sul" in without.text


async def test_the_main_server_serves_branches_without_another(
    browser: AsyncClient, branch: dict[str, str], tenant: Tenant, client_as: ClientAs
) -> None:
    caller = await client_as(tenant, "crm-director")
    other = (await caller.post("/api/v1/companies", json={"name": "Outra"})).json()
    await browser.post(PATH, data=PLAIN | {"company_id": other["id"], "is_main": "true"})

    listed = await browser.get(PATH)
    covered = await browser.get(f"{PATH}/branches", params={"q": branch["name"]})

    assert "sem servidor de e-mail" not in listed.text
    assert "Servidor principal" in covered.text
    assert "200.160.2.3" in covered.text


async def test_the_branches_of_a_company_are_offered(
    browser: AsyncClient, branch: dict[str, str]
) -> None:
    offered = await browser.get(f"{PATH}/scope", params={"company_id": branch["company_id"]})
    none = await browser.get(f"{PATH}/scope", params={"company_id": "x"})

    assert "Itajaí Sul" in offered.text
    assert "<html" not in offered.text
    assert "Itajaí Sul" not in none.text


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"port": "0"}, "port", "Uma porta é um número de 1 a 65535."),
        ({"port": "65536"}, "port", "Uma porta é um número de 1 a 65535."),
        ({"host": "[fe80::1]"}, "host", "fe80::/10"),
        ({"host": "smtp.cliente.com.br\r\nQUIT"}, "host", "Quebras de linha"),
        ({"host": "x" * 10_000}, "host", "253"),
        ({"sender_name": "CRM\r\nBcc: eva@mal.example"}, "sender_name", "Quebras de linha"),
        ({"sender_name": "x" * 10_000}, "sender_name", "120"),
        (
            {"sender_email": "crm@cliente.com.br\r\nBcc: eva@mal.example"},
            "sender_email",
            "não é um endereço",
        ),
        ({"sender_email": f"{'x' * 10_000}@cliente.com.br"}, "sender_email", "não é um endereço"),
    ],
    ids=lambda case: next(iter(case)) if isinstance(case, dict) else "",
)
async def test_what_cannot_be_is_told_beside_its_field_in_the_readers_language(
    browser: AsyncClient, changes: dict[str, str], field: str, said: str
) -> None:
    refused = await browser.post(PATH, data=PLAIN | changes)

    assert refused.status_code == 422
    beside = re.search(rf'id="field-{field}-error"[^>]*>(.*?)</p>', refused.text, re.DOTALL)
    assert beside is not None
    assert said in html.unescape(beside[1])
    assert len(beside[1]) < 600


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"host": ""}, "host"),
        ({"port": "vinte"}, "port"),
        ({"port": "99999999999999999999"}, "port"),
        ({"sender_email": "crm"}, "sender_email"),
        ({"requires_authentication": "true", "username": "a"}, "secure"),
        ({"connections": "99"}, "connections"),
        ({"host": "10.0.0.1"}, "host"),
        ({"company_id": "acme"}, "company_id"),
    ],
    ids=str,
)
async def test_what_is_wrong_stands_beside_its_field(
    browser: AsyncClient, changes: dict[str, str], field: str
) -> None:
    refused = await browser.post(PATH, data=PLAIN | changes)

    assert refused.status_code == 422
    assert f'id="field-{field}-error"' in refused.text


async def test_a_test_of_the_form_is_streamed_and_saved_with_it(
    browser: AsyncClient, mailbox: Mailbox, port: int, ca: trustme.CA
) -> None:
    form = typed(port, ca)
    streamed = await browser.post(
        f"{PATH}/test", data=form, headers={"Accept": "text/event-stream"}
    )
    events = events_of(streamed.text)
    made = await browser.post(
        PATH, data=form | {"signed_report": value_of(events[-1], "signed_report")}
    )
    shown = await browser.get(made.headers["location"])
    elsewhere = await browser.post(
        PATH,
        data=form
        | {"sender_email": "b@cliente.com.br", "is_main": "true"}
        | {"signed_report": value_of(events[-1], "signed_report")},
    )

    assert streamed.headers["Content-Type"].startswith("text/event-stream")
    assert len(events) == 10
    assert 'id="step-resolve"' in events[0]
    assert "is-moving" in events[0]
    assert "O servidor aceitou o e-mail de teste" in events[-1]
    assert mailbox.envelopes[0].rcpt_tos == [USER]
    assert "O último teste passou" in shown.text
    assert elsewhere.status_code == 409


async def test_another_certificate_to_trust_asks_for_the_password_again(
    browser: AsyncClient, mailbox: Mailbox, port: int, ca: trustme.CA
) -> None:
    form = typed(port, ca)
    made = (await browser.post(PATH, data=form)).headers["Location"]
    kept = form | {"password": "", "settings_id": made.rpartition("/")[2]}
    other = {"ca_certificate": trustme.CA().cert_pem.bytes().decode()}

    saved = await browser.post(made, data=kept | other)
    tested = await browser.post(f"{PATH}/test", data=kept | other)
    unchanged = await browser.post(made, data=kept)

    for refused in (saved, tested):
        assert refused.status_code == 422
        assert "Digite de novo, porque o destino" in refused.text
    assert unchanged.status_code == 303
    assert mailbox.logins == []


async def test_a_report_of_other_settings_is_not_taken_over(
    browser: AsyncClient, port: int, ca: trustme.CA
) -> None:
    form = typed(port, ca)
    streamed = await browser.post(
        f"{PATH}/test", data=form, headers={"Accept": "text/event-stream"}
    )
    report = value_of(events_of(streamed.text)[-1], "signed_report")

    made = await browser.post(PATH, data=form | {"password": "outra", "signed_report": report})

    assert "O último teste passou" not in (await browser.get(made.headers["location"])).text


async def test_without_scripts_the_test_answers_with_the_page(
    browser: AsyncClient, port: int, ca: trustme.CA
) -> None:
    passed = await browser.post(f"{PATH}/test", data=typed(port, ca))
    failed = await browser.post(f"{PATH}/test", data=typed(port, ca, password="errada"))
    refused = await browser.post(f"{PATH}/test", data={"host": ""})

    assert "O servidor aceitou o e-mail de teste" in passed.text
    assert "O teste parou em: Entrar" in failed.text
    assert "mail-password-refused" in failed.text
    assert refused.status_code == 422
    assert "errada" not in failed.text


async def test_a_report_can_be_downloaded(
    browser: AsyncClient, tenant: Tenant, nearby_as: ClientAs, port: int, ca: trustme.CA
) -> None:
    director = await nearby_as(tenant, "crm-director")
    form = typed(port, ca, password="errada")
    made = (await browser.post(PATH, data=form)).headers["Location"].rpartition("/")[2]
    page = (await browser.post(f"{PATH}/test", data=form | {"settings_id": made})).text

    stored = await director.get(f"{API}/{made}", headers={"Accept-Language": "pt-BR"})
    files = {name: content for content, name in DOWNLOAD.findall(page)}
    as_json, as_text = (b64decode(files[f"teste-de-conexao.{kind}"]) for kind in ("json", "txt"))
    report = json.loads(as_json)
    lines = as_text.decode().splitlines()
    assert without_evidence(report) == without_evidence(stored.json()["report"])
    assert report["stages"][1]["evidence"] == f"127.0.0.1 respondeu na porta {port}."
    assert [stage["status"] for stage in report["stages"]] == ["succeeded"] * 4 + [
        "failed",
        *["skipped"] * 3,
    ]
    refused = report["stages"][4]
    at = next(number for number, line in enumerate(lines) if line.startswith("Entrar: Erro"))
    assert lines[at + 1 : at + 4] == [
        f"    {refused[part]}" for part in ("detail", "advice", "code")
    ]
    assert lines[0].startswith("Testado em ")
    assert "errada" not in page


async def test_who_may_only_look_changes_nothing(
    tenant: Tenant, browser: AsyncClient, nearby_console_as: ClientAs
) -> None:
    address = (await browser.post(PATH, data=PLAIN)).headers["location"]
    looker = await nearby_console_as(tenant, "smtp_settings:access", "smtp_settings:view")

    page = await looker.get(address)
    listed = await looker.get(PATH)

    assert page.status_code == 200
    assert '<fieldset class="bare" disabled>' in page.text
    assert "Testar envio de e-mail" not in page.text
    assert "Testar todos" not in listed.text


async def test_secrets_are_in_no_page(browser: AsyncClient) -> None:
    secrets = {"password": "s3nha-1", "oauth.client_secret": "s3nha-2"}
    form = PLAIN | {
        "requires_authentication": "true",
        "secure": "true",
        "security": "ssl",
        "username": USER,
        "authentication": "oauth2",
        "oauth.token_url": "https://200.160.2.9/token",
        "oauth.client_id": "crm",
    }
    made = await browser.post(PATH, data=form | secrets)
    page = await browser.get(made.headers["location"])

    assert made.status_code == 303
    assert not any(secret in page.text for secret in secrets.values())
    assert "https://200.160.2.9/token" in page.text
    kept = await browser.post(made.headers["location"], data=form)
    assert kept.status_code == 303
