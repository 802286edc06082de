"""The curve's figures as shapes: a polyline and bands in a square of 100 by 100, and shares."""

from dataclasses import dataclass

from sindico_tenants.abc_curve.models import AbcClass
from sindico_tenants.abc_curve.schemas import ClassOut, DashboardOut, PointOut

TENTHS = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Band:
    """The accounts of one class along the horizontal axis."""

    abc_class: str
    start: float
    width: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Pareto:
    """What the chart and the table beside it are made of."""

    line: str
    """Points of an SVG polyline; the vertical axis points down."""
    bands: list[Band]
    accounts: int
    revenue_cents: int
    rows: list[PointOut]
    """Every tenth of the accounts, for the table."""


def draw_pareto(dashboard: DashboardOut) -> Pareto | None:
    """Shape the curve; None where nobody bought anything."""
    if not dashboard.pareto:
        return None
    last = dashboard.pareto[-1]
    line = " ".join(
        f"{100 * point.accounts / last.accounts:.2f},"
        f"{100 - 100 * point.revenue_cents / last.revenue_cents:.2f}"
        for point in dashboard.pareto
    )
    return Pareto(
        line=line,
        bands=_bands(dashboard.classes, last.accounts),
        accounts=last.accounts,
        revenue_cents=last.revenue_cents,
        rows=_tenths(dashboard.pareto),
    )


def _bands(classes: list[ClassOut], accounts: int) -> list[Band]:
    bands, start = [], 0.0
    for each in classes:
        if each.abc_class is AbcClass.NONE or not each.accounts:
            continue
        width = 100 * each.accounts / accounts
        bands.append(Band(abc_class=each.abc_class.value.lower(), start=start, width=width))
        start += width
    return bands


def _tenths(points: list[PointOut]) -> list[PointOut]:
    bought = points[1:]
    if len(bought) <= TENTHS:
        return bought
    return [bought[(len(bought) * part) // TENTHS - 1] for part in range(1, TENTHS + 1)]
