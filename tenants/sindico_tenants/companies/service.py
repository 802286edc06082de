"""The only writer of companies and branches."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from msgspec import UNSET, structs
from sqlalchemy import Select

from sindico_platform.database.conflicts import refusing
from sindico_platform.database.tx import Tx
from sindico_platform.revisions import demand_revision
from sindico_tenants.companies import queries
from sindico_tenants.companies.errors import (
    CnpjTaken,
    CodeTaken,
    CompanyNotFound,
    HeadOfficeTaken,
)
from sindico_tenants.companies.models import Branch, Company
from sindico_tenants.companies.registration import service as registration
from sindico_tenants.companies.registration.fields import BRANCH_FIELDS, COMPANY_FIELDS, Value
from sindico_tenants.companies.schemas import (
    BranchIn,
    BranchPatch,
    CompanyIn,
    CompanyOut,
    CompanyPatch,
)
from sindico_tenants.erp_links.schemas import MergeCounts
from sindico_tenants.erp_links.service import merge_rows


async def import_companies(tx: Tx, *, integration_id: UUID, incoming: Select[Any]) -> MergeCounts:
    """Bring the ERP's companies in, as `merge_rows` describes it."""
    return await merge_rows(tx, into=Company, integration_id=integration_id, incoming=incoming)


async def import_branches(tx: Tx, *, integration_id: UUID, incoming: Select[Any]) -> MergeCounts:
    """Bring the ERP's branches in, as `merge_rows` describes it."""
    return await merge_rows(tx, into=Branch, integration_id=integration_id, incoming=incoming)


async def create_company(tx: Tx, *, data: CompanyIn) -> Company:
    """Register a company by hand; no ERP hears of it.

    Raises:
        InvalidInput: listing every field that is wrong.
        CnpjTaken, CodeTaken: another company has it.
    """
    values = registration.read_new(given_by(data))
    await _demand_free_company(tx, values)
    company = Company(tenant_id=tx.tenant_id, id=tx.new_id(), **values)
    return await registration.add_row(tx, company)


async def edit_company(
    tx: Tx, *, company_id: UUID, data: CompanyPatch, revision: int | None = None
) -> Company:
    """Change fields of a company; of one that the ERP brought, they are pinned.

    A field sent as it stands is not touched, whatever rules it breaks.

    Raises:
        CompanyNotFound: no such company.
        ChangedMeanwhile: the company has another revision than `revision`.
        InvalidInput: listing every field that is wrong.
        CnpjTaken, CodeTaken: another company has it.
    """
    company = await queries.lock_company(tx, company_id)
    demand_revision(company.revision, revision)
    values = registration.read_changes(company, given_by(data))
    await _demand_free_company(tx, values, besides=company)
    return await registration.change_row(tx, company, values)


async def delete_company(tx: Tx, *, company_id: UUID, revision: int | None = None) -> None:
    """Remove a company that nothing is linked to. One of the ERP comes back at its next load.

    Raises:
        CompanyNotFound: no such company.
        ChangedMeanwhile: the company has another revision than `revision`.
        DataLinked: listing what belongs to it; nothing was removed.
    """
    company = await queries.lock_company(tx, company_id)
    demand_revision(company.revision, revision)
    await registration.remove_row(tx, company)


async def unpin_company_field(
    tx: Tx, *, company_id: UUID, field: str, revision: int | None = None
) -> Company:
    """Let the ERP's next load decide a field again; until then its value stays.

    Repeating the call changes nothing.

    Raises:
        CompanyNotFound: no such company.
        FieldNotFound: companies have no such field.
        ChangedMeanwhile: the company has another revision than `revision`.
    """
    company = await queries.lock_company(tx, company_id)
    registration.demand_field(field, COMPANY_FIELDS)
    demand_revision(company.revision, revision)
    return await registration.unpin_field(tx, company, field)


async def follow_erp_in_company(
    tx: Tx, *, company_id: UUID, field: str, value: Value, revision: int | None = None
) -> Company:
    """Give a field the ERP's value now, and the ERP's loads their say in it again.

    Args:
        value: what the ERP says.

    Raises:
        CompanyNotFound, FieldNotFound, ChangedMeanwhile: as `unpin_company_field`.
        CnpjTaken, CodeTaken: another company has the ERP's value.
    """
    company = await queries.lock_company(tx, company_id)
    registration.demand_field(field, COMPANY_FIELDS)
    demand_revision(company.revision, revision)
    values = {field: value} if getattr(company, field) != value else {}
    await _demand_free_company(tx, values, besides=company)
    return await registration.follow_erp(tx, company, field, values)


async def create_branch(tx: Tx, *, data: BranchIn) -> Branch:
    """Register a branch by hand; no ERP hears of it.

    Raises:
        CompanyNotFound: no such company.
        InvalidInput: listing every field that is wrong.
        CnpjTaken, CodeTaken: another branch has it.
        HeadOfficeTaken: the company has a head office.
    """
    given = given_by(data)
    company_id = given.pop("company_id")
    values = registration.read_new(given) | {"is_head_office": given.get("is_head_office", False)}
    company = await queries.get_company(tx, company_id)
    await _demand_free_branch(tx, values, company=company)
    branch = Branch(tenant_id=tx.tenant_id, id=tx.new_id(), company_id=company_id, **values)
    gone = CompanyNotFound(company_id=company_id)
    async with refusing(tx, "fk_branch_company", error=gone):
        return await registration.add_row(tx, branch)


async def edit_branch(
    tx: Tx, *, branch_id: UUID, data: BranchPatch, revision: int | None = None
) -> Branch:
    """Change fields of a branch; of one that the ERP brought, they are pinned.

    Raises:
        BranchNotFound: no such branch.
        ChangedMeanwhile: the branch has another revision than `revision`.
        InvalidInput: listing every field that is wrong.
        CnpjTaken, CodeTaken: another branch has it.
        HeadOfficeTaken: the company has another head office.
    """
    branch = await queries.lock_branch(tx, branch_id)
    demand_revision(branch.revision, revision)
    values = registration.read_changes(branch, given_by(data))
    company = await queries.get_company(tx, branch.company_id)
    await _demand_free_branch(tx, values, company=company, besides=branch)
    return await registration.change_row(tx, branch, values)


async def delete_branch(tx: Tx, *, branch_id: UUID, revision: int | None = None) -> None:
    """Remove a branch that nothing is linked to. One of the ERP comes back at its next load.

    Raises:
        BranchNotFound: no such branch.
        ChangedMeanwhile: the branch has another revision than `revision`.
        DataLinked: listing what belongs to it; nothing was removed.
    """
    branch = await queries.lock_branch(tx, branch_id)
    demand_revision(branch.revision, revision)
    await registration.remove_row(tx, branch)


async def unpin_branch_field(
    tx: Tx, *, branch_id: UUID, field: str, revision: int | None = None
) -> Branch:
    """Let the ERP's next load decide a field again; until then its value stays.

    Repeating the call changes nothing.

    Raises:
        BranchNotFound: no such branch.
        FieldNotFound: branches have no such field.
        ChangedMeanwhile: the branch has another revision than `revision`.
    """
    branch = await queries.lock_branch(tx, branch_id)
    registration.demand_field(field, BRANCH_FIELDS)
    demand_revision(branch.revision, revision)
    return await registration.unpin_field(tx, branch, field)


async def follow_erp_in_branch(
    tx: Tx, *, branch_id: UUID, field: str, value: Value, revision: int | None = None
) -> Branch:
    """Give a field the ERP's value now, and the ERP's loads their say in it again.

    Args:
        value: what the ERP says.

    Raises:
        BranchNotFound, FieldNotFound, ChangedMeanwhile: as `unpin_branch_field`.
        CnpjTaken, CodeTaken, HeadOfficeTaken: another branch has the ERP's value.
    """
    branch = await queries.lock_branch(tx, branch_id)
    registration.demand_field(field, BRANCH_FIELDS)
    demand_revision(branch.revision, revision)
    values = {field: value} if getattr(branch, field) != value else {}
    company = await queries.get_company(tx, branch.company_id)
    await _demand_free_branch(tx, values, company=company, besides=branch)
    return await registration.follow_erp(tx, branch, field, values)


def given_by(data: CompanyPatch) -> dict[str, Any]:
    """The fields that were sent."""
    return {name: value for name, value in structs.asdict(data).items() if value is not UNSET}


async def _demand_free_company(
    tx: Tx, values: Mapping[str, Value], *, besides: Company | None = None
) -> None:
    """Keep codes and documents one company's own among those that people write.

    What an ERP brings is not judged: there its own keys decide.
    """
    cnpj, code = values.get("cnpj"), values.get("erp_code")
    if cnpj or code:
        await queries.lock_register(tx, Company)
    if cnpj and (holder := await queries.find_holder(tx, Company, besides=besides, cnpj=cnpj)):
        raise CnpjTaken(value=str(cnpj), name=holder.name, holder_id=holder.id)
    if code and (holder := await queries.find_holder(tx, Company, besides=besides, erp_code=code)):
        raise CodeTaken(value=str(code), name=holder.name, holder_id=holder.id)


async def _demand_free_branch(
    tx: Tx, values: Mapping[str, Value], *, company: CompanyOut, besides: Branch | None = None
) -> None:
    """As `_demand_free_company`; codes are unique in the company, which has one head office."""
    cnpj, code, leads = (values.get(name) for name in ("cnpj", "erp_code", "is_head_office"))
    if cnpj or code or leads:
        await queries.lock_register(tx, Branch)

    async def find(**wanted: Any) -> Branch | None:
        return await queries.find_holder(tx, Branch, besides=besides, **wanted)

    if cnpj and (holder := await find(cnpj=cnpj)):
        raise CnpjTaken(value=str(cnpj), name=holder.name, holder_id=holder.id)
    if code and (holder := await find(company_id=company.id, erp_code=code)):
        raise CodeTaken(value=str(code), name=holder.name, holder_id=holder.id)
    if leads and (holder := await find(company_id=company.id, is_head_office=True)):
        raise HeadOfficeTaken(value=company.name, name=holder.name, holder_id=holder.id)
