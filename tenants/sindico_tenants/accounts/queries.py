"""Every SELECT on accounts and contacts."""

from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, func, select

from sindico_platform.database.tx import Tx
from sindico_platform.paging.keyset import Keyset
from sindico_platform.paging.reading import StructReader
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
from sindico_tenants.search import MIN_PART, bare, begins_with, clean_query, pattern_of

ACCOUNT_ORDERS = Keyset(Account.id, default="name", name=Account.search_name, created_at=Account.id)
CONTACT_ORDERS = Keyset(Contact.id, default="name", name=Contact.search_name, created_at=Contact.id)

_account_items = StructReader(AccountItem, Account)
_accounts = StructReader(AccountOut, Account)
_contact_items = StructReader(ContactItem, Contact)
_contacts = StructReader(ContactOut, Contact)


async def list_accounts(
    tx: Tx, *, request: PageRequest, filters: AccountFilters
) -> Page[AccountItem]:
    """List accounts."""
    conditions = _matching(Account, filters)
    if filters.cnpj is not None:
        conditions.append(Account.cnpj == bare(filters.cnpj))
    if filters.person_type is not None:
        conditions.append(Account.person_type == filters.person_type.value)
    if filters.state is not None:
        conditions.append(Account.state == bare(filters.state))
    return await _account_items.page(tx, ACCOUNT_ORDERS, request, conditions)


async def list_contacts(
    tx: Tx, *, request: PageRequest, filters: ContactFilters
) -> Page[ContactItem]:
    """List contacts."""
    conditions = _matching(Contact, filters)
    if filters.account_id is not None:
        conditions.append(Contact.account_id == filters.account_id)
    return await _contact_items.page(tx, CONTACT_ORDERS, request, conditions)


async def count_accounts(tx: Tx, *, most: int) -> int:
    """How many accounts there are; no more than `most` are counted."""
    return await _account_items.count(tx, most=most)


async def count_contacts(tx: Tx, *, most: int) -> int:
    """How many contacts there are; no more than `most` are counted."""
    return await _contact_items.count(tx, most=most)


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


def _matching(
    table: type[Account] | type[Contact], filters: ScopeFilters
) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.q and (text := clean_query(filters.q)):
        conditions.append(_searching(table, text))
    if filters.cpf is not None:
        conditions.append(table.cpf == bare(filters.cpf))
    conditions += [
        getattr(table, name) == wanted
        for name in ("company_id", "branch_id", "owner_user_id", "is_active")
        if (wanted := getattr(filters, name)) is not None
    ]
    if filters.is_removed is not None:
        removed = table.erp_removed_at.is_not(None)
        conditions.append(removed if filters.is_removed else ~removed)
    return conditions


def _searching(table: type[Account] | type[Contact], text: str) -> ColumnElement[bool]:
    if len(text) < MIN_PART:
        return begins_with(table.search_name, text)
    match = getattr(func.crm, f"match_{table.__tablename__}")
    return table.id.in_(select(match(pattern_of(text), type_=Uuid).column_valued("match")))
