"""Mail servers of the tenant, its companies and branches, over HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any
from uuid import UUID

import pytest
import trustme
from httpx import AsyncClient, Response
from litestar import Litestar

from sindico_platform.audit import queries as audit
from sindico_platform.audit.schemas import AuditFilters
from sindico_platform.connection_tests.throttle import PER_USER
from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.egress import EgressGuard
from sindico_platform.errors import OutsideError
from sindico_platform.paging.schemas import PageRequest
from sindico_platform.settings import Secret
from sindico_platform.tenancy.models import Tenant
from sindico_tenants.smtp_settings import queries, service
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant
from tests.support.jobs import POINTS, eventually, run_jobs, run_through_kills
from tests.support.mail_server import PASSWORD, USER, Mailbox, saying, server_tls, serving

PATH = "/api/v1/smtp-settings"
PUBLIC = "200.160.2.3"
"""An address needs no name server."""
SETTINGS: dict[str, Any] = {
    "host": PUBLIC,
    "port": 587,
    "sender_email": "crm@cliente.com.br",
    "sender_name": "CRM da Ação",
    "requires_authentication": True,
    "username": USER,
    "password": "s3nha",
    "secure": True,
    "security": "tls",
}
OAUTH: dict[str, Any] = {
    "grant": "client_credentials",
    "token_url": "https://200.160.2.9/token",
    "client_id": "crm",
    "client_secret": "s3cret",
    "scope": "https://outlook.office365.com/.default",
}
BY_OAUTH = SETTINGS | {"authentication": "oauth2", "password": None, "oauth": OAUTH}
SCOPE = ("company_id", "branch_id")
AUTHORITY, ANOTHER_AUTHORITY = (trustme.CA().cert_pem.bytes().decode() for _ in range(2))


@pytest.fixture
async def tenant(make_tenant: MakeTenant) -> Tenant:
    return await make_tenant()


@pytest.fixture
async def director(tenant: Tenant, nearby_as: ClientAs) -> AsyncClient:
    return await nearby_as(tenant, "crm-director")


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture(scope="session")
def ca() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
async def port(mailbox: Mailbox, ca: trustme.CA) -> AsyncIterator[int]:
    """A mail server that turns to TLS and asks for user and password."""
    async with serving(
        mailbox, tls_context=server_tls(ca, "localhost"), require_starttls=True, auth_required=True
    ) as opened:
        yield opened


def typed(port: int, ca: trustme.CA, **changes: Any) -> dict[str, Any]:
    """The form of a server that runs."""
    fields = {
        "host": "localhost",
        "port": port,
        "password": PASSWORD,
        "ca_certificate": ca.cert_pem.bytes().decode(),
    }
    return SETTINGS | fields | changes


def problem(response: Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def faults(response: Response) -> set[tuple[str, str]]:
    return {(each["field"], each["code"]) for each in response.json()["errors"]}


def failed(report: dict[str, Any]) -> tuple[str, str]:
    stage = next(stage for stage in report["stages"] if stage["status"] == "failed")
    return stage["stage"], stage["code"]


async def make(director: AsyncClient, settings: Mapping[str, Any] = SETTINGS, **fields: Any) -> Any:
    made = await director.post(PATH, json={**settings, **fields})
    assert made.status_code == 201, made.text
    return made.json()


async def make_branches(director: AsyncClient, count: int = 2) -> tuple[str, list[str]]:
    company = (await director.post("/api/v1/companies", json={"name": "Grupo Itajaí"})).json()["id"]
    branches = []
    for number in range(count):
        body = {"company_id": company, "name": f"Filial {number}"}
        branches.append((await director.post("/api/v1/branches", json=body)).json()["id"])
    return company, branches


async def is_denied(guard: EgressGuard, host: str) -> bool:
    try:
        await guard.resolve(host, 587)
    except OutsideError as error:
        return error.code == "egress-host-denied"
    return False


# What is stored


async def test_settings_are_stored_and_secrets_never_come_back(director: AsyncClient) -> None:
    made = await director.post(PATH, json=SETTINGS)

    assert made.status_code == 201
    read = await director.get(made.headers["Location"])
    assert read.json() == made.json()
    assert read.headers["ETag"] == '"1"'
    shown = read.json()
    assert "s3nha" not in read.text
    assert shown["has_password"] is True
    assert shown["level"] == "tenant"
    assert shown["report"] is None
    assert {name: shown[name] for name in SETTINGS if name != "password"} == {
        name: value for name, value in SETTINGS.items() if name != "password"
    }
    listed = (await director.get(PATH)).json()["items"]
    assert [item["id"] for item in listed] == [shown["id"]]


async def test_oauth_settings_are_stored_without_their_secrets(director: AsyncClient) -> None:
    made = await director.post(PATH, json=BY_OAUTH)
    shown = made.json()

    assert made.status_code == 201
    assert "s3cret" not in made.text
    assert shown["authentication"] == "oauth2"
    assert shown["has_password"] is False
    assert shown["oauth"] == {
        "grant": "client_credentials",
        "token_url": "https://200.160.2.9/token",
        "client_id": "crm",
        "scope": "https://outlook.office365.com/.default",
        "has_client_secret": True,
        "has_refresh_token": False,
    }


async def test_without_authentication_nothing_of_it_is_kept(director: AsyncClient) -> None:
    made = await make(director)
    changed = await director.put(
        f"{PATH}/{made['id']}",
        json=SETTINGS | {"requires_authentication": False, "secure": False},
    )
    shown = changed.json()

    assert (shown["username"], shown["has_password"]) == (None, False)
    assert (shown["secure"], shown["security"]) == (False, None)
    assert shown["requires_authentication"] is False


async def test_a_company_a_branch_and_the_tenant_have_one_each(director: AsyncClient) -> None:
    company, (branch, _) = await make_branches(director)
    scopes: list[dict[str, Any]] = [{}, {"company_id": company}, {"branch_id": branch}]
    for scope in scopes:
        await make(director, **scope)

        again = await director.post(PATH, json=SETTINGS | scope)
        assert problem(again) == (409, "scope-taken")

    items = (await director.get(PATH)).json()["items"]
    assert {item["level"] for item in items} == {"tenant", "company", "branch"}
    of_branch = next(item for item in items if item["level"] == "branch")
    assert (of_branch["company_name"], of_branch["branch_name"]) == ("Grupo Itajaí", "Filial 0")


async def test_there_is_one_main_server(director: AsyncClient) -> None:
    company, _ = await make_branches(director, 0)
    first = await make(director, is_main=True)
    second = await make(director, company_id=company, is_main=True)

    shown = {item["id"]: item["is_main"] for item in (await director.get(PATH)).json()["items"]}
    assert shown == {first["id"]: False, second["id"]: True}
    assert (await director.get(f"{PATH}/{first['id']}")).headers["ETag"] == '"2"'


async def test_two_that_become_the_main_server_at_once_are_told_apart(
    director: AsyncClient,
) -> None:
    company, branches = await make_branches(director, 3)
    scopes = [{"branch_id": branch} for branch in branches] + [{"company_id": company}]

    answers = await asyncio.gather(
        *(director.post(PATH, json=SETTINGS | scope | {"is_main": True}) for scope in scopes)
    )

    assert {answer.status_code for answer in answers} <= {201, 409}
    items = (await director.get(PATH)).json()["items"]
    assert sum(item["is_main"] for item in items) == 1


async def test_everything_wrong_is_told_at_once(director: AsyncClient) -> None:
    wrong = {
        "host": "",
        "port": 0,
        "sender_email": "crm@cliente.com.br\r\nBcc: x@y.com.br",
        "sender_name": "CRM\r\nBcc: x@y.com.br",
        "username": "",
        "password": "x" * 10_000,
        "security": None,
        "send_delay_seconds": -1,
        "connections": 0,
        "mails_per_minute": 0,
        "ca_certificate": "-----BEGIN nothing",
    }

    refused = await director.post(PATH, json=SETTINGS | wrong)

    assert problem(refused) == (422, "invalid-input")
    assert faults(refused) == {
        ("host", "required"),
        ("port", "port-out-of-range"),
        ("sender_email", "mail-address-malformed"),
        ("sender_name", "control-character"),
        ("username", "required"),
        ("password", "too-long"),
        ("security", "required"),
        ("send_delay_seconds", "out-of-range"),
        ("connections", "out-of-range"),
        ("mails_per_minute", "out-of-range"),
        ("ca_certificate", "ca-certificate-malformed"),
    }


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"host": "x" * 10_000}, ("host", "too-long")),
        ({"host": "smtp.cliente.com.br\r\nQUIT"}, ("host", "control-character")),
        ({"host": "http://a"}, ("host", "host-malformed")),
        ({"host": "10.1.2.3"}, ("host", "egress-address-refused")),
        ({"host": "[::ffff:169.254.169.254]"}, ("host", "egress-address-refused")),
        ({"port": None}, ("port", "required")),
        ({"port": 65536}, ("port", "port-out-of-range")),
        ({"sender_email": ""}, ("sender_email", "required")),
        ({"sender_email": "crm"}, ("sender_email", "mail-address-malformed")),
        ({"sender_name": "x" * 10_000}, ("sender_name", "too-long")),
        ({"username": "a\r\nb"}, ("username", "control-character")),
        ({"password": None}, ("password", "required")),
        ({"secure": False, "security": None}, ("secure", "sign-in-needs-encryption")),
        ({"secure": None, "security": None}, ("secure", "sign-in-needs-encryption")),
        ({"send_delay_seconds": 86_401}, ("send_delay_seconds", "out-of-range")),
    ],
    ids=str,
)
async def test_a_field_that_cannot_be(
    director: AsyncClient, fields: dict[str, Any], fault: tuple[str, str]
) -> None:
    assert faults(await director.post(PATH, json=SETTINGS | fields)) == {fault}


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"token_url": ""}, ("oauth.token_url", "required")),
        ({"token_url": "http://login.example.com/token"}, ("oauth.token_url", "url-malformed")),
        ({"token_url": "https://a:b@login.example.com/"}, ("oauth.token_url", "url-malformed")),
        ({"token_url": "https://10.0.0.1/token"}, ("oauth.token_url", "egress-address-refused")),
        ({"client_id": ""}, ("oauth.client_id", "required")),
        ({"client_secret": None}, ("oauth.client_secret", "required")),
        ({"grant": "refresh_token"}, ("oauth.refresh_token", "required")),
    ],
    ids=str,
)
async def test_an_oauth_field_that_cannot_be(
    director: AsyncClient, fields: dict[str, Any], fault: tuple[str, str]
) -> None:
    refused = await director.post(PATH, json=BY_OAUTH | {"oauth": OAUTH | fields})

    assert faults(refused) == {fault}


@pytest.mark.parametrize(
    ("host", "stored"),
    [
        ("[2804:14c::1]", "2804:14c::1"),
        ("SMTP.Ação.com.br.", "smtp.xn--ao-siap.com.br"),
    ],
)
async def test_hosts_are_stored_in_one_form(director: AsyncClient, host: str, stored: str) -> None:
    assert (await make(director, host=host))["host"] == stored


async def test_an_absent_secret_is_kept_and_null_removes_it(director: AsyncClient) -> None:
    path = f"{PATH}/{(await make(director))['id']}"
    kept = {name: value for name, value in SETTINGS.items() if name != "password"}

    changed = await director.put(
        path, json=kept | {"sender_name": "X"}, headers={"If-Match": '"1"'}
    )
    removed = await director.put(path, json=kept | {"password": None})

    assert changed.json()["has_password"] is True
    assert changed.headers["ETag"] == '"2"'
    assert faults(removed) == {("password", "required")}


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"host": "200.160.2.4"},
        {"port": 2525},
        {"username": "eva"},
        {"security": "ssl"},
        {"ca_certificate": AUTHORITY},
    ],
    ids=lambda elsewhere: next(iter(elsewhere)),
)
async def test_a_stored_password_does_not_go_elsewhere(
    director: AsyncClient, elsewhere: dict[str, Any]
) -> None:
    made = await make(director)
    kept = {name: value for name, value in SETTINGS.items() if name != "password"} | elsewhere

    saved = await director.put(f"{PATH}/{made['id']}", json=kept)
    tested = await director.post(f"{PATH}/test", json=kept | {"settings_id": made["id"]})

    for refused in (saved, tested):
        assert faults(refused) == {("password", "type-again")}


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"host": "200.160.2.4"},
        {"oauth": {"token_url": "https://200.160.2.10/token"}},
        {"oauth": {"client_id": "other"}},
    ],
    ids=str,
)
async def test_a_stored_client_secret_does_not_go_elsewhere(
    director: AsyncClient, elsewhere: dict[str, Any]
) -> None:
    made = await make(director, BY_OAUTH)
    oauth = {name: value for name, value in OAUTH.items() if name != "client_secret"}
    changes = elsewhere | {"oauth": oauth | elsewhere.get("oauth", {})}

    saved = await director.put(f"{PATH}/{made['id']}", json=BY_OAUTH | changes)

    assert faults(saved) == {("oauth.client_secret", "type-again")}


async def test_another_certificate_to_trust_is_another_place(director: AsyncClient) -> None:
    """Its holder could pose as the server; lines that end otherwise are the same certificate."""
    made = await make(director, ca_certificate=AUTHORITY)
    by_oauth = await make(
        director, BY_OAUTH, ca_certificate=AUTHORITY, company_id=(await make_branches(director))[0]
    )
    kept = {name: value for name, value in SETTINGS.items() if name != "password"}
    oauth = {name: value for name, value in OAUTH.items() if name != "client_secret"}
    path = f"{PATH}/{made['id']}"

    without = await director.put(path, json=kept)
    other = await director.put(path, json=kept | {"ca_certificate": ANOTHER_AUTHORITY})
    tested = await director.post(f"{PATH}/test", json=kept | {"settings_id": made["id"]})
    same = await director.put(
        path, json=kept | {"ca_certificate": AUTHORITY.replace("\n", "\r\n") + "\r\n"}
    )
    token = await director.put(
        f"{PATH}/{by_oauth['id']}", json=BY_OAUTH | {"oauth": oauth, "ca_certificate": None}
    )
    typed_again = await director.put(path, json=SETTINGS)

    for refused in (without, other, tested):
        assert faults(refused) == {("password", "type-again")}
    assert faults(token) == {("oauth.client_secret", "type-again")}
    assert (same.status_code, typed_again.status_code) == (200, 200)


async def test_nobody_overwrites_what_they_have_not_seen(director: AsyncClient) -> None:
    path = f"{PATH}/{(await make(director))['id']}"
    await director.put(path, json=SETTINGS | {"sender_name": "A"})

    stale = await director.put(path, json=SETTINGS, headers={"If-Match": '"1"'})
    gone = await director.delete(path, headers={"If-Match": '"1"'})

    assert problem(stale) == problem(gone) == (412, "changed-meanwhile")
    assert (await director.delete(path, headers={"If-Match": '"2"'})).status_code == 204
    assert problem(await director.get(path)) == (404, "smtp-settings-not-found")


async def test_a_company_with_a_mail_server_is_not_deleted(director: AsyncClient) -> None:
    company, _ = await make_branches(director, 0)
    await make(director, company_id=company)

    refused = await director.delete(f"/api/v1/companies/{company}")

    assert problem(refused) == (409, "data-linked")
    assert [item["resource"] for item in refused.json()["linked"]] == ["smtp_settings"]


async def test_the_trail_tells_what_changed_and_no_secret(
    director: AsyncClient, tenant: Tenant, uow: UnitOfWork
) -> None:
    made = await make(director)
    await director.put(
        f"{PATH}/{made['id']}", json=SETTINGS | {"sender_name": "Novo", "password": "outra"}
    )

    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        page = await audit.list_events(
            tx, request=PageRequest(), filters=AuditFilters(target_type="smtp_settings")
        )
    changed = next(item for item in page.items if item.tag == "smtp-settings:change")
    assert {(item.field, item.before, item.after) for item in changed.changes} == {
        ("sender_name", "CRM da Ação", "Novo"),
        ("password", "changed", "changed"),
    }
    assert "s3nha" not in repr(page)


async def test_a_replaced_refresh_token_is_stored_and_is_no_edit(
    director: AsyncClient, tenant: Tenant, served_nearby: Litestar
) -> None:
    oauth = OAUTH | {"grant": "refresh_token", "refresh_token": "first"}
    made = await make(director, BY_OAUTH | {"oauth": oauth})
    context = served_nearby.state.context
    settings_id = UUID(made["id"])

    async with context.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        await service.keep_refresh_token(
            tx, context.secrets, settings_id=settings_id, token=Secret("second")
        )
        trial = await service.begin_test(tx, context.secrets, settings_id=settings_id)

    assert trial.server.login.client.refresh_token.reveal() == "second"  # type: ignore[union-attr]  # it is OAuth
    assert (await director.get(f"{PATH}/{made['id']}")).headers["ETag"] == '"1"'


# Which branch uses which


async def test_a_branch_uses_its_own_else_its_companys_else_the_tenants_else_the_main_one(
    director: AsyncClient,
) -> None:
    company, (first, _) = await make_branches(director)
    elsewhere, _ = await make_branches(director, 1)

    async def used(**query: Any) -> list[tuple[str, str | None]]:
        items = (await director.get(f"{PATH}/coverage", params=query)).json()["items"]
        return sorted((item["branch_name"], item["source"]) for item in items)

    assert await used(company_id=company) == [("Filial 0", None), ("Filial 1", None)]
    assert len(await used(is_covered=False)) == 3
    await make(director, branch_id=first, is_main=True)
    assert await used() == [("Filial 0", "branch"), ("Filial 0", "main"), ("Filial 1", "main")]
    assert await used(is_covered=False) == []
    await make(director, company_id=company)
    await make(director)
    assert await used() == [("Filial 0", "branch"), ("Filial 0", "tenant"), ("Filial 1", "company")]
    assert await used(company_id=elsewhere) == [("Filial 0", "tenant")]


async def test_the_nearest_server_comes_first_then_the_main_one_then_those_above(
    director: AsyncClient, uow: UnitOfWork, tenant: Tenant
) -> None:
    company, (first, second) = await make_branches(director)
    stranger, _ = await make_branches(director, 0)
    scopes: list[tuple[dict[str, Any], str]] = [
        ({}, "200.160.2.1"),
        ({"company_id": company}, "200.160.2.2"),
        ({"branch_id": first}, "200.160.2.3"),
        ({"company_id": stranger, "is_main": True}, "200.160.2.4"),
    ]
    for scope, host in scopes:
        await make(director, host=host, **scope)

    async def hosts(**scope: str) -> list[str]:
        ids = {name: UUID(scope[name]) if name in scope else None for name in SCOPE}
        async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
            rows = await queries.list_candidates(tx, **ids)
        return [(row.host or "")[-1] for row in rows]

    assert await hosts(company_id=company, branch_id=first) == ["3", "4", "2", "1"]
    assert await hosts(company_id=company, branch_id=second) == ["2", "4", "1"]
    assert await hosts(company_id=stranger) == ["4", "1"]
    assert await hosts() == ["4", "1"]


# Tests


async def test_typed_settings_are_tested_without_being_saved(
    director: AsyncClient, mailbox: Mailbox, port: int, ca: trustme.CA
) -> None:
    report = (await director.post(f"{PATH}/test", json=typed(port, ca))).json()

    assert report["succeeded"] is True
    assert [stage["stage"] for stage in report["stages"]] == [
        "resolve",
        "connect",
        "greeting",
        "tls",
        "authenticate",
        "mail_from",
        "rcpt_to",
        "data",
    ]
    assert all(
        set(stage) == {"stage", "status", "duration_ms", "evidence", "code", "detail", "advice"}
        for stage in report["stages"]
    )
    assert (await director.get(PATH)).json()["items"] == []
    assert PASSWORD not in json.dumps(report)


async def test_the_test_e_mail_goes_from_the_sender_to_itself(
    director: AsyncClient, mailbox: Mailbox, port: int, ca: trustme.CA, tenant: Tenant
) -> None:
    await director.post(f"{PATH}/test", json=typed(port, ca, sender_email="avisos@cliente.com.br"))

    envelope, mail = mailbox.envelopes[0], mailbox.mails[0]
    assert envelope.mail_from == "avisos@cliente.com.br"
    assert envelope.rcpt_tos == ["avisos@cliente.com.br"]
    assert mail["From"] == "CRM da Ação <avisos@cliente.com.br>"
    assert mail["Subject"] == "Teste de envio de e-mail"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert tenant.name in mail.as_string()


async def test_the_stages_come_as_events_to_who_asks_for_them(
    director: AsyncClient, port: int, ca: trustme.CA
) -> None:
    answer = await director.post(
        f"{PATH}/test", json=typed(port, ca), headers={"Accept": "text/event-stream"}
    )

    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    events = [
        dict(line.split(": ", 1) for line in block.splitlines())
        for block in answer.text.replace("\r\n", "\n").strip().split("\n\n")
    ]
    assert [event["event"] for event in events][-2:] == ["stage", "finished"]
    stages = [json.loads(event["data"]) for event in events if event["event"] == "stage"]
    report = json.loads(events[-1]["data"])
    assert report["stages"] == stages
    assert report["succeeded"] is True


async def test_a_failure_names_stage_meaning_and_advice_in_the_callers_language(
    director: AsyncClient, port: int, ca: trustme.CA
) -> None:
    report = (
        await director.post(
            f"{PATH}/test",
            json=typed(port, ca, password="errada"),
            headers={"Accept-Language": "pt-BR"},
        )
    ).json()

    assert failed(report) == ("authenticate", "mail-password-refused")
    stage = next(stage for stage in report["stages"] if stage["status"] == "failed")
    assert "não aceitou o usuário" in stage["detail"]
    assert stage["advice"].startswith("Corrija usuário e senha")
    assert report["stages"][-1]["status"] == "skipped"


@pytest.mark.parametrize(
    ("host", "code"),
    [
        ("10.0.0.1", "egress-address-refused"),
        ("169.254.169.254", "egress-address-refused"),
        ("not a host", "host-malformed"),
    ],
)
async def test_a_host_that_is_refused_is_a_failed_first_stage(
    director: AsyncClient, host: str, code: str
) -> None:
    answer = await director.post(f"{PATH}/test", json=SETTINGS | {"host": host})

    assert answer.status_code == 200
    assert failed(answer.json()) == ("resolve", code)


async def test_a_denied_host_is_a_failed_first_stage(
    director: AsyncClient, make_tenant: MakeTenant, nearby_as: ClientAs, served_nearby: Litestar
) -> None:
    operator = await nearby_as(await make_tenant(master=True), "operator")
    denied = (await operator.post("/api/v1/denied-hosts", json={"entry": "200.160.7.0/24"})).json()
    guard = served_nearby.state.context.guard
    await eventually(lambda: is_denied(guard, "200.160.7.8"))

    answer = await director.post(f"{PATH}/test", json=SETTINGS | {"host": "200.160.7.8"})
    saved = await director.post(PATH, json=SETTINGS | {"host": "200.160.7.8"})
    await operator.delete(f"/api/v1/denied-hosts/{denied['id']}")

    assert answer.status_code == 200
    assert failed(answer.json()) == ("resolve", "egress-host-denied")
    assert faults(saved) == {("host", "egress-host-denied")}


async def test_a_saved_test_leaves_its_report_until_something_changes(
    director: AsyncClient, port: int, ca: trustme.CA
) -> None:
    path = f"{PATH}/{(await make(director, typed(port, ca)))['id']}"

    report = (await director.post(f"{path}/test")).json()
    shown = (await director.get(path)).json()
    listed = (await director.get(PATH)).json()["items"][0]
    await director.put(path, json=typed(port, ca, sender_name="Outro"))
    changed = (await director.get(path)).json()

    assert report["succeeded"] is True
    assert shown["report"] == report
    assert (shown["test_succeeded"], listed["test_succeeded"]) == (True, True)
    assert listed["test_failed_stage"] is None
    assert (changed["report"], changed["tested_at"]) == (None, None)


async def test_a_failed_test_is_shown_in_the_list(director: AsyncClient) -> None:
    async with saying(greeting="554 no") as refusing:
        settings = {"host": "localhost", "port": refusing, "sender_email": USER}
        made = await make(director, settings)
        await director.post(f"{PATH}/{made['id']}/test")

    listed = (await director.get(PATH)).json()["items"][0]
    assert (listed["test_succeeded"], listed["test_failed_stage"]) == (False, "greeting")


async def test_a_typed_test_may_use_the_stored_password_for_the_same_place(
    director: AsyncClient, mailbox: Mailbox, port: int, ca: trustme.CA
) -> None:
    made = await make(director, typed(port, ca))
    body = typed(port, ca, settings_id=made["id"], sender_email="outro@cliente.com.br")
    del body["password"]

    report = (await director.post(f"{PATH}/test", json=body)).json()

    assert report["succeeded"] is True
    assert mailbox.logins == [(USER, PASSWORD)]


async def test_a_typed_test_of_what_is_stored_leaves_its_report(
    director: AsyncClient, port: int, ca: trustme.CA
) -> None:
    made = await make(director, typed(port, ca))
    body = typed(port, ca, settings_id=made["id"])
    del body["password"]

    report = (await director.post(f"{PATH}/test", json=body)).json()

    assert (await director.get(f"{PATH}/{made['id']}")).json()["report"] == report


async def test_a_test_names_what_is_missing_in_the_form(director: AsyncClient) -> None:
    answer = await director.post(f"{PATH}/test", json={})

    assert faults(answer) == {
        ("host", "required"),
        ("port", "required"),
        ("sender_email", "required"),
    }


@pytest.mark.kills("smtp_settings.test_settings")
@pytest.mark.parametrize("point", POINTS)
async def test_all_servers_are_tested_in_the_background_even_if_it_is_killed(
    director: AsyncClient,
    tenant: Tenant,
    served_nearby: Litestar,
    port: int,
    ca: trustme.CA,
    *,
    point: str,
) -> None:
    company, _ = await make_branches(director, 0)
    await make(director, typed(port, ca))
    await make(director, typed(1, ca), company_id=company)

    begun = await director.post(f"{PATH}/test-all")
    await run_through_kills(served_nearby.state.context, tenant.tenant_id, point=point)

    assert (begun.status_code, begun.json()) == (202, {"tests": 2})
    items = (await director.get(PATH)).json()["items"]
    assert sorted(item["test_succeeded"] for item in items) == [False, True]


async def test_a_test_that_waits_is_not_added_again(
    director: AsyncClient, tenant: Tenant, served_nearby: Litestar, port: int, ca: trustme.CA
) -> None:
    company, _ = await make_branches(director, 0)
    await make(director, typed(port, ca))
    context = served_nearby.state.context

    clicks = await asyncio.gather(*(director.post(f"{PATH}/test-all") for _ in range(3)))
    await make(director, typed(1, ca), company_id=company)
    only_the_new = await director.post(f"{PATH}/test-all")
    await run_jobs(context, tenant.tenant_id)
    anew = await director.post(f"{PATH}/test-all")

    assert sorted(click.json()["tests"] for click in clicks) == [0, 0, 1]
    assert (only_the_new.json()["tests"], anew.json()["tests"]) == (1, 2)


async def test_tests_are_limited(director: AsyncClient, standing_clock: int) -> None:
    body = SETTINGS | {"host": "10.0.0.1"}
    for _ in range(PER_USER):
        assert (await director.post(f"{PATH}/test", json=body)).status_code == 200

    refused = await director.post(f"{PATH}/test", json=body)

    assert problem(refused) == (429, "too-many-connection-tests")
    assert int(refused.headers["Retry-After"]) == standing_clock


async def test_settings_of_another_tenant_are_not_there(
    director: AsyncClient, make_tenant: MakeTenant, nearby_as: ClientAs
) -> None:
    made = await make(director)
    stranger = await nearby_as(await make_tenant(), "crm-director")

    read = await stranger.get(f"{PATH}/{made['id']}")
    tested = await stranger.post(f"{PATH}/test", json=SETTINGS | {"settings_id": made["id"]})

    assert problem(read) == problem(tested) == (404, "smtp-settings-not-found")
