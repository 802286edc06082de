"""What documents are attached to, and which file server that makes them go to."""

from typing import Any
from uuid import UUID

from sindico_platform.database.tx import Tx
from sindico_platform.errors import InvalidInput, field_error
from sindico_platform.identity.errors import NotAllowed
from sindico_tenants.accounts.errors import AccountNotFound, ContactNotFound
from sindico_tenants.accounts.queries import get_account, get_contact
from sindico_tenants.companies.errors import BranchNotFound, CompanyNotFound
from sindico_tenants.companies.queries import get_branch, get_company
from sindico_tenants.documents.errors import MISSING, AttachedRecordNotFound, FileServerMissing
from sindico_tenants.documents.schemas import AttachedTo, Target
from sindico_tenants.ftp_settings.models import FtpSettings
from sindico_tenants.server_settings.queries import find_effective
from sindico_tenants.server_settings.schemas import Scope
from sindico_tenants.server_settings.service import demand_scope

_ABSENT = (AccountNotFound, ContactNotFound, CompanyNotFound, BranchNotFound)


async def demand_target(tx: Tx, target: Target) -> Scope:
    """See that the record is there and may be seen.

    Returns:
        Whose file server counts: what was named, else what the record belongs to.

    Raises:
        AttachedRecordNotFound: no such record.
        NotAllowed: the actor may not see such records.
        CompanyNotFound, BranchNotFound: no such company or branch.
        InvalidInput: only one of resource and record, or a branch of another company.
    """
    if (target.resource is None) != (target.record_id is None):
        detail = "Name both what the record is and its id, or neither."
        raise InvalidInput(field_error("record_id", "attachment-incomplete", detail))
    own = Scope()
    if target.resource is not None and target.record_id is not None:
        own = await _scope_of_record(tx, target.resource, target.record_id)
    if target.company_id is None and target.branch_id is None:
        return own
    return await demand_scope(tx, company_id=target.company_id, branch_id=target.branch_id)


async def demand_server(tx: Tx, scope: Scope) -> FtpSettings:
    """The settings that count for files of this scope.

    Raises:
        FileServerMissing: there are none, here or above.
    """
    found = await find_effective(
        tx, FtpSettings, company_id=scope.company_id, branch_id=scope.branch_id
    )
    if found is None:
        raise FileServerMissing(
            missing=MISSING[scope.level],
            level=scope.level.value,
            company_id=scope.company_id and str(scope.company_id),
            branch_id=scope.branch_id and str(scope.branch_id),
        )
    return found


async def _scope_of_record(tx: Tx, resource: AttachedTo, record_id: UUID) -> Scope:
    if not tx.actor.may(f"{resource}:view"):
        raise NotAllowed(permission=f"{resource}:view")
    try:
        return await _read_scope(tx, resource, record_id)
    except _ABSENT as error:
        raise AttachedRecordNotFound(resource=resource.value, record_id=str(record_id)) from error


async def _read_scope(tx: Tx, resource: AttachedTo, record_id: UUID) -> Scope:
    record: Any
    if resource is AttachedTo.COMPANIES:
        return Scope((await get_company(tx, record_id)).id)
    if resource is AttachedTo.BRANCHES:
        record = await get_branch(tx, record_id)
        return Scope(record.company_id, record.id)
    if resource is AttachedTo.ACCOUNTS:
        record = await get_account(tx, record_id)
    else:
        record = await get_contact(tx, record_id)
    if record.branch_id is None:
        return Scope(record.company_id)
    return await demand_scope(tx, company_id=None, branch_id=record.branch_id)
