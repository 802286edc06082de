"""View integrations over HTTP: connection, test, views, mapping and preview."""

import json
from typing import Any

import pytest
import trustme
from httpx import AsyncClient, Response

from sindico_platform.audit import queries as audit
from sindico_platform.audit.schemas import AuditFilters
from sindico_platform.connection_tests.throttle import ConnectionTestThrottle
from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.paging.schemas import PageRequest
from sindico_platform.tenancy.models import Tenant
from tests.provisioning.connectors.view.conftest import (
    certificates,
    erp_postgres,
    postgres,
    tls_door,
)
from tests.provisioning.connectors.view.databases import RunningDatabase
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant
from tests.support.statements import CountStatements

__all__ = ["certificates", "erp_postgres", "postgres", "tls_door"]

PATH = "/api/v1/view-connections"
PUBLIC = "200.160.2.3"
"""An address needs no name server."""
CONNECTION = {
    "name": "ERP da matriz",
    "dialect": "postgresql",
    "host": PUBLIC,
    "database": "erp",
    "username": "leitura",
    "password": "uma-senha",
}
COLUMNS = {
    "id_erp": "codigo",
    "razao_social": "nome",
    "cnpj": "documento",
    "ativo": "situacao",
    "atualizado_em": "alterado",
}
MAPPING = {"db_schema": "public", "view": "v_clientes", "columns": COLUMNS, "watermark": "alterado"}


@pytest.fixture
async def tenant(make_tenant: MakeTenant) -> Tenant:
    return await make_tenant()


@pytest.fixture
async def dba(tenant: Tenant, nearby_as: ClientAs) -> AsyncClient:
    rights = [f"integrations:{access}" for access in ("view", "include", "edit")]
    return await nearby_as(tenant, *rights)


def near(running: RunningDatabase, **changes: Any) -> dict[str, Any]:
    """The form of a database that runs."""
    server = running.server
    here = {"host": server.host, "port": server.port, "tls": "none"}
    return CONNECTION | here | changes


async def make(dba: AsyncClient, **fields: Any) -> dict[str, Any]:
    made = await dba.post(PATH, json=CONNECTION | fields)
    assert made.status_code == 201, made.text
    body: dict[str, Any] = made.json()
    return body


def problem(response: Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def faults(response: Response) -> set[tuple[str, str]]:
    return {(each["field"], each["code"]) for each in response.json()["errors"]}


def without(fields: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in names}


# What is stored


async def test_a_connection_is_stored_and_its_password_never_comes_back(dba: AsyncClient) -> None:
    made = await dba.post(PATH, json=CONNECTION)

    assert made.status_code == 201
    read = await dba.get(made.headers["Location"])
    assert read.json() == made.json()
    assert read.headers["ETag"] == '"1"'
    assert "uma-senha" not in read.text
    shown = read.json()
    assert shown["has_password"] is True
    assert (shown["port"], shown["tls"], shown["time_zone"]) == (
        5432,
        "verified",
        "America/Sao_Paulo",
    )
    (listed,) = (await dba.get(PATH)).json()["items"]
    assert (listed["name"], listed["mapped_tables"]) == ("ERP da matriz", 0)
    integration = await dba.get(f"/api/v1/integrations/{shown['integration_id']}")
    assert integration.json()["kind"] == "view"


@pytest.mark.parametrize(
    ("dialect", "port"),
    [("postgresql", 5432), ("sqlserver", 1433), ("oracle", 1521), ("mysql", 3306)],
)
async def test_the_usual_port_is_taken_where_none_is_given(
    dba: AsyncClient, dialect: str, port: int
) -> None:
    assert (await make(dba, dialect=dialect))["port"] == port


async def test_everything_wrong_is_told_at_once(dba: AsyncClient) -> None:
    wrong = {
        "database": "",
        "username": "a\r\nb",
        "password": "x" * 1001,
        "time_zone": "Marte/Base",
        "statement_seconds": 0,
        "ca_certificate": "-----BEGIN nothing",
    }

    refused = await dba.post(PATH, json=CONNECTION | wrong)

    assert problem(refused) == (422, "invalid-input")
    assert faults(refused) == {
        ("database", "required"),
        ("username", "control-characters"),
        ("password", "too-long"),
        ("time_zone", "time-zone-unknown"),
        ("statement_seconds", "out-of-range"),
        ("ca_certificate", "ca-certificate-malformed"),
    }


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"host": ""}, ("host", "required")),
        ({"host": "postgresql://x@y/z"}, ("host", "host-malformed")),
        ({"host": "10.1.2.3"}, ("host", "egress-address-refused")),
        ({"port": 0}, ("port", "port-out-of-range")),
        ({"name": " "}, ("name", "required")),
    ],
    ids=str,
)
async def test_a_field_that_cannot_be(
    dba: AsyncClient, fields: dict[str, Any], fault: tuple[str, str]
) -> None:
    assert faults(await dba.post(PATH, json=CONNECTION | fields)) == {fault}


async def test_two_integrations_are_not_called_the_same(dba: AsyncClient) -> None:
    await make(dba)

    assert problem(await dba.post(PATH, json=CONNECTION)) == (409, "integration-name-taken")


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"host": "200.160.2.4"},
        {"port": 5433},
        {"username": "eva"},
        {"dialect": "mysql"},
        {"tls": "none"},
        {"ca_certificate": trustme.CA().cert_pem.bytes().decode()},
    ],
    ids=lambda elsewhere: next(iter(elsewhere)),
)
async def test_a_stored_password_does_not_go_elsewhere(
    dba: AsyncClient, elsewhere: dict[str, Any]
) -> None:
    made = await make(dba)
    kept = without(CONNECTION, "name", "password") | elsewhere

    saved = await dba.put(f"{PATH}/{made['integration_id']}", json=kept)
    tested = await dba.post(f"{PATH}/test", json=kept | {"integration_id": made["integration_id"]})

    for refused in (saved, tested):
        assert faults(refused) == {("password", "type-again")}


async def test_nobody_overwrites_what_they_have_not_seen(dba: AsyncClient) -> None:
    path = f"{PATH}/{(await make(dba))['integration_id']}"
    kept = without(CONNECTION, "name", "password")

    changed = await dba.put(path, json=kept | {"database": "x"}, headers={"If-Match": '"1"'})
    stale = await dba.put(path, json=kept, headers={"If-Match": '"1"'})

    assert changed.headers["ETag"] == '"2"'
    assert changed.json()["has_password"] is True
    assert problem(stale) == (412, "changed-meanwhile")


async def test_the_trail_tells_what_changed_and_no_secret(
    dba: AsyncClient, tenant: Tenant, uow: UnitOfWork
) -> None:
    made = await make(dba)
    changed = without(CONNECTION, "name") | {"database": "outro", "password": "nova"}
    await dba.put(f"{PATH}/{made['integration_id']}", json=changed)

    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        page = await audit.list_events(
            tx, request=PageRequest(), filters=AuditFilters(target_type="view_connection")
        )
    event = next(item for item in page.items if item.tag == "view-connection:change")
    assert {(item.field, item.before, item.after) for item in event.changes} == {
        ("database", "erp", "outro"),
        ("password", "changed", "changed"),
    }


async def test_the_list_takes_as_many_statements_for_many_as_for_one(
    tenant: Tenant, client_as: ClientAs, count_statements: CountStatements
) -> None:
    caller = await client_as(tenant, "integrations:view", "integrations:include")
    await make(caller)
    with count_statements() as one:
        await caller.get(PATH)
    for number in range(3):
        await make(caller, name=f"Outro {number}")

    with count_statements() as many:
        assert len((await caller.get(PATH)).json()["items"]) == 4

    assert many.total == one.total


# Tests


async def test_a_typed_connection_is_tested_without_being_saved(
    dba: AsyncClient, postgres: RunningDatabase
) -> None:
    report = (await dba.post(f"{PATH}/test", json=without(near(postgres), "name"))).json()

    assert report["succeeded"] is True, report
    assert [stage["stage"] for stage in report["stages"]] == [
        "resolve",
        "connect",
        "tls",
        "authenticate",
        "transaction",
        "views",
        "read",
    ]
    assert (await dba.get(PATH)).json()["items"] == []


async def test_a_saved_connection_keeps_the_report_of_its_test(
    dba: AsyncClient, postgres: RunningDatabase
) -> None:
    made = await make(dba, **near(postgres))
    path = f"{PATH}/{made['integration_id']}"

    report = (await dba.post(f"{path}/test")).json()

    assert report["succeeded"] is True
    read = (await dba.get(path)).json()
    assert read["report"] == report
    assert read["test_succeeded"] is True
    changed = without(near(postgres), "name") | {"statement_seconds": 60}
    assert (await dba.put(path, json=changed)).json()["report"] is None


async def test_a_failure_names_stage_meaning_and_advice_in_the_callers_language(
    dba: AsyncClient, postgres: RunningDatabase
) -> None:
    report = (
        await dba.post(
            f"{PATH}/test",
            json=without(near(postgres, password="errada"), "name"),
            headers={"Accept-Language": "pt-BR"},
        )
    ).json()

    failed = next(stage for stage in report["stages"] if stage["status"] == "failed")
    assert (failed["stage"], failed["code"]) == ("authenticate", "view-login-refused")
    assert "não aceitou o usuário leitura" in failed["detail"]
    assert failed["advice"]


async def test_the_stages_come_as_events_to_who_asks_for_them(
    dba: AsyncClient, postgres: RunningDatabase
) -> None:
    answer = await dba.post(
        f"{PATH}/test",
        json=without(near(postgres), "name"),
        headers={"Accept": "text/event-stream"},
    )

    events = [
        dict(line.split(": ", 1) for line in block.splitlines())
        for block in answer.text.replace("\r\n", "\n").strip().split("\n\n")
    ]
    assert [event["event"] for event in events] == ["stage"] * 7 + ["finished"]
    assert json.loads(events[-1]["data"])["succeeded"] is True


# Views and mappings


async def test_views_and_columns_are_found_with_suggestions(
    dba: AsyncClient, postgres: RunningDatabase
) -> None:
    path = f"{PATH}/{(await make(dba, **near(postgres)))['integration_id']}"

    views = (await dba.get(f"{path}/views", params={"q": "CLIENTES"})).json()
    columns = (
        await dba.get(
            f"{path}/views/v_clientes/columns", params={"db_schema": "public", "table": "vendedor"}
        )
    ).json()

    assert views == {
        "items": [{"db_schema": "public", "name": "v_clientes", "kind": "view"}],
        "is_whole": True,
    }
    assert [(item["name"], item["sort"]) for item in columns["items"]] == [
        ("codigo", "text"),
        ("nome", "text"),
        ("documento", "number"),
        ("situacao", "text"),
        ("alterado", "datetime"),
    ]
    assert columns["suggested"] == {"nome": "nome"}
    gone = await dba.get(f"{path}/views/v_outra/columns", params={"db_schema": "public"})
    assert problem(gone) == (502, "view-missing")


async def test_looking_for_views_is_no_connection_test(
    dba: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"{PATH}/{(await make(dba))['integration_id']}"
    counted: list[str] = []

    async def refuse(throttle: ConnectionTestThrottle, _actor: Actor) -> None:
        counted.append(throttle.name)
        raise throttle.refusal(allowed=1, retry_after_seconds=7)

    monkeypatch.setattr(ConnectionTestThrottle, "admit", refuse)
    answers = [
        await dba.get(f"{path}/views"),
        await dba.get(f"{path}/views/v_clientes/columns"),
        await dba.post(f"{path}/mappings/empresa/preview", json=MAPPING),
        await dba.put(f"{path}/mappings/empresa", json=MAPPING),
        await dba.post(f"{path}/test"),
    ]

    assert counted == ["look"] * 4 + ["test"]
    assert [problem(each) for each in answers] == [
        *[(429, "too-many-database-looks")] * 4,
        (429, "too-many-connection-tests"),
    ]
    assert {each.headers["Retry-After"] for each in answers} == {"7"}


async def test_a_mapping_is_saved_listed_and_removed(
    dba: AsyncClient, postgres: RunningDatabase
) -> None:
    path = f"{PATH}/{(await make(dba, **near(postgres)))['integration_id']}"

    saved = await dba.put(f"{path}/mappings/empresa", json=MAPPING, headers={"If-Match": '"0"'})

    assert saved.status_code == 200, saved.text
    assert saved.headers["ETag"] == '"1"'
    assert saved.json()["is_complete"] is True
    assert (await dba.get(f"{path}/mappings/empresa")).json() == saved.json()
    assert (await dba.get(f"{path}/mappings")).json()["items"] == [saved.json()]
    assert (await dba.get(path)).json()["mapped_tables"] == 1
    assert (await dba.delete(f"{path}/mappings/empresa")).status_code == 204
    gone = await dba.get(f"{path}/mappings/empresa")
    assert problem(gone) == (404, "view-mapping-not-found")


async def test_a_mapping_that_cannot_be_read_is_refused_field_by_field(
    dba: AsyncClient, postgres: RunningDatabase
) -> None:
    path = f"{PATH}/{(await make(dba, **near(postgres)))['integration_id']}"
    wrong = {
        "columns": {"cnpj": "alterado", "ativo": "alterado", "fantasia": "nome", "uf": "estado"},
        "watermark": "nome",
        "overlap_minutes": -1,
    }

    refused = await dba.put(f"{path}/mappings/empresa", json=MAPPING | wrong)

    assert faults(refused) == {
        ("columns.id_erp", "required"),
        ("columns.razao_social", "required"),
        ("columns.ativo", "column-unfit"),
        ("columns.fantasia", "unknown-field"),
        ("columns.uf", "column-not-found"),
        ("watermark", "watermark-unfit"),
        ("overlap_minutes", "out-of-range"),
    }
    unknown = await dba.put(f"{path}/mappings/cliente", json=MAPPING)
    assert problem(unknown) == (404, "erp-table-not-found")


async def test_the_preview_shows_what_each_row_would_become_or_why_not(
    dba: AsyncClient, postgres: RunningDatabase
) -> None:
    await postgres.add(("C1", "Acme", "2026-11-20 08:00:00"))
    await postgres.execute("INSERT INTO clientes VALUES ('C2', NULL, 123, 'X', NULL)")
    path = f"{PATH}/{(await make(dba, **near(postgres)))['integration_id']}"

    shown = (await dba.post(f"{path}/mappings/empresa/preview", json=MAPPING)).json()

    assert (shown["accepted"], shown["rejected"]) == (1, 1)
    good, bad = shown["rows"]
    assert good["source"]["situacao"] == "S"
    assert good["becomes"] == {
        "id_erp": "C1",
        "razao_social": "Acme",
        "cnpj": "11222333000181",
        "ativo": True,
        "atualizado_em": "2026-11-20T08:00:00-03:00",
    }
    assert bad["becomes"] is None
    assert {fault["field"] for fault in bad["errors"]} == {"razao_social", "cnpj", "ativo"}
    assert (await dba.get(f"{path}/mappings")).json()["items"] == []


async def test_the_saved_test_reads_the_mapped_views(
    dba: AsyncClient, postgres: RunningDatabase
) -> None:
    path = f"{PATH}/{(await make(dba, **near(postgres)))['integration_id']}"
    await dba.put(f"{path}/mappings/empresa", json=MAPPING)
    await postgres.execute(
        "REVOKE SELECT ON v_clientes FROM leitura",
        "CREATE VIEW v_livre AS SELECT 1 AS um",
        "GRANT SELECT ON v_livre TO leitura",
    )

    report = (await dba.post(f"{path}/test")).json()
    await postgres.execute("DROP VIEW v_livre")

    assert report["stages"][-1]["code"] == "view-denied"


async def test_a_load_needs_a_mapping(
    tenant: Tenant, nearby_as: ClientAs, postgres: RunningDatabase
) -> None:
    caller = await nearby_as(tenant, "admin")
    made = await make(caller, **near(postgres))

    refused = await caller.post(
        "/api/v1/initial-loads", json={"integration_id": made["integration_id"]}
    )

    assert problem(refused) == (409, "views-not-mapped")


async def test_another_kind_of_integration_has_no_database(
    tenant: Tenant, nearby_as: ClientAs, uow: UnitOfWork
) -> None:
    from tests.support.rows import make_row

    other = await make_row(uow, tenant, "integration_id")
    caller = await nearby_as(tenant, "admin")

    refused = await caller.put(f"{PATH}/{other}", json=without(CONNECTION, "name"))

    assert problem(refused) == (409, "integration-not-view")
