"""What spreadsheets can bring in: one definition each.

From it come the template, the recognition of columns, the checks, the preview, what is written and
what is taken back. A further resource is one definition more.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sindico_platform.database.base import Base
from sindico_platform.errors import FieldError
from sindico_platform.words import translatable
from sindico_tenants.companies.models import Branch, Company
from sindico_tenants.companies.registration.fields import (
    find_fault,
    find_place_fault,
    is_same,
    stored_form,
)
from sindico_tenants.imports.errors import ImportableNotFound
from sindico_tenants.imports.reading import mend_cep, mend_cnpj, mend_state, read_yes_or_no

Value = str | bool | None
Read = Callable[[str, str], tuple[Value, FieldError | None]]
"""From a field's name and a text that is not blank to the form that is stored, or what is wrong."""


def read_registered(name: str, text: str) -> tuple[Value, FieldError | None]:
    """By the rules that forms and the API have for companies and branches."""
    fault = find_fault(name, text)
    return (None, fault) if fault else (stored_form(name, text), None)


def mending(mend: Callable[[str], str]) -> Read:
    """As `read_registered`, after giving back what spreadsheet programs take away."""
    return lambda name, text: read_registered(name, mend(text))


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportField:
    """One field that a column may fill."""

    name: str
    """Of the table's column, or of a way to name the parent."""
    label: str
    """English message id; the template's column has it in the reader's language."""
    headers: tuple[str, ...]
    """All it may be called, in both languages, besides `name`; case and accents do not count."""
    note: str
    """What to enter, as a message id."""
    example: str
    read: Read = read_registered
    is_required: bool = False
    """Of a new record."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """A field by whose value a record is recognised; nobody shares it, except where said."""

    field: str
    within: str | None = None
    """The value may come again under another parent: the column that holds the parent's id."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Parent:
    """The record that a row belongs to, named by a document or a code; it never changes."""

    column: str
    table: type[Base]
    by: Mapping[str, str]
    """Field of the sheet to column of the parent's table, the surest first."""


@dataclass(frozen=True, kw_only=True)
class Importable:
    """One resource that a spreadsheet can bring in."""

    resource: str
    """As in the permission grid."""
    label: str
    table: type[Company] | type[Branch]
    fields: tuple[ImportField, ...]
    keys: tuple[Key, ...]
    """The surest first."""
    rule: str
    """How rows find their records, for people, as a message id."""
    parent: Parent | None = None
    alone: str | None = None
    """A mark that one record of a parent may have."""
    defaults: Mapping[str, Value] = field(default_factory=dict)
    """Of a new record."""
    is_same: Callable[[str, Value, Value], bool] = is_same
    find_clash: Callable[[Mapping[str, Value], Any], FieldError | None] = find_place_fault
    """What is wrong between fields: all values of the record, and the names of those that change.
    """

    @cached_property
    def by_name(self) -> dict[str, ImportField]:
        return {each.name: each for each in self.fields}

    @cached_property
    def stored(self) -> tuple[str, ...]:
        """The columns of the table that a sheet may fill."""
        ways = self.parent.by if self.parent else {}
        return tuple(each.name for each in self.fields if each.name not in ways)

    def permission(self, access: str) -> str:
        return f"{self.resource}:{access}"


NAME = ImportField(
    name="name",
    label=translatable("Corporate name"),
    headers=("Razão social", "Registered name", "Corporate name", "Nome", "Nome empresarial"),
    note=translatable("As in the register of companies."),
    example="Metalúrgica Itajaí Ltda.",
    is_required=True,
)
TRADE_NAME = ImportField(
    name="trade_name",
    label=translatable("Trade name"),
    headers=("Nome fantasia", "Trade name", "Fantasia"),
    note=translatable("The name that customers know."),
    example="Metal Itajaí",
)
CNPJ = ImportField(
    name="cnpj",
    label=translatable("CNPJ"),
    headers=("CNPJ", "CNPJ da filial", "Tax ID", "CNPJ/MF"),
    note=translatable("Numeric or alphanumeric, with or without its mask."),
    example="11.222.333/0001-81",
    read=mending(mend_cnpj),
)
REGISTRATION = ImportField(
    name="state_registration",
    label=translatable("State registration"),
    headers=("Inscrição estadual", "State registration", "IE"),
    note=translatable("The number, or ISENTO."),
    example="254839170",
)
IS_ACTIVE = ImportField(
    name="is_active",
    label=translatable("In operation"),
    headers=("Em atividade", "In operation", "Ativo", "Ativa", "Active", "Is active"),
    note=translatable("Yes or no; a new record is active unless the cell says no."),
    example="Sim",
    read=read_yes_or_no,
)
PLACE = (
    ImportField(
        name="email",
        label=translatable("E-mail"),
        headers=("E-mail", "Email", "Correio eletrônico"),
        note=translatable("One address."),
        example="contato@itajai.example",
    ),
    ImportField(
        name="phone",
        label=translatable("Phone"),
        headers=("Telefone", "Phone", "Fone"),
        note=translatable("With area code; one abroad starts with + and the country."),
        example="(47) 3326-1234",
    ),
    ImportField(
        name="cep",
        label=translatable("Postcode"),
        headers=("CEP", "Postcode", "Postal code", "Zip code"),
        note=translatable("Eight digits, with or without the dash."),
        example="89010-025",
        read=mending(mend_cep),
    ),
    ImportField(
        name="street",
        label=translatable("Street"),
        headers=("Logradouro", "Rua", "Endereço", "Street", "Address"),
        note=translatable("Without number and complement."),
        example="Rua XV de Novembro",
    ),
    ImportField(
        name="number",
        label=translatable("Number"),
        headers=("Número", "Number", "Nº", "N°", "Num"),
        note=translatable("Of the house; S/N without one."),
        example="1280",
    ),
    ImportField(
        name="complement",
        label=translatable("Complement"),
        headers=("Complemento", "Complement"),
        note=translatable("Floor, room, block."),
        example="Sala 402",
    ),
    ImportField(
        name="district",
        label=translatable("District"),
        headers=("Bairro", "District", "Neighborhood"),
        note=translatable("The part of the city."),
        example="Centro",
    ),
    ImportField(
        name="city",
        label=translatable("City"),
        headers=("Município", "Cidade", "City"),
        note=translatable("Its name in full."),
        example="Blumenau",
    ),
    ImportField(
        name="ibge_code",
        label=translatable("IBGE code of the municipality"),
        headers=(
            "Código IBGE",
            "Código IBGE do município",
            "IBGE code of the municipality",
            "IBGE code",
            "IBGE",
            "Cód. IBGE",
            "Código do município",
        ),
        note=translatable("Seven digits; the first two are the state."),
        example="4202404",
    ),
    ImportField(
        name="state",
        label=translatable("State (UF)"),
        headers=("UF", "Estado", "State", "State (UF)", "Estado (UF)"),
        note=translatable("Two letters; EX is abroad."),
        example="SC",
        read=mending(mend_state),
    ),
)

COMPANIES = Importable(
    resource="companies",
    label=translatable("Companies"),
    table=Company,
    fields=(
        CNPJ,
        ImportField(
            name="erp_code",
            label=translatable("Company code"),
            headers=(
                "Código da empresa",
                "Company code",
                "Código",
                "Code",
                "Código ERP",
                "ERP code",
            ),
            note=translatable("The company's code in the ERP."),
            example="1",
        ),
        NAME,
        TRADE_NAME,
        REGISTRATION,
        IS_ACTIVE,
        *PLACE,
    ),
    keys=(
        Key(field="cnpj"),
        Key(field="erp_code"),
    ),
    rule=translatable(
        "A row is the company with its CNPJ; if none has it, the company with its code; if none"
        " has that, a new company."
    ),
    defaults={"is_active": True},
)

BRANCHES = Importable(
    resource="branches",
    label=translatable("Branches"),
    table=Branch,
    fields=(
        CNPJ,
        ImportField(
            name="erp_code",
            label=translatable("Branch code"),
            headers=("Código da filial", "Branch code", "Código", "Code", "Código ERP", "ERP code"),
            note=translatable("The branch's code in the ERP; another company may use it too."),
            example="2",
        ),
        ImportField(
            name="company_cnpj",
            label=translatable("CNPJ of the company"),
            headers=("CNPJ da empresa", "CNPJ of the company", "Company CNPJ"),
            note=translatable(
                "Names the company, which must be registered already. Or give its code."
            ),
            example="11.222.333/0001-81",
            read=lambda _name, text: read_registered("cnpj", mend_cnpj(text)),
        ),
        ImportField(
            name="company_code",
            label=translatable("Company code"),
            headers=("Código da empresa", "Company code", "Empresa", "Company"),
            note=translatable("Names the company too; not needed beside its CNPJ."),
            example="",
            read=lambda _name, text: read_registered("erp_code", text),
        ),
        ImportField(
            name="is_head_office",
            label=translatable("Head office"),
            headers=("Matriz", "Head office", "É matriz"),
            note=translatable("Yes or no; one branch of a company is its head office."),
            example="Não",
            read=read_yes_or_no,
        ),
        NAME,
        TRADE_NAME,
        REGISTRATION,
        IS_ACTIVE,
        *PLACE,
    ),
    keys=(
        Key(field="cnpj"),
        Key(field="erp_code", within="company_id"),
    ),
    rule=translatable(
        "A row is the branch with its CNPJ; if none has it, the branch of its company with its"
        " code; if none has that, a new branch of that company."
    ),
    parent=Parent(
        column="company_id",
        table=Company,
        by={"company_cnpj": "cnpj", "company_code": "erp_code"},
    ),
    alone="is_head_office",
    defaults={"is_active": True, "is_head_office": False},
)

DEFINITIONS: dict[str, Importable] = {each.resource: each for each in (COMPANIES, BRANCHES)}


def get_importable(resource: str) -> Importable:
    """Find the definition of a resource.

    Raises:
        ImportableNotFound: naming those there are.
    """
    found = DEFINITIONS.get(resource)
    if found is None:
        raise ImportableNotFound(resource=resource[:60], known=", ".join(DEFINITIONS))
    return found
