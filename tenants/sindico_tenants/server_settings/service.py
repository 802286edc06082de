"""What writing settings of servers has in common."""

from collections.abc import Iterable
from typing import TypeVar
from uuid import UUID

from sindico_platform.database.tx import Tx
from sindico_platform.errors import FieldError, InvalidInput, field_error
from sindico_tenants.companies.queries import get_branch, get_company
from sindico_tenants.server_settings.schemas import Scope

T = TypeVar("T")


async def demand_scope(tx: Tx, *, company_id: UUID | None, branch_id: UUID | None) -> Scope:
    """For whom settings are; a branch alone is enough to know its company.

    Raises:
        CompanyNotFound, BranchNotFound: no such company or branch.
        InvalidInput: the branch is another company's.
    """
    if branch_id is None:
        if company_id is not None:
            await get_company(tx, company_id)
        return Scope(company_id)
    branch = await get_branch(tx, branch_id)
    if company_id not in {None, branch.company_id}:
        detail = "This branch belongs to another company."
        raise InvalidInput(field_error("branch_id", "branch-of-another-company", detail))
    return Scope(branch.company_id, branch_id)


def trusted_authority(pem: str | None) -> str:
    """A certificate to trust in one form, however its lines end; empty for the public authorities.

    It belongs to where secrets go: whose certificates are believed says who may get them.
    """
    return " ".join((pem or "").split())


def find_secret_faults(stored: object, wanted: object, *, kept: Iterable[str]) -> list[FieldError]:
    """Secrets that would go elsewhere than where they were typed for.

    Args:
        stored: where the stored secrets go, in one value: host, port, user, mode and how the
            server proves who it is.
        wanted: where they would go now.
        kept: fields whose stored secret would be used.
    """
    if stored == wanted:
        return []
    detail = "Type it again, because where it is sent to has changed."
    return [field_error(name, "type-again", detail) for name in kept]
