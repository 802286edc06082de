"""What goes out about packages, limits and usage."""

from dataclasses import dataclass
from typing import Self

from sindico_platform.schemas import Output
from sindico_provisioning.packages.catalogue import FEATURES, LIMITS, Package


class FeatureOut(Output, frozen=True):
    """Something a package includes."""

    code: str
    title: str


class LimitOut(Output, frozen=True):
    """How much a package allows; no `allowed` is no limit."""

    code: str
    title: str
    unit: str
    allowed: int | None


class PackageOut(Output, frozen=True):
    """A package as the vendor sells it."""

    code: str
    title: str
    paid: bool
    activation: str
    features: list[FeatureOut]
    limits: list[LimitOut]

    @classmethod
    def of(cls, package: Package) -> Self:
        return cls(
            code=package.code,
            title=package.title,
            paid=package.paid,
            activation=package.activation,
            features=[
                FeatureOut(code=item.code, title=item.title)
                for item in FEATURES.values()
                if item.code in package.features
            ],
            limits=[
                LimitOut(
                    code=item.code,
                    title=item.title,
                    unit=item.unit,
                    allowed=package.limits[item.code],
                )
                for item in LIMITS.values()
            ],
        )


class UsageOut(Output, frozen=True):
    """One limit of a tenant beside what is used of it.

    `allowed` is null where there is no limit, `used` where nothing is counted over time.
    """

    code: str
    title: str
    unit: str
    allowed: int | None
    used: int | None
    overridden: bool
    """Whether this tenant has a value of its own instead of the package's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Allowance:
    """A limit in force, and the package it comes from."""

    package: str
    allowed: int
