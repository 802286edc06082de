"""The permission grid's resources of provisioning, integrations and loads."""

from sindico_platform.identity.grid import Resource
from sindico_platform.words import translatable

RESOURCES = (
    Resource(code="integrations", label=translatable("Integrations"), module="integration"),
    Resource(
        code="service_properties", label=translatable("Service properties"), module="integration"
    ),
    Resource(code="loads", label=translatable("Loads"), module="integration"),
    Resource(
        code="onboarding", label=translatable("Follow-up of the deployment"), module="integration"
    ),
    Resource(code="erp_tables", label=translatable("ERP tables"), module="integration"),
    Resource(code="exchanges", label=translatable("Exchanges with the ERP"), module="integration"),
    Resource(
        code="personal_data",
        label=translatable("Personal data in what the ERP sends"),
        module="integration",
    ),
    Resource(code="erpx_modules", label=translatable("Modules of ERPX"), module="integration"),
    Resource(code="notifications", label=translatable("Notifications"), module="integration"),
    Resource(code="webhooks", label=translatable("Webhooks"), module="integration"),
    Resource(code="tenants", label=translatable("Tenants"), module="operation", vendor=True),
    Resource(
        code="provisioning", label=translatable("Provisioning"), module="operation", vendor=True
    ),
    Resource(code="support", label=translatable("Support"), module="operation", vendor=True),
)
