"""Every SELECT on the ERP's side of companies and branches."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import Table, select

from sindico_platform.database.tx import Tx
from sindico_provisioning.erp_values.schemas import BranchDetail, CompanyDetail, ErpValues
from sindico_provisioning.loads.pages.queries import (
    BRANCH_VALUES,
    BRANCHES,
    COMPANIES,
    COMPANY_VALUES,
)
from sindico_tenants.companies import queries as companies
from sindico_tenants.erp_links.models import ExternalRef


async def read_company(tx: Tx, company_id: UUID) -> CompanyDetail:
    """Read one company and what its ERP says.

    Raises:
        CompanyNotFound: no such company, or it is another tenant's.
    """
    company = await companies.get_company(tx, company_id)
    return CompanyDetail.of(company, await find_company_values(tx, company_id))


async def read_branch(tx: Tx, branch_id: UUID) -> BranchDetail:
    """Read one branch and what its ERP says.

    Raises:
        BranchNotFound: no such branch, or it is another tenant's.
    """
    branch = await companies.get_branch(tx, branch_id)
    return BranchDetail.of(branch, await find_branch_values(tx, branch_id))


async def find_company_values(tx: Tx, company_id: UUID) -> ErpValues | None:
    """What the ERP says of a company, by our fields; None if none brought it."""
    return await _find(tx, COMPANIES, COMPANY_VALUES, resource="company", row_id=company_id)


async def find_branch_values(tx: Tx, branch_id: UUID) -> ErpValues | None:
    """What the ERP says of a branch, by our fields; None if none brought it."""
    return await _find(tx, BRANCHES, BRANCH_VALUES, resource="branch", row_id=branch_id)


async def _find(
    tx: Tx, staged: Table, names: Mapping[str, str], *, resource: str, row_id: UUID
) -> ErpValues | None:
    is_linked = (
        (ExternalRef.tenant_id == staged.c.tenant_id)
        & (ExternalRef.integration_id == staged.c.integration_id)
        & (ExternalRef.id_erp == staged.c.id_erp)
    )
    found = await tx.session.execute(
        select(*(staged.c[theirs].label(ours) for ours, theirs in names.items()))
        .join_from(staged, ExternalRef, is_linked)
        .where(
            ExternalRef.tenant_id == tx.tenant_id,
            ExternalRef.resource == resource,
            ExternalRef.id == row_id,
        )
        .order_by(ExternalRef.integration_id)
        .limit(1)
    )
    row = found.mappings().one_or_none()
    return None if row is None else dict(row)
