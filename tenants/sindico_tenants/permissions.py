"""The permission grid's resources of what a customer owns and configures."""

from sindico_platform.identity.grid import Resource
from sindico_platform.words import translatable

RESOURCES = (
    Resource(code="companies", label=translatable("Companies"), module="crm"),
    Resource(code="branches", label=translatable("Branches"), module="crm"),
    Resource(code="imports", label=translatable("Spreadsheet imports"), module="crm"),
    Resource(code="accounts", label=translatable("Accounts"), module="crm"),
    Resource(code="contacts", label=translatable("Contacts"), module="crm"),
    Resource(code="sellers", label=translatable("Salespeople"), module="crm"),
    Resource(code="sales_orders", label=translatable("Orders"), module="crm"),
    Resource(code="fiscal_notes", label=translatable("Fiscal notes"), module="crm"),
    Resource(code="trade_bills", label=translatable("Trade bills"), module="crm"),
    Resource(code="abc_curve", label=translatable("ABC curve"), module="crm"),
    Resource(code="portfolios", label=translatable("Categories and portfolios"), module="crm"),
    Resource(code="documents", label=translatable("Documents"), module="crm"),
    Resource(code="ftp_settings", label=translatable("FTP settings"), module="settings"),
    Resource(code="smtp_settings", label=translatable("SMTP settings"), module="settings"),
    Resource(code="outgoing_mails", label=translatable("Sent e-mails"), module="settings"),
    Resource(
        code="document_pickups",
        label=translatable("Files that the customer's server fetches"),
        module="settings",
    ),
    Resource(
        code="abc_settings", label=translatable("Settings of the ABC curve"), module="settings"
    ),
    Resource(code="crm_settings", label=translatable("CRM settings"), module="settings"),
)
