"""From the staging's columns to the CRM's: what each row of ours is made of."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    Table,
    Text,
    case,
    cast,
    collate,
    func,
    literal,
    select,
)

from sindico_platform.database.tx import Tx
from sindico_provisioning.loads.pages.schemas import Stretch
from sindico_provisioning.staging.models import STAGING
from sindico_tenants.accounts.models import Contact
from sindico_tenants.erp_links.queries import find_links

BATCH_ROWS = 10_000
"""A second or two of work. Smaller ones look the same accounts and sellers up again and again."""

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


class Batch:
    """The rows of a stretch, and our rows that their columns stand for."""

    def __init__(self, tx: Tx, stretch: Stretch, staged: Table) -> None:
        self._tx, self._stretch = tx, stretch
        rows = select(staged).where(
            staged.c.integration_id == stretch.integration_id,
            staged.c.id_erp > stretch.after,
            staged.c.id_erp <= stretch.last,
        )
        self._rows = rows.cte("staged").prefix_with("MATERIALIZED")
        self._joined: FromClause = self._rows
        self.c = self._rows.c

    def find_id(self, resource: str, name: str) -> ColumnElement[UUID]:
        """The id of our row that a column's key stands for; null if there is none."""
        key = self.c[name]
        links = find_links(
            self._tx, integration_id=self._stretch.integration_id, resource=resource, keys=key
        )
        self._joined = self._joined.outerjoin(links, links.c.id_erp == collate(key, "C"))
        return links.c.id

    def find_account_of_contact(self) -> ColumnElement[UUID | None]:
        """The account at which a row's person is; null if there is none."""
        person = self.find_id("contact", "contato_id")
        at = select(Contact.account_id).where(
            Contact.tenant_id == self._tx.tenant_id, Contact.id == person
        )
        return at.scalar_subquery()

    def columns(self, names: Mapping[str, str]) -> list[ColumnElement[Any]]:
        return [self.c[theirs].label(ours) for ours, theirs in names.items()]

    def scope(self) -> list[ColumnElement[Any]]:
        """From which company and branch."""
        return [
            self.find_id("company", "cod_empresa").label("company_id"),
            self.find_id("branch", "cod_filial").label("branch_id"),
        ]

    def parties(self) -> list[ColumnElement[Any]]:
        """Who bought, and from whom; a person buys for the account they are at."""
        account = func.coalesce(
            self.find_id("account", "empresa_id"), self.find_account_of_contact()
        )
        return [account.label("account_id"), *self.scope()]

    def select(self, *columns: ColumnElement[Any]) -> Select[Any]:
        return select(*columns).select_from(self._joined)


def select_companies(tx: Tx, stretch: Stretch) -> Select[Any]:
    """Own companies, from `empresa_propria`."""
    batch = Batch(tx, stretch, COMPANIES)
    return batch.select(*batch.columns(KEPT | COMPANY_VALUES))


def select_branches(tx: Tx, stretch: Stretch) -> Select[Any]:
    """Branches of companies that are here, from `filial`."""
    batch = Batch(tx, stretch, BRANCHES)
    company = batch.find_id("company", "cod_empresa")
    columns = batch.columns(KEPT | BRANCH_VALUES)
    return batch.select(*columns, company.label("company_id")).where(company.is_not(None))


async def list_orphan_branches(tx: Tx, stretch: Stretch) -> list[dict[str, Any]]:
    """Branches whose company is not here."""
    batch = Batch(tx, stretch, BRANCHES)
    company = batch.find_id("company", "cod_empresa")
    orphans = batch.select(batch.c.id_erp, batch.c.cod_empresa, batch.c.razao_social)
    rows = await tx.session.execute(orphans.where(company.is_(None)).order_by(batch.c.id_erp))
    return [dict(row) for row in rows.mappings()]


def select_accounts(tx: Tx, stretch: Stretch) -> Select[Any]:
    """Client companies, from `empresa`."""
    batch = Batch(tx, stretch, ACCOUNTS)
    return batch.select(
        *batch.columns(KEPT | REGISTERED | REACHED | ADDRESSED),
        cast(literal("company"), Text).label("person_type"),
        batch.c.categoria.label("erp_category"),
        batch.c.carteira.label("erp_portfolio"),
        batch.find_id("seller", "vendedor_id").label("seller_id"),
        *batch.scope(),
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
    batch = Batch(tx, stretch, CONTACTS)
    return batch.select(
        *batch.columns(KEPT | own | REACHED),
        batch.find_id("account", "empresa_id").label("account_id"),
        *batch.scope(),
    )


def select_sellers(tx: Tx, stretch: Stretch) -> Select[Any]:
    """Sellers, from `vendedor`."""
    batch = Batch(tx, stretch, SELLERS)
    return batch.select(*batch.columns(KEPT | {"name": "nome", "is_active": "ativo"} | REACHED))


def select_orders(tx: Tx, stretch: Stretch) -> Select[Any]:
    """Orders, from `pedido`."""
    batch = Batch(tx, stretch, ORDERS)
    return batch.select(
        *batch.columns(KEPT | SOLD | {"delivery_on": "data_entrega"}),
        *batch.parties(),
        batch.find_id("seller", "vendedor_id").label("seller_id"),
        _cents(batch.c.valor_total, batch.c.valor_produtos).label("total_cents"),
    )


def select_notes(tx: Tx, stretch: Stretch) -> Select[Any]:
    """Fiscal notes, from `nota`; what comes back counts below zero, whatever its sign there."""
    batch = Batch(tx, stretch, NOTES)
    is_return = func.coalesce(func.left(batch.c.cfop, 1).in_(INCOMING_CFOPS), False)
    total = _cents(batch.c.valor_total, batch.c.valor_produtos)
    return batch.select(
        *batch.columns(KEPT | SOLD),
        *batch.parties(),
        batch.find_id("seller", "vendedor_id").label("seller_id"),
        case((is_return, -func.abs(total)), else_=total).label("total_cents"),
        is_return.label("is_return"),
    )


def select_bills(tx: Tx, stretch: Stretch) -> Select[Any]:
    """Trade bills, from `fatura`; without a balance all of it is open."""
    batch = Batch(tx, stretch, BILLS)
    return batch.select(
        *batch.columns(KEPT | SOLD | {"installment": "parcela"}),
        *batch.parties(),
        func.coalesce(batch.c.data_prorrogada, batch.c.data_vencimento).label("due_on"),
        _cents(batch.c.valor).label("amount_cents"),
        _cents(batch.c.saldo, batch.c.valor).label("open_cents"),
    )


def _cents(*amounts: ColumnElement[Any]) -> ColumnElement[int]:
    return cast(func.coalesce(*amounts, 0) * 100, BigInteger)
