"""Whom settings are for, and which of them each branch uses."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sindico_platform.schemas import Output


class ScopeLevel(StrEnum):
    """For whom settings are: the nearer one wins."""

    TENANT = "tenant"
    COMPANY = "company"
    BRANCH = "branch"


@dataclass(frozen=True, slots=True)
class Scope:
    """A company, one of its branches, or with neither the whole tenant."""

    company_id: UUID | None = None
    branch_id: UUID | None = None

    @property
    def level(self) -> ScopeLevel:
        if self.branch_id is not None:
            return ScopeLevel.BRANCH
        return ScopeLevel.TENANT if self.company_id is None else ScopeLevel.COMPANY


@dataclass(frozen=True, slots=True)
class AllowedHost:
    """A host and port that the egress guard has let through. Only `hosts.allow_host` makes one."""

    host: str
    """In its normal form."""
    port: int


class CoverageItem(Output, kw_only=True, frozen=True):
    """One branch, and the settings it uses."""

    branch_id: UUID
    branch_name: str
    company_id: UUID
    company_name: str
    settings_id: UUID | None
    """None: nothing is configured, neither here nor above."""
    source: ScopeLevel | None
    """From where it has them."""
    host: str | None
    tested_at: datetime | None
    test_succeeded: bool | None
    used_at: datetime | None


class TestedOut(Output, kw_only=True, frozen=True):
    """How far the testing of all servers is."""

    done: int
    total: int


@dataclass(frozen=True, kw_only=True, slots=True)
class CoverageFilters:
    """Which branches; None does not restrict."""

    q: str | None = None
    """Part of the branch's name, trade name, CNPJ or ERP code."""
    company_id: UUID | None = None
    is_covered: bool | None = None
    """Whether there are settings for it at all."""
