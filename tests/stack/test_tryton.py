"""A load from the database of Tryton: its own tables, and a view that its administrator made."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from httpx import AsyncClient
from litestar import Litestar
from sqlalchemy import select

from sindico_api.context import Context
from sindico_platform.database.tx import Actor
from sindico_platform.embedded import EmbeddedPostgres
from sindico_platform.tenancy.models import Tenant
from sindico_provisioning.staging.models import STAGING
from sindico_tenants.accounts.models import Account
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant
from tests.support.jobs import run_jobs
from tests.support.servers.tryton import Tryton, install_tryton

pytestmark = pytest.mark.stack

PATH = "/api/v1/view-connections"
VIEW = """
    CREATE VIEW crm_empresa AS
    SELECT p.code AS codigo, p.name AS nome, i.code AS documento,
        CASE WHEN p.active THEN 'S' ELSE 'N' END AS situacao,
        coalesce(p.write_date, p.create_date) AS alterado
    FROM party_party p LEFT JOIN party_identifier i ON i.party = p.id
"""
CUSTOMERS = {
    "db_schema": "public",
    "view": "crm_empresa",
    "columns": {
        "id_erp": "codigo",
        "razao_social": "nome",
        "cnpj": "documento",
        "ativo": "situacao",
        "atualizado_em": "alterado",
    },
    "watermark": "alterado",
}
OWN_TABLE = {
    "db_schema": "public",
    "view": "party_party",
    "columns": {"id_erp": "id", "razao_social": "name", "ativo": "active"},
}
"""Tryton's own: an integer as key, a boolean, instants without a zone."""
CNPJ = "11222333000181"


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedPostgres]:
    with EmbeddedPostgres(tmp_path_factory.mktemp("tryton-server"), durable=False) as running:
        admin = await asyncpg.connect(running.admin_url)
        await admin.execute("CREATE DATABASE tryton TEMPLATE template0")
        await admin.execute("CREATE ROLE leitura LOGIN PASSWORD 'uma-senha'")
        await admin.close()
        yield running


@pytest.fixture(scope="module")
async def tryton(server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Tryton:
    made = await asyncio.to_thread(
        install_tryton, server.admin_url, tmp_path_factory.mktemp("tryton")
    )
    identified = {"identifiers": [("create", [{"code": CNPJ}])]}
    parties: dict[str, dict[str, Any]] = {
        "P1": {"name": "Acme Indústria", **identified},
        "P2": {"name": "Padaria São João", "active": False},
        "P3": {"name": "Ção & Filhos"},
    }
    await asyncio.to_thread(made.write_parties, parties)
    owner = await asyncpg.connect(server.url("postgres", server.password, "tryton"))
    await owner.execute(f"{VIEW}; GRANT SELECT ON ALL TABLES IN SCHEMA public TO leitura")
    await owner.close()
    return made


@pytest.fixture
async def tenant(make_tenant: MakeTenant) -> Tenant:
    return await make_tenant()


@pytest.fixture
async def dba(tenant: Tenant, nearby_as: ClientAs) -> AsyncClient:
    rights = [f"integrations:{access}" for access in ("view", "include", "edit")]
    return await nearby_as(tenant, *rights, "loads:view", "loads:include")


async def load(dba: AsyncClient, context: Context, tenant: Tenant, integration: str) -> Any:
    """Run it now, to its end."""
    begun = await dba.post(f"/api/v1/integrations/{integration}/run")
    assert begun.status_code == 202, begun.text
    await run_jobs(context, tenant.tenant_id, at_once=True)
    return (await dba.get(begun.headers["Location"])).json()


def fetched(load: Any) -> dict[str, tuple[int, int, int]]:
    return {
        phase["table"]: (phase["received"], phase["created"], phase["updated"])
        for phase in load["phases"]
        if phase["step"] == "fetch" and phase["received"]
    }


async def test_parties_become_accounts_and_what_changed_follows(
    tryton: Tryton,
    server: EmbeddedPostgres,
    dba: AsyncClient,
    tenant: Tenant,
    served_nearby: Litestar,
) -> None:
    connection = {
        "name": "Tryton",
        "dialect": "postgresql",
        "host": "127.0.0.1",
        "port": server.port,
        "database": "tryton",
        "username": "leitura",
        "password": "uma-senha",
        "tls": "none",
        "time_zone": "Etc/UTC",
    }
    integration = (await dba.post(PATH, json=connection)).json()["integration_id"]
    path = f"{PATH}/{integration}"

    parties = (await dba.get(f"{path}/views", params={"q": "party"})).json()["items"]
    shown = (await dba.post(f"{path}/mappings/empresa/preview", json=CUSTOMERS)).json()
    for table, mapping in (("empresa", CUSTOMERS), ("fornecedor", OWN_TABLE)):
        saved = await dba.put(f"{path}/mappings/{table}", json=mapping)
        assert saved.status_code == 200, saved.text
    report = (await dba.post(f"{path}/test")).json()

    assert {"party_party", "party_identifier", "party_address"} <= {
        each["name"] for each in parties
    }
    assert (shown["accepted"], shown["rejected"]) == (3, 0)
    assert report["succeeded"] is True, report

    first = await load(dba, served_nearby.state.context, tenant, integration)
    await asyncio.to_thread(tryton.write_parties, {"P3": {"name": "Ção & Netos"}})
    second = await load(dba, served_nearby.state.context, tenant, integration)

    assert first["status"] == second["status"] == "succeeded"
    assert fetched(first) == {"empresa": (3, 3, 0), "fornecedor": (3, 3, 0)}
    assert fetched(second)["empresa"][2] == 1
    async with served_nearby.state.context.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        accounts = await tx.session.execute(
            select(Account.name, Account.cnpj, Account.is_active).order_by(Account.name)
        )
        suppliers = list(await tx.session.scalars(select(STAGING["fornecedor"].c.id_erp)))
    assert [tuple(row) for row in accounts] == [
        ("Acme Indústria", CNPJ, True),
        ("Padaria São João", None, False),
        ("Ção & Netos", None, True),
    ]
    assert len(suppliers) == 3
