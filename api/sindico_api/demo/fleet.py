"""Who is in the demonstration: the vendor, and one customer per package."""

from dataclasses import dataclass

VENDOR_NAME, VENDOR_DOMAIN = "Síndico", "sindico"
OPERATOR_LOGIN, OPERATOR_NAME = "operador", "Operação Síndico"
ADMIN_LOGIN, ADMIN_NAME = "admin", "Administração"

MEGA_TENANT, VIEWS_TENANT, ERPX_TENANT = "freemium", "starter", "advanced"
"""Whose ERP it is; the second also has a program that pushes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExampleTenant:
    """A customer as the vendor's staff would register it."""

    domain: str
    name: str
    cnpj: str
    package: str
    default_integration: str | None = None


EXAMPLE_TENANTS = (
    ExampleTenant(
        domain="freemium",
        name="Comercial Freemium Ltda.",
        cnpj="11.222.333/0001-81",
        package="freemium",
        default_integration="mega",
    ),
    ExampleTenant(
        domain="starter",
        name="Distribuidora Starter Ltda.",
        cnpj="11.444.777/0001-61",
        package="starter",
    ),
    ExampleTenant(
        domain="advanced",
        name="Indústria Advanced S.A.",
        cnpj="12.ABC.345/01DE-35",
        package="advanced",
    ),
)
