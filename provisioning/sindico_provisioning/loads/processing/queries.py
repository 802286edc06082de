"""Which phases follow the fetching, in which order (R-364)."""

from collections.abc import Collection

from sindico_provisioning.erp_tables.queries import OWN_TABLES, TABLES
from sindico_provisioning.erp_tables.schemas import ErpTable
from sindico_provisioning.loads.models import PhaseStep

SYNCHRONISED = {
    "empresa_propria": "companies",
    "filial": "branches",
    "vendedor": "sellers",
    "empresa": "accounts",
    "contato": "contacts",
    "pedido": "sales_orders",
    "nota": "fiscal_notes",
    "fatura": "trade_bills",
}
"""What of the CRM is made of which ERP table, parents before children."""

LINKED = {
    "empresa_propria": "company",
    "filial": "branch",
    "vendedor": "seller",
    "empresa": "account",
    "contato": "contact",
    "pedido": "sales_order",
    "nota": "fiscal_note",
    "fatura": "trade_bill",
}
"""ERP tables of which records of the CRM are made, and what `external_ref` calls these."""

UNDERSTOOD = (
    (PhaseStep.ANALYSE, "abc_curve"),
    (PhaseStep.UPDATE, "account_owners"),
    (PhaseStep.UPDATE, "contact_owners"),
    (PhaseStep.CATEGORISE, "categories"),
    (PhaseStep.CATEGORISE, "portfolios"),
)
"""What is done once the CRM has what was fetched."""

RETIRED = ("itens_pedido", "pedido", "itens_nota", "nota", "fatura")
"""ERP tables that rows leave in time; items before the documents whose date decides."""


_MADE_OF = {ours: theirs for theirs, ours in SYNCHRONISED.items()}


def find_erp_table(resource: str) -> ErpTable:
    """The ERP table that a phase reads, or of which it makes something of the CRM."""
    return TABLES[_MADE_OF.get(resource, resource)]


def list_processing_steps(fetched: Collection[str]) -> list[tuple[PhaseStep, str]]:
    """The phases after those that fetch ERP tables, in their order.

    A table whose rows become the CRM's is retired only by a load that brought them there.

    Args:
        fetched: ERP tables that the load reads.
    """
    brought = [ours for theirs, ours in SYNCHRONISED.items() if theirs in fetched]
    steps = [(PhaseStep.SYNCHRONISE, name) for name in brought]
    if any(theirs in fetched for theirs in SYNCHRONISED if theirs not in OWN_TABLES):
        steps += UNDERSTOOD
    steps += [(PhaseStep.RETIRE, name) for name in RETIRED if name in fetched]
    return steps
