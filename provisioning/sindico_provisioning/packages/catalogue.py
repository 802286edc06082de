"""The packages, declared once. `control.package` is made equal to this by every migration.

A limit of ``None`` is no limit. A package must name every limit, so that adding a limit means
deciding it for each package.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from sindico_platform.words import translatable

GIGABYTE = 10**9
BYTES = translatable("bytes")


class Activation(StrEnum):
    """Who turns a synchronised user into an active one."""

    AUTOMATIC = "automatic"
    SUPPORT = "support"


@dataclass(frozen=True, kw_only=True, slots=True)
class Limit:
    """Something a package counts."""

    code: str
    title: str
    unit: str
    advice: str = ""
    """What to do once it is reached."""
    renews: bool = False
    """Given anew with time; so nothing must be given up before a change to a smaller package."""
    is_open: bool = False
    """Shown, and never set: no package and no tenant has a number here."""

    def describe(self, amount: int) -> str:
        """An amount for a sentence, the same in every language."""
        if self.unit != BYTES:
            return str(amount)
        for unit, size in (("GB", GIGABYTE), ("MB", 10**6), ("kB", 10**3)):
            if amount >= size:
                return f"{round(amount / size, 1):g} {unit}"
        return f"{amount} B"


@dataclass(frozen=True, kw_only=True, slots=True)
class Feature:
    """Something a package has or has not."""

    code: str
    title: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Package:
    """One thing the vendor sells."""

    code: str
    title: str
    paid: bool
    activation: Activation
    features: frozenset[str]
    limits: Mapping[str, int | None]

    def __post_init__(self) -> None:
        if self.limits.keys() != LIMITS.keys() or not self.features <= FEATURES.keys():
            raise ValueError(f"package {self.code} must name every limit and only known features")
        if any(LIMITS[code].is_open for code, value in self.limits.items() if value is not None):
            raise ValueError(f"package {self.code} limits what no package limits")


ALL_LIMITS = (
    Limit(
        code="active_users",
        title=translatable("Active users"),
        unit=translatable("users"),
        advice=translatable("Disable a user who has left, or ask for a larger package."),
    ),
    Limit(
        code="branches",
        title=translatable("Branches"),
        unit=translatable("branches"),
        is_open=True,
    ),
    Limit(
        code="integrations",
        title=translatable("Integrations"),
        unit=translatable("integrations"),
        advice=translatable("Ask for a larger package."),
    ),
    Limit(
        code="runs_per_day",
        title=translatable("Load runs per day"),
        unit=translatable("runs"),
        advice=translatable("Wait until midnight, or ask for a larger package."),
        renews=True,
    ),
    Limit(
        code="export_rows",
        title=translatable("Rows per export"),
        unit=translatable("rows"),
        advice=translatable("Narrow it down by a filter, or ask for a larger package."),
    ),
    Limit(
        code="api_requests_per_minute",
        title=translatable("API requests per minute"),
        unit=translatable("requests"),
        renews=True,
    ),
    Limit(
        code="push_rows_per_minute",
        title=translatable("Pushed rows per minute"),
        unit=translatable("rows"),
        renews=True,
    ),
    Limit(
        code="storage_bytes",
        title=translatable("File storage"),
        unit=BYTES,
        advice=translatable("Remove files that are no longer needed, or ask for a larger package."),
    ),
)
LIMITS: Mapping[str, Limit] = MappingProxyType({limit.code: limit for limit in ALL_LIMITS})

ALL_FEATURES = (
    Feature(code="erp_mega", title=translatable("Integration with ERP Mega XT")),
    Feature(code="erp_erpx", title=translatable("Integration with ERPX")),
    Feature(code="erp_views", title=translatable("Integration by database views")),
    Feature(code="erp_push", title=translatable("Integration by push API")),
)
FEATURES: Mapping[str, Feature] = MappingProxyType({item.code: item for item in ALL_FEATURES})

# Every Mega XT customer receives Freemium, so the connector is sold with no other package.
FREEMIUM = Package(
    code="freemium",
    title="Freemium",
    paid=False,
    activation=Activation.AUTOMATIC,
    features=frozenset({"erp_mega", "erp_erpx", "erp_views", "erp_push"}),
    limits={
        "active_users": 5,
        "branches": None,
        "integrations": 1,
        "runs_per_day": 48,
        "export_rows": 50_000,
        "api_requests_per_minute": 600,
        "push_rows_per_minute": 300_000,
        "storage_bytes": 5 * GIGABYTE,
    },
)
STARTER = Package(
    code="starter",
    title="Starter",
    paid=True,
    activation=Activation.SUPPORT,
    features=frozenset({"erp_erpx", "erp_views", "erp_push"}),
    limits={
        "active_users": 50,
        "branches": None,
        "integrations": 3,
        "runs_per_day": 288,
        "export_rows": 500_000,
        "api_requests_per_minute": 3_000,
        "push_rows_per_minute": 1_500_000,
        "storage_bytes": 50 * GIGABYTE,
    },
)
ADVANCED = Package(
    code="advanced",
    title="Advanced",
    paid=True,
    activation=Activation.SUPPORT,
    features=frozenset({"erp_erpx", "erp_views", "erp_push"}),
    limits={
        "active_users": None,
        "branches": None,
        "integrations": 20,
        "runs_per_day": None,
        "export_rows": None,
        "api_requests_per_minute": 12_000,
        "push_rows_per_minute": 6_000_000,
        "storage_bytes": 500 * GIGABYTE,
    },
)
PACKAGES: Mapping[str, Package] = MappingProxyType(
    {package.code: package for package in (FREEMIUM, STARTER, ADVANCED)}
)
