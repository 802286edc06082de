"""What a benchmark answers, and how it is printed."""

import sys
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measured value beside its yardstick or its bar."""

    name: str
    value: float
    unit: str
    yardstick: str = ""
    """What was measured beside it."""
    yardstick_value: float | None = None
    at_least: float | None = None
    """Bar for the ratio to the yardstick, or for the value where there is none."""
    at_most: float | None = None

    @property
    def ratio(self) -> float | None:
        return self.value / self.yardstick_value if self.yardstick_value else None

    @property
    def passed(self) -> bool:
        judged = self.value if self.ratio is None else self.ratio
        low, high = self.at_least, self.at_most
        return (low is None or judged >= low) and (high is None or judged <= high)


def render(figures: list[Figure]) -> str:
    """A table for people."""
    rows = [("figure", "value", "yardstick", "ratio", "bar", "")]
    rows += [
        (
            figure.name,
            f"{figure.value:,.4g} {figure.unit}",
            f"{figure.yardstick} {figure.yardstick_value:,.4g}" if figure.yardstick_value else "",
            f"{figure.ratio:.2f}" if figure.ratio is not None else "",
            bar(figure),
            "ok" if figure.passed else "MISSED",
        )
        for figure in figures
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines)


def bar(figure: Figure) -> str:
    if figure.at_least is not None:
        return f"≥ {figure.at_least:g}"
    return f"≤ {figure.at_most:g}" if figure.at_most is not None else ""


def tell(progress: str) -> None:
    """Say how far a benchmark is, beside the table."""
    print(f"  {progress}", file=sys.stderr, flush=True)
