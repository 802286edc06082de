"""Every SELECT on View connections."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, select

from sindico_platform.connection_tests.schemas import ConnectionReportOut
from sindico_platform.database.tx import Tx
from sindico_platform.paging.keyset import Keyset
from sindico_platform.paging.schemas import Page, PageRequest
from sindico_platform.tenancy.models import Tenant
from sindico_platform.words import Translate
from sindico_provisioning.connectors.view.schemas import Dialect, TlsMode
from sindico_provisioning.integrations.models import Integration, IntegrationKind
from sindico_provisioning.integrations.queries import present
from sindico_provisioning.view_connections.errors import ViewConnectionNotFound
from sindico_provisioning.view_connections.models import ViewConnection, ViewMapping
from sindico_provisioning.view_connections.schemas import ViewConnectionItem, ViewConnectionOut
from sindico_tenants.server_settings.reports import report_of

ORDERS = Keyset(Integration.id, default="name", name=Integration.name)


async def list_connections(tx: Tx, request: PageRequest) -> Page[ViewConnectionItem]:
    """List the View integrations, those without a connection too."""
    statement = _named(tx).add_columns(Integration.name.label("order_value"))
    rows: Any = (await tx.session.execute(ORDERS.apply(statement, request))).all()
    return ORDERS.page(rows, request, lambda found: ViewConnectionItem(**_item(found)))


async def read_connection(tx: Tx, integration_id: UUID, translate: Translate) -> ViewConnectionOut:
    """Everything about a connection but its password.

    Raises:
        ViewConnectionNotFound: the integration has none.
    """
    found = (await tx.session.execute(_named(tx).where(Integration.id == integration_id))).first()
    row: ViewConnection | None = None if found is None else found.ViewConnection
    if found is None or row is None:
        raise ViewConnectionNotFound(integration_id=integration_id)
    report = report_of(row)
    return ViewConnectionOut(
        **_item(found),
        has_password=row.password_sealed is not None,
        tls=TlsMode(row.tls),
        ca_certificate=row.ca_certificate,
        time_zone=row.time_zone,
        statement_seconds=row.statement_seconds,
        report=None if report is None else ConnectionReportOut.of(report, translate),
        created_at=row.created_at,
        updated_at=row.updated_at,
        revision=row.revision,
    )


async def get_connection(tx: Tx, integration_id: UUID, *, lock: bool = False) -> ViewConnection:
    """The row of a connection.

    Raises:
        ViewConnectionNotFound: the integration has none.
    """
    found = await find_connection(tx, integration_id, lock=lock)
    if found is None:
        raise ViewConnectionNotFound(integration_id=integration_id)
    return found


async def find_connection(
    tx: Tx, integration_id: UUID, *, lock: bool = False
) -> ViewConnection | None:
    """The row of a connection, if there is one."""
    statement = select(ViewConnection).where(
        ViewConnection.tenant_id == tx.tenant_id, ViewConnection.integration_id == integration_id
    )
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    found: ViewConnection | None = await tx.session.scalar(statement)
    return found


async def find_time_zone(tx: Tx) -> str:
    """The bound tenant's."""
    found = await tx.session.scalar(select(Tenant.timezone).where(Tenant.tenant_id == tx.tenant_id))
    return found or "America/Sao_Paulo"


def _named(tx: Tx) -> Select[*tuple[Any, ...]]:
    connection = and_(
        ViewConnection.tenant_id == Integration.tenant_id,
        ViewConnection.integration_id == Integration.id,
    )
    mapped = (
        select(func.count())
        .where(
            ViewMapping.tenant_id == Integration.tenant_id,
            ViewMapping.integration_id == Integration.id,
        )
        .correlate(Integration)
        .scalar_subquery()
    )
    statement: Any = (
        select(
            Integration.id,
            Integration.name,
            Integration.state,
            ViewConnection,
            mapped.label("mapped_tables"),
        )
        .outerjoin(ViewConnection, connection)
        .where(*present(tx), Integration.kind == IntegrationKind.VIEW)
        .execution_options(populate_existing=True)
    )
    named: Select[*tuple[Any, ...]] = statement
    return named


def _item(found: Any) -> dict[str, Any]:
    row: ViewConnection | None = found.ViewConnection
    return {
        "integration_id": found.id,
        "name": found.name,
        "state": found.state,
        "dialect": row and Dialect(row.dialect),
        "host": row and row.host,
        "port": row and row.port,
        "database": row and row.database,
        "username": row and row.username,
        "mapped_tables": found.mapped_tables,
        "tested_at": row and row.tested_at,
        "test_succeeded": None if row is None else row.test_succeeded,
    }
