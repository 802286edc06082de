"""The sandbox's database is one that a View integration reads, dirt and all."""

from pathlib import Path

import asyncpg

from sindico_platform.egress import EgressGuard
from sindico_platform.egress.ranges import LOOPBACK
from sindico_platform.embedded import EmbeddedPostgres
from sindico_platform.settings import Secret
from sindico_provisioning.connectors.view.connector import ViewConnector
from sindico_provisioning.connectors.view.schemas import Dialect, TlsMode, ViewServer, ViewSource
from sindico_provisioning.erp_tables.queries import get_table
from sindico_provisioning.erp_tables.service import check_rows
from sindico_provisioning.sandbox.views import content
from sindico_provisioning.sandbox.views.sandbox import DATABASE, ViewSandbox
from sindico_provisioning.view_connections.mappings.looking import find_columns
from sindico_provisioning.view_connections.mappings.rules import suggest

GUARD = EgressGuard(allow=LOOPBACK)


def server_of(erp: ViewSandbox) -> ViewServer:
    facts = erp.facts
    return ViewServer(
        dialect=Dialect(facts["dialect"]),
        host=facts["host"],
        port=facts["port"],
        database=facts["database"],
        username=facts["username"],
        password=Secret(facts["password"]),
        tls=TlsMode(facts["tls"]),
        ca_certificate=None,
        time_zone="America/Sao_Paulo",
        statement_seconds=60,
    )


async def empty(erp: ViewSandbox) -> None:
    """As a start leaves the database that is killed before it is filled."""
    postgres = EmbeddedPostgres(erp.folder)
    admin = await asyncpg.connect(postgres.url("postgres", postgres.password, DATABASE))
    await admin.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    await admin.execute("GRANT USAGE ON SCHEMA public TO PUBLIC")
    await admin.close()


async def test_its_views_map_themselves_and_most_rows_are_taken(tmp_path: Path) -> None:
    taken, rejected = {}, {}
    async with ViewSandbox(directory=tmp_path, password="uma-senha") as erp:
        server = server_of(erp)
        for name, view in content.VIEW_OF.items():
            table = get_table(name)
            found = await find_columns(GUARD, server, schema="public", view=view)
            columns = suggest(table, found)
            assert {field.name for field in table.fields if field.required} <= columns.keys()
            source = ViewSource(
                table=name, schema="public", view=view, columns=columns, watermark="atualizado_em"
            )
            async with ViewConnector(GUARD, server, [source]) as connector:
                page = await connector.read_page(name, None)
            checked = check_rows(table, page.rows)
            taken[name], rejected[name] = len(checked.rows), len(checked.rejections)
        await empty(erp)
    async with ViewSandbox(directory=tmp_path, password="outra") as again:
        await find_columns(GUARD, server_of(again), schema="public", view="vw_clientes")

    assert taken["vendedor"] == content.SELLERS
    assert taken["empresa"] + rejected["empresa"] == content.CUSTOMERS
    assert 0 < rejected["empresa"] < content.CUSTOMERS * 0.06
    assert (taken["pedido"], rejected["pedido"]) == (4000, 0)
    assert rejected["itens_pedido"] == 0
