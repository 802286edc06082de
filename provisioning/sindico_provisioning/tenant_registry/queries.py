"""Every SELECT on the register of tenants."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, false, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from sindico_platform.database.tx import Tx
from sindico_platform.paging.keyset import Keyset
from sindico_platform.paging.schemas import Page, PageRequest
from sindico_platform.tenancy.models import Tenant
from sindico_provisioning.packages.models import Subscription
from sindico_provisioning.tenant_registry.errors import TenantNotFound
from sindico_provisioning.tenant_registry.schemas import TenantOut

ORDERS = Keyset(
    Tenant.tenant_id,
    default="name",
    name=Tenant.search_name,
    domain=Tenant.domain,
    created_at=Tenant.created_at,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class TenantFilter:
    """What the vendor's list of tenants is narrowed to; absent is anything."""

    search: str | None = None
    """Part of the name or domain, or the start of the CNPJ without mask."""
    state: str | None = None
    crm_state: str | None = None
    package: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class TenantCounts:
    """How many tenants are in each state, and how many CRMs; states without any are absent."""

    by_state: Mapping[str, int]
    by_crm_state: Mapping[str, int]


async def get_tenant(tx: Tx, *, lock: bool = False) -> tuple[Tenant, Subscription]:
    """The bound tenant and what it bought.

    Raises:
        TenantNotFound: there is none, or it is the master tenant, which nobody provisions.
    """
    query = (
        select(Tenant, Subscription)
        .join(Subscription, Subscription.tenant_id == Tenant.tenant_id)
        .where(Tenant.tenant_id == tx.tenant_id)
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    row = (await tx.session.execute(query)).one_or_none()
    if row is None:
        raise TenantNotFound
    return row[0], row[1]


async def find_tenant_id(tx: Tx, domain: str) -> UUID | None:
    """The tenant of a domain, whichever tenant is bound."""
    found: UUID | None = await tx.session.scalar(
        select(func.control.tenant_by_domain(domain.strip().lower()))
    )
    return found


async def list_tenants(
    fleet: AsyncSession, wanted: TenantFilter, request: PageRequest
) -> Page[TenantOut]:
    """One page of the vendor's customers; the master tenant is none."""
    order = ORDERS.column_of(request).label("order_value")
    columns: list[Any] = [Tenant, Subscription, Tenant.tenant_id, order]
    query = (
        select(*columns)
        .join(Subscription, Subscription.tenant_id == Tenant.tenant_id)
        .where(*_conditions(wanted))
    )
    rows = (await fleet.execute(ORDERS.apply(query, request))).all()
    return ORDERS.page(rows, request, lambda row: TenantOut.from_rows(row.Tenant, row.Subscription))


async def count_tenants(fleet: AsyncSession) -> TenantCounts:
    """Count the vendor's customers; the master tenant is none."""
    counted = (
        select(Tenant.state, Subscription.crm_state, func.count(Tenant.tenant_id).label("tenants"))
        .join(Subscription, Subscription.tenant_id == Tenant.tenant_id)
        .group_by(Tenant.state, Subscription.crm_state)
    )
    by_state, by_crm_state = Counter[str](), Counter[str]()
    for state, crm_state, tenants in await fleet.execute(counted):
        by_state[state] += tenants
        by_crm_state[crm_state] += tenants
    return TenantCounts(by_state=by_state, by_crm_state=by_crm_state)


def _conditions(wanted: TenantFilter) -> list[ColumnElement[bool]]:
    exact = (
        (Tenant.state, wanted.state),
        (Subscription.crm_state, wanted.crm_state),
        (Subscription.package, wanted.package),
    )
    found = [column == value for column, value in exact if value]
    if wanted.search and (text := wanted.search.replace("\0", "").strip()):
        found.append(_matches(text))
    return found


def _matches(text: str) -> ColumnElement[bool]:
    compact = re.sub(r"[ ./-]", "", text).upper()
    return or_(
        Tenant.search_name.contains(func.control.search_form(_literally(text)), escape="\\"),
        Tenant.domain.contains(text.lower(), autoescape=True),
        Subscription.cnpj.startswith(compact, autoescape=True) if compact else false(),
    )


def _literally(text: str) -> str:
    """Escape what LIKE would take for a wildcard."""
    return re.sub(r"([\\%_])", r"\\\1", text)
