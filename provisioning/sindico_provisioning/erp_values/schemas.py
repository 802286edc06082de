"""Companies and branches with the ERP's word beside ours."""

from typing import Self

from msgspec import structs

from sindico_tenants.companies.schemas import BranchOut, CompanyOut

ErpValues = dict[str, str | bool | None]


class CompanyDetail(CompanyOut, kw_only=True, frozen=True):
    """Everything about a company, and what its ERP says."""

    erp_values: ErpValues | None
    """By field, as the last load found them; null for a company that no ERP brought."""

    @classmethod
    def of(cls, company: CompanyOut, erp_values: ErpValues | None) -> Self:
        return cls(**structs.asdict(company), erp_values=erp_values)


class BranchDetail(BranchOut, kw_only=True, frozen=True):
    """Everything about a branch, and what its ERP says."""

    erp_values: ErpValues | None
    """By field, as the last load found them; null for a branch that no ERP brought."""

    @classmethod
    def of(cls, branch: BranchOut, erp_values: ErpValues | None) -> Self:
        return cls(**structs.asdict(branch), erp_values=erp_values)
