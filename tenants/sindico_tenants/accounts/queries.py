"""Every SELECT on accounts and contacts."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, CTE, Boolean, ColumnElement, Text, Uuid, any_, bindparam, func, select

from sindico_platform.database.tx import Tx
from sindico_platform.paging.keyset import Keyset
from sindico_platform.paging.reading import Fetches, ListReader, StructReader
from sindico_platform.paging.schemas import Page, PageRequest
from sindico_tenants.accounts.errors import AccountNotFound, ContactNotFound
from sindico_tenants.accounts.models import Account, Contact
from sindico_tenants.accounts.schemas import (
    AccountFilters,
    AccountItem,
    AccountOut,
    ContactFilters,
    ContactItem,
    ContactOut,
    ScopeFilters,
)
from sindico_tenants.sales.models import Seller
from sindico_tenants.search import (
    MIN_PART,
    bare,
    begins_with,
    clean_query,
    pattern_of,
    pattern_text,
    removal_is,
)

ACCOUNT_ORDERS = Keyset(Account.id, default="name", name=Account.search_name, created_at=Account.id)
CONTACT_ORDERS = Keyset(Contact.id, default="name", name=Contact.search_name, created_at=Contact.id)


def _filters(table: type[Account] | type[Contact], *equal: str) -> dict[str, ColumnElement[bool]]:
    """Conditions by name; each takes a parameter of the same name."""
    match = getattr(func.crm, f"match_{table.__tablename__}")
    matching = match(pattern_of(bindparam("part", type_=Text))).column_valued("match")
    filters = {
        "part": table.id.in_(select(matching)),
        "beginning": begins_with(table.search_name, bindparam("beginning", type_=Text)),
        "is_removed": removal_is(table.erp_removed_at, bindparam("is_removed", type_=Boolean)),
    }
    for name in ("cpf", "company_id", "branch_id", "owner_user_id", "is_active", *equal):
        column = getattr(table, name)
        filters[name] = column == bindparam(name, type_=column.type)
    return filters


_accounts = StructReader(AccountOut, Account)
_contacts = StructReader(ContactOut, Contact)
_ACCOUNT_FILTERS = _filters(Account, "cnpj", "person_type", "state")
_account_list = ListReader(AccountItem, Account, ACCOUNT_ORDERS, _ACCOUNT_FILTERS)
_contact_list = ListReader(ContactItem, Contact, CONTACT_ORDERS, _filters(Contact, "account_id"))


async def list_accounts(
    tx: Fetches, *, request: PageRequest, filters: AccountFilters
) -> Page[AccountItem]:
    """List accounts."""
    return await _account_list.page(tx, request, _wanted_accounts(filters))


async def list_account_ids(tx: Tx, *, filters: AccountFilters, most: int) -> list[UUID]:
    """Every account that a list with these filters shows, in the order of the ids, up to `most`."""
    wanted = {name: each for name, each in _wanted_accounts(filters).items() if each is not None}
    statement = (
        select(Account.id)
        .where(Account.tenant_id == tx.tenant_id, *(_ACCOUNT_FILTERS[name] for name in wanted))
        .order_by(Account.id)
        .limit(most)
    )
    return list(await tx.session.scalars(statement, wanted))


async def list_known_ids(tx: Tx, account_ids: Sequence[UUID]) -> list[UUID]:
    """Those of the ids that are an account's, in their order."""
    asked = bindparam("asked", list(account_ids), type_=ARRAY(Uuid))
    statement = (
        select(Account.id)
        .where(Account.tenant_id == tx.tenant_id, Account.id == any_(asked))
        .order_by(Account.id)
    )
    return list(await tx.session.scalars(statement))


async def list_contacts(
    tx: Fetches, *, request: PageRequest, filters: ContactFilters
) -> Page[ContactItem]:
    """List contacts."""
    wanted = _wanted(filters) | {"account_id": filters.account_id}
    return await _contact_list.page(tx, request, wanted)


async def count_accounts(tx: Tx, *, most: int) -> int:
    """How many accounts there are; no more than `most` are counted."""
    return await _accounts.count(tx, most=most)


async def count_contacts(tx: Tx, *, most: int) -> int:
    """How many contacts there are; no more than `most` are counted."""
    return await _contacts.count(tx, most=most)


def hold_sold_by_users(tx: Tx, *conditions: ColumnElement[bool]) -> CTE:
    """Accounts whose seller is a user, as ``id`` and ``user_id``, held in the order of their ids.

    Whoever changes many accounts holds them in this order, so that nobody is caught in a deadlock.
    """
    found = (
        select(Account.id, Seller.user_id)
        .join(Seller, (Seller.tenant_id == Account.tenant_id) & (Seller.id == Account.seller_id))
        .where(Account.tenant_id == tx.tenant_id, Seller.user_id.is_not(None), *conditions)
        .order_by(Account.id)
        .with_for_update(of=Account, key_share=True)
    )
    return found.cte("held").prefix_with("MATERIALIZED")


def hold_owned_contacts(tx: Tx, *conditions: ColumnElement[bool]) -> CTE:
    """Contacts at an account with an owner, as ``id`` and ``user_id``, held in the same way."""
    found = (
        select(Contact.id, Account.owner_user_id.label("user_id"))
        .join(
            Account, (Account.tenant_id == Contact.tenant_id) & (Account.id == Contact.account_id)
        )
        .where(Contact.tenant_id == tx.tenant_id, Account.owner_user_id.is_not(None), *conditions)
        .order_by(Contact.id)
        .with_for_update(of=Contact, key_share=True)
    )
    return found.cte("held").prefix_with("MATERIALIZED")


async def count_sold_by_users(tx: Tx) -> int:
    """How many accounts have a seller who is a user."""
    statement = (
        select(func.count(Account.id))
        .join(Seller, (Seller.tenant_id == Account.tenant_id) & (Seller.id == Account.seller_id))
        .where(Account.tenant_id == tx.tenant_id, Seller.user_id.is_not(None))
    )
    return await tx.session.scalar(statement) or 0


async def count_owned_contacts(tx: Tx) -> int:
    """How many contacts are at an account with an owner."""
    statement = (
        select(func.count(Contact.id))
        .join(
            Account, (Account.tenant_id == Contact.tenant_id) & (Account.id == Contact.account_id)
        )
        .where(Contact.tenant_id == tx.tenant_id, Account.owner_user_id.is_not(None))
    )
    return await tx.session.scalar(statement) or 0


async def get_account(tx: Tx, account_id: UUID) -> AccountOut:
    """Read one account.

    Raises:
        AccountNotFound: no such account, or it is another tenant's.
    """
    account = await _accounts.find(tx, Account.id == account_id)
    if account is None:
        raise AccountNotFound(account_id=account_id)
    return account


async def get_contact(tx: Tx, contact_id: UUID) -> ContactOut:
    """Read one contact.

    Raises:
        ContactNotFound: no such contact, or it is another tenant's.
    """
    contact = await _contacts.find(tx, Contact.id == contact_id)
    if contact is None:
        raise ContactNotFound(contact_id=contact_id)
    return contact


def _wanted_accounts(filters: AccountFilters) -> dict[str, Any]:
    return _wanted(filters) | {
        "cnpj": filters.cnpj and bare(filters.cnpj),
        "person_type": filters.person_type,
        "state": filters.state and bare(filters.state),
    }


def _wanted(filters: ScopeFilters) -> dict[str, Any]:
    text = clean_query(filters.q or "")
    return {
        "part": pattern_text(text) if len(text) >= MIN_PART else None,
        "beginning": text if 0 < len(text) < MIN_PART else None,
        "cpf": filters.cpf and bare(filters.cpf),
        "company_id": filters.company_id,
        "branch_id": filters.branch_id,
        "owner_user_id": filters.owner_user_id,
        "is_active": filters.is_active,
        "is_removed": filters.is_removed,
    }
