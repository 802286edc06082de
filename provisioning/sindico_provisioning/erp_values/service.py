"""Takes over what the ERP says."""

from uuid import UUID

from sindico_platform.database.tx import Tx
from sindico_provisioning.erp_values import queries
from sindico_tenants.companies import service as companies
from sindico_tenants.companies.errors import NotFromErp
from sindico_tenants.companies.models import Branch, Company
from sindico_tenants.companies.queries import get_branch, get_company


async def take_company_value(
    tx: Tx, *, company_id: UUID, field: str, revision: int | None = None
) -> Company:
    """Give a company's field the ERP's value now, and leave it to the ERP's loads again.

    Raises:
        CompanyNotFound, FieldNotFound, ChangedMeanwhile, CnpjTaken, CodeTaken: as
            `follow_erp_in_company`.
        NotFromErp: no ERP brought the company.
    """
    values = await queries.find_company_values(tx, company_id)
    if values is None:
        company = await get_company(tx, company_id)
        raise NotFromErp(name=company.name, field=field[:60])
    return await companies.follow_erp_in_company(
        tx, company_id=company_id, field=field, value=values.get(field), revision=revision
    )


async def take_branch_value(
    tx: Tx, *, branch_id: UUID, field: str, revision: int | None = None
) -> Branch:
    """Give a branch's field the ERP's value now, and leave it to the ERP's loads again.

    Raises:
        BranchNotFound, FieldNotFound, ChangedMeanwhile, CnpjTaken, CodeTaken, HeadOfficeTaken: as
            `follow_erp_in_branch`.
        NotFromErp: no ERP brought the branch.
    """
    values = await queries.find_branch_values(tx, branch_id)
    if values is None:
        branch = await get_branch(tx, branch_id)
        raise NotFromErp(name=branch.name, field=field[:60])
    return await companies.follow_erp_in_branch(
        tx, branch_id=branch_id, field=field, value=values.get(field), revision=revision
    )
