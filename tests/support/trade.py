"""What a sandbox ERP of the tests has in it."""

from datetime import date

from sindico_provisioning.sandbox.scale import Scale

TINY = Scale(
    name="tiny",
    companies=1,
    branches=2,
    sellers=3,
    suppliers=4,
    customers=20,
    contacts=10,
    quotations=5,
    orders=30,
)
END = date(2026, 11, 21)
"""Its last day."""
