"""What can go wrong with companies and branches."""

from sindico_platform.errors import SindicoError


class CompanyNotFound(SindicoError):
    """No such company, or it is another tenant's."""

    code, status, title = "company-not-found", 404, "There is no such company"
    detail = "No company has the id {company_id}."


class BranchNotFound(SindicoError):
    """No such branch, or it is another tenant's."""

    code, status, title = "branch-not-found", 404, "There is no such branch"
    detail = "No branch has the id {branch_id}."
