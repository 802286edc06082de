"""From the staging's columns to the CRM's: what each row of ours is made of."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    ScalarSelect,
    Select,
    Table,
    Text,
    case,
    cast,
    func,
    literal,
    select,
)

from sindico_platform.database.tx import Tx
from sindico_provisioning.loads.pages.schemas import Stretch
from sindico_provisioning.staging.models import STAGING
from sindico_tenants.accounts.models import Contact
from sindico_tenants.erp_links.queries import linked_id

BATCH_ROWS = 5_000

COMPANIES, BRANCHES = STAGING["empresa_propria"], STAGING["filial"]
ACCOUNTS, CONTACTS = STAGING["empresa"], STAGING["contato"]
SELLERS, ORDERS = STAGING["vendedor"], STAGING["pedido"]
NOTES, BILLS = STAGING["nota"], STAGING["fatura"]

REACHED = {"email": "email", "phone": "telefone"}
ADDRESSED = {
    "cep": "cep",
    "street": "logradouro",
    "number": "numero",
    "complement": "complemento",
    "district": "bairro",
    "city": "municipio",
    "ibge_code": "codigo_ibge",
    "state": "uf",
}
REGISTERED = {
    "name": "razao_social",
    "trade_name": "nome_fantasia",
    "cnpj": "cnpj",
    "state_registration": "inscricao_estadual",
    "is_active": "ativo",
}
KEPT = {"id_erp": "id_erp", "erp_removed_at": "removed_at"}
COMPANY_VALUES = {**REGISTERED, **REACHED, **ADDRESSED, "erp_code": "id_erp"}
BRANCH_VALUES = {**COMPANY_VALUES, "is_head_office": "matriz"}
"""Our columns, and what of the ERP each is filled with."""
SOLD = {"number": "numero", "issued_on": "data_emissao", "status": "situacao"}
INCOMING_CFOPS = ("1", "2", "3")
"""How the CFOP of goods that come in begins: to the seller these are returns."""


async def find_stretch(tx: Tx, staged: Table, *, integration_id: UUID, after: str) -> Stretch:
    """The next rows of a staging table in key order, at most `BATCH_ROWS`."""
    following = (
        select(staged.c.id_erp)
        .where(staged.c.integration_id == integration_id, staged.c.id_erp > after)
        .order_by(staged.c.id_erp)
        .limit(BATCH_ROWS)
        .subquery()
    )
    found = await tx.session.execute(
        select(func.max(following.c.id_erp), func.count()).select_from(following)
    )
    last, rows = found.one()
    return Stretch(
        integration_id=integration_id,
        after=after,
        last=last or after,
        rows=rows,
        is_end=rows < BATCH_ROWS,
    )


def select_companies(_tx: Tx, stretch: Stretch) -> Select[Any]:
    """Own companies, from `empresa_propria`."""
    return _select(COMPANIES, stretch, *_columns(COMPANIES, KEPT | COMPANY_VALUES))


def select_branches(tx: Tx, stretch: Stretch) -> Select[Any]:
    """Branches of companies that are here, from `filial`."""
    company = _link(tx, stretch, "company", BRANCHES.c.cod_empresa)
    return _select(
        BRANCHES,
        stretch,
        *_columns(BRANCHES, KEPT | BRANCH_VALUES),
        company.label("company_id"),
    ).where(company.is_not(None))


async def list_orphan_branches(tx: Tx, stretch: Stretch) -> list[dict[str, Any]]:
    """Branches whose company is not here."""
    company = _link(tx, stretch, "company", BRANCHES.c.cod_empresa)
    columns = (BRANCHES.c.id_erp, BRANCHES.c.cod_empresa, BRANCHES.c.razao_social)
    orphans = _select(BRANCHES, stretch, *columns).where(company.is_(None))
    rows = await tx.session.execute(orphans.order_by(BRANCHES.c.id_erp))
    return [dict(row) for row in rows.mappings()]


def select_accounts(tx: Tx, stretch: Stretch) -> Select[Any]:
    """Client companies, from `empresa`."""
    return _select(
        ACCOUNTS,
        stretch,
        *_columns(ACCOUNTS, KEPT | REGISTERED | REACHED | ADDRESSED),
        cast(literal("company"), Text).label("person_type"),
        ACCOUNTS.c.categoria.label("erp_category"),
        ACCOUNTS.c.carteira.label("erp_portfolio"),
        _link(tx, stretch, "seller", ACCOUNTS.c.vendedor_id).label("seller_id"),
        *_scope(tx, stretch, ACCOUNTS),
    )


def select_contacts(tx: Tx, stretch: Stretch) -> Select[Any]:
    """People, from `contato`; the account is empty while it is not here."""
    own = {
        "name": "nome",
        "cpf": "cpf",
        "mobile": "celular",
        "job_title": "cargo",
        "birth_date": "data_nascimento",
        "is_active": "ativo",
    }
    return _select(
        CONTACTS,
        stretch,
        *_columns(CONTACTS, KEPT | own | REACHED),
        _link(tx, stretch, "account", CONTACTS.c.empresa_id).label("account_id"),
        *_scope(tx, stretch, CONTACTS),
    )


def select_sellers(_tx: Tx, stretch: Stretch) -> Select[Any]:
    """Sellers, from `vendedor`."""
    own = {"name": "nome", "is_active": "ativo"}
    return _select(SELLERS, stretch, *_columns(SELLERS, KEPT | own | REACHED))


def select_orders(tx: Tx, stretch: Stretch) -> Select[Any]:
    """Orders, from `pedido`."""
    return _select(
        ORDERS,
        stretch,
        *_columns(ORDERS, KEPT | SOLD | {"delivery_on": "data_entrega"}),
        *_parties(tx, stretch, ORDERS),
        _link(tx, stretch, "seller", ORDERS.c.vendedor_id).label("seller_id"),
        _cents(ORDERS.c.valor_total, ORDERS.c.valor_produtos).label("total_cents"),
    )


def select_notes(tx: Tx, stretch: Stretch) -> Select[Any]:
    """Fiscal notes, from `nota`; what comes back counts below zero, whatever its sign there."""
    is_return = func.coalesce(func.left(NOTES.c.cfop, 1).in_(INCOMING_CFOPS), False)
    total = _cents(NOTES.c.valor_total, NOTES.c.valor_produtos)
    return _select(
        NOTES,
        stretch,
        *_columns(NOTES, KEPT | SOLD),
        *_parties(tx, stretch, NOTES),
        _link(tx, stretch, "seller", NOTES.c.vendedor_id).label("seller_id"),
        case((is_return, -func.abs(total)), else_=total).label("total_cents"),
        is_return.label("is_return"),
    )


def select_bills(tx: Tx, stretch: Stretch) -> Select[Any]:
    """Trade bills, from `fatura`; without a balance all of it is open."""
    own = {"installment": "parcela"}
    return _select(
        BILLS,
        stretch,
        *_columns(BILLS, KEPT | SOLD | own),
        *_parties(tx, stretch, BILLS),
        func.coalesce(BILLS.c.data_prorrogada, BILLS.c.data_vencimento).label("due_on"),
        _cents(BILLS.c.valor).label("amount_cents"),
        _cents(BILLS.c.saldo, BILLS.c.valor).label("open_cents"),
    )


def _parties(tx: Tx, stretch: Stretch, staged: Table) -> list[ColumnElement[Any]]:
    """Who bought, and from which company and branch; a person buys for the account they are at."""
    person = _link(tx, stretch, "contact", staged.c.contato_id)
    at = select(Contact.account_id).where(Contact.tenant_id == tx.tenant_id, Contact.id == person)
    account = func.coalesce(
        _link(tx, stretch, "account", staged.c.empresa_id), at.scalar_subquery()
    )
    return [account.label("account_id"), *_scope(tx, stretch, staged)]


def _cents(*amounts: ColumnElement[Any]) -> ColumnElement[int]:
    return cast(func.coalesce(*amounts, 0) * 100, BigInteger)


def _columns(staged: Table, names: Mapping[str, str]) -> list[ColumnElement[Any]]:
    return [staged.c[theirs].label(ours) for ours, theirs in names.items()]


def _scope(tx: Tx, stretch: Stretch, staged: Table) -> list[ColumnElement[Any]]:
    return [
        _link(tx, stretch, "company", staged.c.cod_empresa).label("company_id"),
        _link(tx, stretch, "branch", staged.c.cod_filial).label("branch_id"),
    ]


def _link(
    tx: Tx, stretch: Stretch, resource: str, column: ColumnElement[str]
) -> ScalarSelect[UUID]:
    return linked_id(tx, integration_id=stretch.integration_id, resource=resource, id_erp=column)


def _select(staged: Table, stretch: Stretch, *columns: ColumnElement[Any]) -> Select[Any]:
    return select(*columns).where(
        staged.c.integration_id == stretch.integration_id,
        staged.c.id_erp > stretch.after,
        staged.c.id_erp <= stretch.last,
    )
