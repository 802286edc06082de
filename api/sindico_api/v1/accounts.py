"""Accounts and the people in them."""

from typing import Annotated
from uuid import UUID

from litestar import get
from litestar.params import FromPath, FromQuery, QueryParameter

from sindico_api.dependencies import AskedPage, CurrentActor, Uow
from sindico_api.guards import requires
from sindico_platform.paging.schemas import Page
from sindico_tenants.accounts import queries
from sindico_tenants.accounts.schemas import (
    AccountFilters,
    AccountItem,
    AccountOut,
    ContactFilters,
    ContactItem,
    ContactOut,
    PersonType,
)

Search = Annotated[
    str | None,
    QueryParameter(
        name="q",
        max_length=100,
        description="Part of name, document or e-mail; below 3 characters, how the name begins.",
    ),
]
State = Annotated[str | None, QueryParameter(name="state", description="Two letters: `SP`.")]
Removed = Annotated[
    bool | None,
    QueryParameter(description="Whether the ERP's last complete snapshot lacked the row."),
]


@get("/accounts", guards=[requires("accounts:view")], tags=["accounts"])
async def list_accounts(
    *,
    actor: CurrentActor,
    uow: Uow,
    page: AskedPage,
    search: Search = None,
    cnpj: FromQuery[str | None] = None,
    cpf: FromQuery[str | None] = None,
    person_type: FromQuery[PersonType | None] = None,
    uf: State = None,
    company_id: FromQuery[UUID | None] = None,
    branch_id: FromQuery[UUID | None] = None,
    owner_user_id: FromQuery[UUID | None] = None,
    is_active: FromQuery[bool | None] = None,
    is_removed: Removed = None,
) -> Page[AccountItem]:
    """List accounts; orders are `name` and `created_at`."""
    filters = AccountFilters(
        q=search,
        cnpj=cnpj,
        cpf=cpf,
        person_type=person_type,
        state=uf,
        company_id=company_id,
        branch_id=branch_id,
        owner_user_id=owner_user_id,
        is_active=is_active,
        is_removed=is_removed,
    )
    return await queries.list_accounts(uow.reading(actor), request=page, filters=filters)


@get("/accounts/{account_id:uuid}", guards=[requires("accounts:view")], tags=["accounts"])
async def read_account(account_id: FromPath[UUID], actor: CurrentActor, uow: Uow) -> AccountOut:
    """Read one account."""
    async with uow.begin(actor) as tx:
        return await queries.get_account(tx, account_id)


@get("/contacts", guards=[requires("contacts:view")], tags=["contacts"])
async def list_contacts(
    *,
    actor: CurrentActor,
    uow: Uow,
    page: AskedPage,
    search: Search = None,
    cpf: FromQuery[str | None] = None,
    account_id: FromQuery[UUID | None] = None,
    company_id: FromQuery[UUID | None] = None,
    branch_id: FromQuery[UUID | None] = None,
    owner_user_id: FromQuery[UUID | None] = None,
    is_active: FromQuery[bool | None] = None,
    is_removed: Removed = None,
) -> Page[ContactItem]:
    """List contacts; orders are `name` and `created_at`."""
    filters = ContactFilters(
        q=search,
        cpf=cpf,
        account_id=account_id,
        company_id=company_id,
        branch_id=branch_id,
        owner_user_id=owner_user_id,
        is_active=is_active,
        is_removed=is_removed,
    )
    return await queries.list_contacts(uow.reading(actor), request=page, filters=filters)


@get("/contacts/{contact_id:uuid}", guards=[requires("contacts:view")], tags=["contacts"])
async def read_contact(contact_id: FromPath[UUID], actor: CurrentActor, uow: Uow) -> ContactOut:
    """Read one contact."""
    async with uow.begin(actor) as tx:
        return await queries.get_contact(tx, contact_id)
