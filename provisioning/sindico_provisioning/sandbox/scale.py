"""How much data a sandbox ERP has."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Scale:
    """Numbers of records; notes, bills and items follow from orders."""

    name: str
    companies: int = 2
    branches: int = 5
    sellers: int
    suppliers: int
    customers: int
    contacts: int
    quotations: int
    orders: int
    invoiced: float = 0.8
    """Share of the orders that have a fiscal note."""


SCALES = {
    scale.name: scale
    for scale in (
        Scale(
            name="small",
            sellers=12,
            suppliers=60,
            customers=300,
            contacts=500,
            quotations=400,
            orders=2_000,
        ),
        Scale(
            name="medium",
            sellers=40,
            suppliers=600,
            customers=3_000,
            contacts=5_000,
            quotations=4_000,
            orders=20_000,
        ),
        Scale(
            name="large",
            sellers=150,
            suppliers=2_000,
            customers=20_000,
            contacts=30_000,
            quotations=10_000,
            orders=125_000,
            invoiced=0.3,
        ),
    )
}
"""`large` has about 500,000 orders and order items."""
