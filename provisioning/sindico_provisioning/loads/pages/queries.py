"""From the staging's columns to the CRM's: what each row of ours is made of."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, Select, Table, Text, cast, func, literal, select

from sindico_platform.database.tx import Tx
from sindico_provisioning.loads.pages.schemas import Stretch
from sindico_provisioning.staging.models import STAGING
from sindico_tenants.erp_links.queries import linked_id

BATCH_ROWS = 5_000

COMPANIES, BRANCHES = STAGING["empresa_propria"], STAGING["filial"]
ACCOUNTS, CONTACTS = STAGING["empresa"], STAGING["contato"]

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
