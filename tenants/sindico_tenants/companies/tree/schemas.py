"""Companies with their branches, as a screen shows them."""

from datetime import datetime
from uuid import UUID

from sindico_platform.schemas import Output
from sindico_tenants.companies.schemas import BranchItem


class TreeCompany(Output, kw_only=True, frozen=True):
    """A company, above its branches."""

    id: UUID
    name: str
    trade_name: str | None
    erp_code: str | None
    is_active: bool
    erp_removed_at: datetime | None


class TreeLine(Output, kw_only=True, frozen=True):
    """A branch under its company, or a company that has none."""

    company: TreeCompany
    branch: BranchItem | None
