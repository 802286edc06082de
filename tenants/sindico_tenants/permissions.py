"""The permission grid's resources of what a customer owns and configures."""

from sindico_platform.identity.grid import Resource

RESOURCES = (
    Resource(code="companies", label="Companies", module="crm"),
    Resource(code="branches", label="Branches", module="crm"),
    Resource(code="accounts", label="Accounts", module="crm"),
    Resource(code="contacts", label="Contacts", module="crm"),
    Resource(code="crm_settings", label="CRM settings", module="settings"),
)
