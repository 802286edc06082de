"""What tables are called."""

from sindico_platform.words import translatable

TABLE_LABELS: dict[str, str] = {
    "empresa_propria": translatable("Own companies"),
    "filial": translatable("Own branches"),
    "vendedor": translatable("Salespeople"),
    "fornecedor": translatable("Suppliers"),
    "empresa": translatable("Customers: companies"),
    "empresa_marca": translatable("Customers and brands"),
    "contato": translatable("Customers: people"),
    "cotacao": translatable("Quotations"),
    "itens_cotacao": translatable("Items of quotations"),
    "pedido": translatable("Orders"),
    "itens_pedido": translatable("Items of orders"),
    "nota": translatable("Invoices"),
    "itens_nota": translatable("Items of invoices"),
    "fatura": translatable("Receivables"),
    "companies": translatable("Companies"),
    "branches": translatable("Branches"),
    "accounts": translatable("Accounts"),
    "sellers": translatable("Salespeople in the CRM"),
    "contacts": translatable("Contacts"),
    "sales_orders": translatable("Orders in the CRM"),
    "fiscal_notes": translatable("Fiscal notes in the CRM"),
    "trade_bills": translatable("Trade bills in the CRM"),
    "abc_curve": translatable("ABC curve"),
    "account_owners": translatable("Owners of accounts"),
    "contact_owners": translatable("Owners of contacts"),
    "categories": translatable("Categories"),
    "portfolios": translatable("Portfolios"),
}
"""ERP tables, then what is brought into the CRM and made of it there."""


def table_label(name: str) -> str:
    """The message id of a table's name; one that is not listed shows as itself."""
    return TABLE_LABELS.get(name, name)
