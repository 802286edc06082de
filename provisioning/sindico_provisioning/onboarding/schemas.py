"""The follow-up of a deployment as callers see it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from sindico_platform.schemas import Input, Output
from sindico_provisioning.reconciliation.schemas import ReconciliationOut


class SignOffIn(Input, kw_only=True, frozen=True):
    """What the one who signs has to add."""

    note: Annotated[str, Meta(max_length=1000, examples=["Compared with report R12"])] = ""


class WithdrawIn(Input, kw_only=True, frozen=True):
    """Why a sign-off is taken back."""

    reason: Annotated[str, Meta(min_length=1, max_length=1000, examples=["Orders of May missing"])]


class ReasonCount(Output, kw_only=True, frozen=True):
    """One reason for which rows were rejected."""

    code: str
    field: str
    example: str | None
    """What one of the rows was told. As it may quote the row, null without the permission to see
    loads, and to the vendor's people."""
    rows: int


class SignOffOut(Output, kw_only=True, frozen=True):
    """Somebody's word that nothing of a table was left behind."""

    signed_at: datetime
    signed_by: str
    note: str | None
    staged: int
    rejected: int
    withdrawn_at: datetime | None
    withdrawn_by: str | None
    withdrawn_code: str | None
    withdrawn_reason: str | None


class TableProgressOut(Output, kw_only=True, frozen=True):
    """One table: what the ERP has, what arrived, what is in the CRM, what was rejected."""

    table: str
    is_expected: bool
    """A load has read it, or rows of it have arrived or were rejected."""
    status: str | None
    """Of the last reading: `pending`, `running`, `succeeded`, `failed`, `cancelled`."""
    load_id: UUID | None
    received: int
    """By the last reading; while it runs, so far."""
    percent: int
    source_rows: int | None
    """What the ERP said it has, when it was last read whole."""
    source_at: datetime | None
    source_from: str | None
    """`reconciliation` or `load`."""
    staged: int
    in_crm: int | None
    """None of a table of which no records of the CRM are made."""
    rejected: int
    """Of what was read or pushed, all that did not come right since. Of what is read, until all of
    the table is; pushed rows without a key count as one, and so do those beyond 20,000."""
    rejected_is_least: bool
    """There may be more: of a table 20,000 rows are looked at, for `rejected` and for `reasons`."""
    rejected_in: list[UUID]
    """The loads that rejected some of them, the newest five, newest first."""
    reasons: list[ReasonCount]
    """Over the rows that were kept and looked at, the most frequent first."""
    missing: int
    extra: int
    changed: int
    reconciliation_id: UUID | None
    """The reconciliation that these come from."""
    sign_off: SignOffOut | None
    """The valid one."""
    withdrawn: SignOffOut | None
    """The last one, if it was withdrawn and none is valid."""


class OnboardingOut(Output, kw_only=True, frozen=True):
    """How far the transfer of an integration's history is."""

    integration_id: UUID
    name: str
    expected: int
    """Tables to be signed off."""
    signed: int
    percent: int
    is_running: bool
    """A load or a reconciliation is under way."""
    is_loading: bool
    reconciliation: ReconciliationOut | None
    """The newest."""
    tables: list[TableProgressOut]
