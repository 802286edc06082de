"""What can go wrong with companies and branches."""

from collections.abc import Sequence
from typing import ClassVar
from uuid import UUID

from sindico_platform.errors import SindicoError
from sindico_tenants.companies.linked.schemas import LinkedOut


class CompanyNotFound(SindicoError):
    """No such company, or it is another tenant's."""

    code, status, title = "company-not-found", 404, "There is no such company"
    detail = "No company has the id {company_id}."


class BranchNotFound(SindicoError):
    """No such branch, or it is another tenant's."""

    code, status, title = "branch-not-found", 404, "There is no such branch"
    detail = "No branch has the id {branch_id}."


class FieldNotFound(SindicoError):
    """Neither companies nor branches have such a field."""

    code, status, title = "field-not-found", 404, "There is no such field"
    detail = "There is no field {field}. The fields are: {fields}."


class TakenBy(SindicoError):
    """Another record has what must be one record's own.

    Subclasses name the field that people have to change.
    """

    code, status, title = "taken", 409, "Another record has this already"
    detail = "{name} has it already."
    field: ClassVar[str] = ""

    def __init__(self, *, value: str, name: str, holder_id: UUID) -> None:
        super().__init__(value=value, name=name, holder_id=str(holder_id))


class CnpjTaken(TakenBy):
    """Two companies, or two branches, never share a CNPJ."""

    code, status, title = "cnpj-taken", 409, "Another record has this CNPJ"
    detail = "{name} has the CNPJ {value} already."
    field = "cnpj"


class CodeTaken(TakenBy):
    """A code is one company's, or one branch's within its company."""

    code, status, title = "code-taken", 409, "Another record has this code"
    detail = "{name} has the code {value} already."
    field = "erp_code"


class HeadOfficeTaken(TakenBy):
    """A company has one head office."""

    code, status, title = "head-office-taken", 409, "The company has a head office"
    detail = "{name} is the head office of {value} already. Change that one first."
    field = "is_head_office"


class DataLinked(SindicoError):
    """A company or branch that other records belong to is not deleted."""

    code, status, title = "data-linked", 409, "Other records are linked to it"
    detail = (
        "{total} linked records keep {name} from being deleted. Nothing was removed. Remove what "
        "is linked first, or mark it as no longer in operation instead."
    )

    def __init__(self, *, name: str, linked: Sequence[LinkedOut]) -> None:
        total = sum(each.count for each in linked)
        super().__init__(name=name, total=total, linked=list(linked))
        self.linked = list(linked)


class NotFromErp(SindicoError):
    """Only what an ERP brought has a value there."""

    code, status, title = "not-from-erp", 409, "The ERP does not have this record"
    detail = "{name} was registered here; no ERP has a value for {field}."
