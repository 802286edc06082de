"""What goes in and out about default records."""

from typing import Literal

from sindico_platform.schemas import Input, Output

RecordStatus = Literal["ok", "missing", "different"]


class RecordDifferenceOut(Output, frozen=True):
    """One thing about a default record that is not as declared.

    Of a role's permissions, `expected` lists what is missing and `found` what was added.
    """

    field: str
    expected: str
    found: str


class DefaultRecordOut(Output, frozen=True):
    """A record every tenant must have, and whether it is right."""

    code: str
    title: str
    status: RecordStatus
    differences: list[RecordDifferenceOut]
    repairable: bool
    """Whether the product can make it right by itself."""


class DefaultRecordsOut(Output, frozen=True):
    """Every default record of a tenant."""

    ok: bool
    records: list[DefaultRecordOut]


class RepairIn(Input, frozen=True):
    """Which records to repair; all that are not right unless named."""

    records: list[str] | None = None
