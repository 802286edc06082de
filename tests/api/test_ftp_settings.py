"""File servers of the tenant, its companies and branches, over HTTP."""

import asyncio
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncssh
import pytest
import trustme
from httpx import AsyncClient, Response

from sindico_platform.audit import queries as audit
from sindico_platform.audit.schemas import AuditFilters
from sindico_platform.connection_tests.throttle import PER_USER
from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.paging.schemas import PageRequest
from sindico_platform.tenancy.models import Tenant
from sindico_tenants.ftp_settings.models import FtpSettings
from sindico_tenants.server_settings.queries import find_effective
from tests.support.callers import ClientAs
from tests.support.file_servers import PASSWORD, USERNAME, RunningServer, serving_ftp, serving_sftp
from tests.support.identity import MakeTenant
from tests.support.jobs import POINTS, run_jobs, run_through_kills

PATH = "/api/v1/ftp-settings"
PUBLIC = "200.160.2.3"
"""An address needs no name server."""
SETTINGS = {
    "host": PUBLIC,
    "folder": "/crm/documentos/",
    "username": "crm",
    "password": "s3nha",
    "connection": "sftp",
}
SCOPE = ("company_id", "branch_id")
FINGERPRINT = "ssh-ed25519 SHA256:c003FFkiPrN6u63AJdLsscwX3qnFhDvXWQuuWgHIkqU"
ANOTHER_FINGERPRINT = "ssh-ed25519 SHA256:d003FFkiPrN6u63AJdLsscwX3qnFhDvXWQuuWgHIkqU"
AUTHORITY, ANOTHER_AUTHORITY = (trustme.CA().cert_pem.bytes().decode() for _ in range(2))


@pytest.fixture
async def tenant(make_tenant: MakeTenant) -> Tenant:
    return await make_tenant()


@pytest.fixture
async def director(tenant: Tenant, nearby_as: ClientAs) -> AsyncClient:
    return await nearby_as(tenant, "crm-director")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "home"
    made.mkdir()
    return made


def typed(running: RunningServer, **changes: Any) -> dict[str, Any]:
    """The form of a server that runs."""
    fields = {
        "host": "localhost",
        "port": running.port,
        "username": USERNAME,
        "password": PASSWORD,
        "connection": running.connection.value,
        "host_key": running.host_key,
        "ca_certificate": running.certificate,
    }
    return fields | changes


def problem(response: Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def faults(response: Response) -> set[tuple[str, str]]:
    return {(each["field"], each["code"]) for each in response.json()["errors"]}


async def make(director: AsyncClient, **fields: Any) -> dict[str, Any]:
    made = await director.post(PATH, json=SETTINGS | fields)
    assert made.status_code == 201, made.text
    body: dict[str, Any] = made.json()
    return body


def files_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def make_branches(director: AsyncClient, count: int = 2) -> tuple[str, list[str]]:
    company = (await director.post("/api/v1/companies", json={"name": "Grupo Itajaí"})).json()["id"]
    branches = [
        (
            await director.post(
                "/api/v1/branches", json={"company_id": company, "name": f"Filial {number}"}
            )
        ).json()["id"]
        for number in range(count)
    ]
    return company, branches


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
    assert (shown["host"], shown["port"], shown["folder"]) == (PUBLIC, 22, "/crm/documentos")
    assert (shown["level"], shown["transfer_method"]) == ("tenant", "application")
    assert shown["report"] is None
    listed = (await director.get(PATH)).json()["items"]
    assert [item["id"] for item in listed] == [shown["id"]]


@pytest.mark.parametrize(("connection", "port"), [("ftp", 21), ("ftps", 21), ("sftp", 22)])
async def test_the_usual_port_is_taken_where_none_is_given(
    director: AsyncClient, connection: str, port: int
) -> None:
    assert (await make(director, connection=connection))["port"] == port


async def test_a_company_a_branch_and_the_tenant_have_one_each(director: AsyncClient) -> None:
    company, (branch, _) = await make_branches(director)
    for scope in ({}, {"company_id": company}, {"branch_id": branch}):
        await make(director, **scope)

        again = await director.post(PATH, json=SETTINGS | scope)
        assert problem(again) == (409, "scope-taken")

    items = (await director.get(PATH)).json()["items"]
    assert {item["level"] for item in items} == {"tenant", "company", "branch"}
    of_branch = next(item for item in items if item["level"] == "branch")
    assert of_branch["company_id"] == company
    assert (of_branch["company_name"], of_branch["branch_name"]) == ("Grupo Itajaí", "Filial 0")


async def test_a_branch_must_be_of_the_company(director: AsyncClient) -> None:
    company, _ = await make_branches(director)
    _, (stranger, _) = await make_branches(director)

    refused = await director.post(
        PATH, json=SETTINGS | {"company_id": company, "branch_id": stranger}
    )

    assert faults(refused) == {("branch_id", "branch-of-another-company")}


async def test_everything_wrong_is_told_at_once(director: AsyncClient) -> None:
    wrong = {
        "username": "a\r\nDELE x",
        "password": "x" * 1001,
        "folder": "../fora",
        "host_key": "MD5:aa:bb",
        "private_key": "not a key",
        "ca_certificate": "-----BEGIN nothing",
    }

    refused = await director.post(PATH, json=SETTINGS | wrong)

    assert problem(refused) == (422, "invalid-input")
    assert faults(refused) == {
        ("username", "control-characters"),
        ("password", "too-long"),
        ("folder", "folder-malformed"),
        ("host_key", "fingerprint-malformed"),
        ("private_key", "ssh-key-malformed"),
        ("ca_certificate", "ca-certificate-malformed"),
        ("ca_certificate", "for-ftps-only"),
    }


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"host": None}, ("host", "required")),
        ({"username": ""}, ("username", "required")),
        ({"port": 0}, ("port", "port-out-of-range")),
        ({"port": 65536}, ("port", "port-out-of-range")),
        ({"host": "http://a b"}, ("host", "host-malformed")),
        ({"host": "a.example\r\nDELE x"}, ("host", "host-malformed")),
        ({"host": "a\0.example"}, ("host", "host-malformed")),
        ({"host": "a" * 10_000}, ("host", "host-malformed")),
        ({"folder": "a/../../b"}, ("folder", "folder-malformed")),
        ({"folder": "a\0b"}, ("folder", "folder-malformed")),
        ({"folder": "a" * 10_000}, ("folder", "folder-malformed")),
        ({"username": "a" * 10_000}, ("username", "too-long")),
        ({"host": "10.1.2.3"}, ("host", "egress-address-refused")),
        ({"host": "[::ffff:169.254.169.254]"}, ("host", "egress-address-refused")),
        ({"connection": "ftp", "host_key": FINGERPRINT}, ("host_key", "for-sftp-only")),
    ],
    ids=str,
)
async def test_a_field_that_cannot_be(
    director: AsyncClient, fields: dict[str, Any], fault: tuple[str, str]
) -> None:
    assert faults(await director.post(PATH, json=SETTINGS | fields)) == {fault}


@pytest.mark.parametrize(
    ("host", "stored"),
    [
        ("[2001:4860:4860::8888]", "2001:4860:4860::8888"),
        ("2001:4860:4860:0::8888", "2001:4860:4860::8888"),
        ("Arquivos.Ação.example", "arquivos.xn--ao-siap.example"),
    ],
    ids=["literal", "bare", "international"],
)
async def test_every_way_to_write_a_host_is_kept_in_its_normal_form(
    director: AsyncClient, host: str, stored: str
) -> None:
    assert (await make(director, host=host))["host"] == stored


async def test_where_the_customers_server_fetches_no_address_is_needed(
    director: AsyncClient,
) -> None:
    made = await director.post(PATH, json={"connection": "sftp", "transfer_method": "customer"})

    assert made.status_code == 201
    tested = await director.post(f"{PATH}/{made.json()['id']}/test")
    assert problem(tested) == (409, "no-server-to-test")


async def test_an_absent_secret_is_kept_and_null_removes_it(director: AsyncClient) -> None:
    made = await make(director)
    path = f"{PATH}/{made['id']}"
    kept = {name: value for name, value in SETTINGS.items() if name != "password"}

    changed = await director.put(path, json=kept | {"folder": "/x"}, headers={"If-Match": '"1"'})
    removed = await director.put(path, json=kept | {"password": None})

    assert changed.json()["has_password"] is True
    assert changed.headers["ETag"] == '"2"'
    assert removed.json()["has_password"] is False


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"host": "200.160.2.4"},
        {"port": 2222},
        {"username": "eva"},
        {"connection": "ftp"},
        {"host_key": FINGERPRINT},
    ],
    ids=lambda elsewhere: next(iter(elsewhere)),
)
async def test_a_stored_secret_does_not_go_elsewhere(
    director: AsyncClient, elsewhere: dict[str, Any]
) -> None:
    made = await make(director)
    kept = {name: value for name, value in SETTINGS.items() if name != "password"} | elsewhere

    saved = await director.put(f"{PATH}/{made['id']}", json=kept)
    tested = await director.post(f"{PATH}/test", json=kept | {"settings_id": made["id"]})

    for refused in (saved, tested):
        assert faults(refused) == {("password", "type-again")}


@pytest.mark.parametrize(
    ("connection", "field", "stored", "same", "other"),
    [
        ("sftp", "host_key", FINGERPRINT, FINGERPRINT.split()[1], ANOTHER_FINGERPRINT),
        ("ftps", "ca_certificate", AUTHORITY, AUTHORITY.replace("\n", "\r\n"), ANOTHER_AUTHORITY),
    ],
    ids=["host-key", "certificate"],
)
async def test_a_server_recognised_by_something_else_is_another_place(
    director: AsyncClient, *, connection: str, field: str, stored: str, same: str, other: str
) -> None:
    made = await make(director, **{"connection": connection, field: stored})
    path = f"{PATH}/{made['id']}"
    kept = {name: value for name, value in SETTINGS.items() if name != "password"}
    kept["connection"] = connection

    without = await director.put(path, json=kept)
    changed = await director.put(path, json=kept | {field: other})
    tested = await director.post(
        f"{PATH}/test", json=kept | {field: other, "settings_id": made["id"]}
    )
    unchanged = await director.put(path, json=kept | {field: same})
    typed_again = await director.put(path, json=kept | {field: other, "password": "s3nha"})

    for refused in (without, changed, tested):
        assert faults(refused) == {("password", "type-again")}
    assert (unchanged.status_code, typed_again.status_code) == (200, 200)


async def test_a_changed_host_key_needs_the_private_key_again(director: AsyncClient) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()
    made = await make(director, private_key=key, password=None, host_key=FINGERPRINT)
    kept = {name: value for name, value in SETTINGS.items() if name != "password"}

    changed = await director.put(
        f"{PATH}/{made['id']}", json=kept | {"host_key": ANOTHER_FINGERPRINT}
    )

    assert faults(changed) == {("private_key", "type-again")}


async def test_nobody_overwrites_what_they_have_not_seen(director: AsyncClient) -> None:
    path = f"{PATH}/{(await make(director))['id']}"
    await director.put(path, json=SETTINGS | {"folder": "/a"})

    stale = await director.put(path, json=SETTINGS, headers={"If-Match": '"1"'})
    gone = await director.delete(path, headers={"If-Match": '"1"'})

    assert problem(stale) == problem(gone) == (412, "changed-meanwhile")
    assert (await director.delete(path, headers={"If-Match": '"2"'})).status_code == 204
    assert problem(await director.get(path)) == (404, "ftp-settings-not-found")


async def test_a_company_with_a_file_server_is_not_deleted(director: AsyncClient) -> None:
    company, _ = await make_branches(director, 0)
    await make(director, company_id=company)

    refused = await director.delete(f"/api/v1/companies/{company}")

    assert problem(refused) == (409, "data-linked")
    assert [item["resource"] for item in refused.json()["linked"]] == ["ftp_settings"]


async def test_the_trail_tells_what_changed_and_no_secret(
    director: AsyncClient, tenant: Tenant, uow: UnitOfWork
) -> None:
    made = await make(director)
    await director.put(
        f"{PATH}/{made['id']}", json=SETTINGS | {"folder": "/novo", "password": "outra"}
    )

    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        page = await audit.list_events(
            tx, request=PageRequest(), filters=AuditFilters(target_type="ftp_settings")
        )
    changed = next(item for item in page.items if item.tag == "ftp-settings:change")
    assert {(item.field, item.before, item.after) for item in changed.changes} == {
        ("folder", "/crm/documentos", "/novo"),
        ("password", "changed", "changed"),
    }


# Which branch uses which


async def test_a_branch_uses_its_own_else_its_companys_else_the_tenants(
    director: AsyncClient,
) -> None:
    company, (first, _) = await make_branches(director)
    await make_branches(director, 1)

    async def used() -> list[tuple[str, str | None]]:
        items = (await director.get(f"{PATH}/coverage")).json()["items"]
        return sorted((item["branch_name"], item["source"]) for item in items)

    assert await used() == [("Filial 0", None), ("Filial 0", None), ("Filial 1", None)]
    missing = await director.get(f"{PATH}/coverage", params={"is_covered": False})
    assert len(missing.json()["items"]) == 3
    await make(director)
    await make(director, company_id=company, host="200.160.2.5")
    await make(director, branch_id=first, host="200.160.2.6")
    assert await used() == [("Filial 0", "branch"), ("Filial 0", "tenant"), ("Filial 1", "company")]
    covered = await director.get(f"{PATH}/coverage", params={"company_id": company, "limit": 1})
    assert covered.json()["items"][0]["host"] == "200.160.2.6"
    following = await director.get(
        f"{PATH}/coverage", params={"company_id": company, "after": covered.json()["next_cursor"]}
    )
    assert [item["host"] for item in following.json()["items"]] == ["200.160.2.5"]


async def test_the_settings_that_count_are_the_nearest(
    director: AsyncClient, uow: UnitOfWork, tenant: Tenant
) -> None:
    company, (first, second) = await make_branches(director)
    await make(director, company_id=company, host="200.160.2.5")
    await make(director, branch_id=first, host="200.160.2.6")

    async def host_of(**scope: str) -> str | None:
        ids = {name: UUID(scope[name]) if name in scope else None for name in SCOPE}
        async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
            found = await find_effective(tx, FtpSettings, **ids)
        return found.host if found else None

    assert await host_of() is None
    assert await host_of(company_id=company) == "200.160.2.5"
    assert await host_of(company_id=company, branch_id=first) == "200.160.2.6"
    assert await host_of(company_id=company, branch_id=second) == "200.160.2.5"


# Tests


@pytest.mark.parametrize("kind", ["ftp", "ftps", "sftp"])
async def test_typed_settings_are_tested_without_being_saved(
    director: AsyncClient, folder: Path, kind: str
) -> None:
    async with RunningKind(kind, folder) as running:
        report = (await director.post(f"{PATH}/test", json=typed(running))).json()

    assert report["succeeded"] is True
    stages = {stage["stage"]: stage for stage in report["stages"]}
    assert list(stages)[:2] == ["resolve", "connect"]
    assert list(stages)[-3:] == ["write", "read_back", "compare"]
    assert all(
        set(stage) == {"stage", "status", "duration_ms", "evidence", "code", "detail", "advice"}
        for stage in report["stages"]
    )
    (file,) = files_in(folder)
    assert file.name in stages["write"]["evidence"]
    assert "Arquivo de teste" in file.read_text()
    assert (await director.get(PATH)).json()["items"] == []


async def test_the_stages_come_as_events_to_who_asks_for_them(
    director: AsyncClient, folder: Path
) -> None:
    with serving_ftp(folder) as running:
        answer = await director.post(
            f"{PATH}/test", json=typed(running), headers={"Accept": "text/event-stream"}
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
    director: AsyncClient, folder: Path
) -> None:
    with serving_ftp(folder) as running:
        report = (
            await director.post(
                f"{PATH}/test",
                json=typed(running, password="errada"),
                headers={"Accept-Language": "pt-BR"},
            )
        ).json()

    assert report["succeeded"] is False
    failed = next(stage for stage in report["stages"] if stage["status"] == "failed")
    assert (failed["stage"], failed["code"]) == ("authenticate", "file-login-refused")
    assert "recusou o usuário" in failed["detail"]
    assert failed["advice"]
    assert report["stages"][-1]["status"] == "skipped"


@pytest.mark.parametrize("host", ["10.0.0.1", "169.254.169.254"])
async def test_a_host_that_the_guard_refuses_is_a_failed_first_stage(
    director: AsyncClient, host: str
) -> None:
    answer = await director.post(f"{PATH}/test", json=SETTINGS | {"host": host})

    assert answer.status_code == 200
    first = answer.json()["stages"][0]
    assert (first["stage"], first["status"]) == ("resolve", "failed")
    assert first["code"] == "egress-address-refused"


async def test_the_report_of_saved_settings_stays_until_they_change(
    director: AsyncClient, folder: Path
) -> None:
    async with serving_sftp(folder) as running:
        made = await director.post(PATH, json=typed(running, host_key=None))
        path = made.headers["Location"]
        unknown = (await director.post(f"{path}/test")).json()
        failed = next(stage for stage in unknown["stages"] if stage["status"] == "failed")
        assert failed["code"] == "host-key-unconfirmed"
        assert failed["evidence"] == running.host_key
        await director.put(path, json=typed(running, host_key=failed["evidence"]))
        assert (await director.get(path)).json()["report"] is None
        tested = (await director.post(f"{path}/test")).json()

    shown = (await director.get(path)).json()
    assert shown["report"] == tested
    assert tested["succeeded"] is True
    assert (shown["test_succeeded"], shown["test_failed_stage"]) == (True, None)
    assert shown["revision"] == 2


async def test_a_stored_password_is_used_where_it_belongs(
    director: AsyncClient, folder: Path
) -> None:
    with serving_ftp(folder) as running:
        fields = typed(running)
        made = (await director.post(PATH, json=fields)).json()
        del fields["password"]
        report = await director.post(
            f"{PATH}/test", json=fields | {"settings_id": made["id"], "folder": ""}
        )

    assert report.json()["succeeded"] is True


async def test_the_test_file_stays_until_it_is_removed(director: AsyncClient, folder: Path) -> None:
    with serving_ftp(folder) as running:
        made = await director.post(PATH, json=typed(running))
        path = made.headers["Location"]
        for _ in range(2):
            await director.post(f"{path}/test")
        (file,) = files_in(folder)
        assert (await director.get(path)).json()["test_file"] == file.name
        for _ in range(2):
            assert (await director.delete(f"{path}/test-file")).status_code == 204

    assert files_in(folder) == []
    assert (await director.get(path)).json()["test_file"] is None


async def test_a_server_that_is_gone_keeps_the_test_file(
    director: AsyncClient, folder: Path
) -> None:
    with serving_ftp(folder) as running:
        made = await director.post(PATH, json=typed(running))
    refused = await director.delete(f"{made.headers['Location']}/test-file")

    assert problem(refused) == (502, "connection-refused")
    assert "nothing listens there" in refused.json()["detail"]


async def test_tests_are_few(director: AsyncClient, standing_clock: int) -> None:
    body = SETTINGS | {"host": "10.0.0.1"}
    for _ in range(PER_USER):
        assert (await director.post(f"{PATH}/test", json=body)).status_code == 200

    refused = await director.post(f"{PATH}/test", json=body)

    assert problem(refused) == (429, "too-many-connection-tests")
    assert int(refused.headers["Retry-After"]) == standing_clock


@pytest.mark.kills("ftp_settings.test_settings")
@pytest.mark.parametrize("point", POINTS)
async def test_all_servers_are_tested_in_the_background_even_if_it_is_killed(
    director: AsyncClient, folder: Path, tenant: Tenant, served_nearby: Any, point: str
) -> None:
    with serving_ftp(folder) as running:
        await director.post(PATH, json=typed(running))
        begun = await director.post(f"{PATH}/test-all")
        await run_through_kills(served_nearby.state.context, tenant.tenant_id, point=point)

    assert (begun.status_code, begun.json()) == (202, {"tests": 1})
    (item,) = (await director.get(PATH)).json()["items"]
    assert item["test_succeeded"] is True


async def test_a_test_that_waits_is_not_added_again(
    director: AsyncClient, folder: Path, tenant: Tenant, served_nearby: Any
) -> None:
    with serving_ftp(folder) as running:
        await director.post(PATH, json=typed(running))
        clicks = await asyncio.gather(*(director.post(f"{PATH}/test-all") for _ in range(3)))
        await run_jobs(served_nearby.state.context, tenant.tenant_id)
        anew = await director.post(f"{PATH}/test-all")

    assert sorted(click.json()["tests"] for click in clicks) == [0, 0, 1]
    assert anew.json()["tests"] == 1


class RunningKind:
    """A server of a kind, in a block."""

    def __init__(self, kind: str, folder: Path) -> None:
        self._sftp = serving_sftp(folder) if kind == "sftp" else None
        ca = trustme.CA() if kind == "ftps" else None
        self._ftp = serving_ftp(folder, ca=ca)

    async def __aenter__(self) -> RunningServer:
        return await self._sftp.__aenter__() if self._sftp else self._ftp.__enter__()

    async def __aexit__(self, *_: object) -> None:
        if self._sftp:
            await self._sftp.__aexit__(None, None, None)
        else:
            self._ftp.__exit__(None, None, None)
