"""Reads of users, roles and API clients of the bound tenant."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    any_,
    exists,
    func,
    literal,
    select,
    union_all,
)

from sindico_platform.database.tx import Tx
from sindico_platform.identity.default_roles import ADMIN
from sindico_platform.identity.errors import ApiClientNotFound, RoleNotFound, UserNotFound
from sindico_platform.identity.grid import Grid
from sindico_platform.identity.models import (
    ApiClient,
    OneTimeLink,
    Role,
    TenantUser,
    UserRole,
    UserState,
)
from sindico_platform.identity.schemas import (
    ApiClientItem,
    RoleItem,
    RoleOut,
    RoleRef,
    UserItem,
    UserOut,
)
from sindico_platform.paging.keyset import Keyset
from sindico_platform.paging.reading import StructReader
from sindico_platform.paging.schemas import Page, PageRequest
from sindico_platform.tenancy.models import Tenant


async def is_master(tx: Tx) -> bool:
    """Whether the bound tenant is the master tenant."""
    statement = select(Tenant.is_master).where(Tenant.tenant_id == tx.tenant_id)
    return bool(await tx.session.scalar(statement))


async def get_tenant(tx: Tx) -> Tenant:
    """The bound tenant."""
    return await tx.session.get_one(Tenant, tx.tenant_id)


async def get_link(tx: Tx, link_id: UUID) -> OneTimeLink:
    return await tx.session.get_one(OneTimeLink, (tx.tenant_id, link_id))


async def permissions_of_user(tx: Tx, user_id: UUID) -> frozenset[str]:
    """What the user's roles grant together."""
    return frozenset(p for role in await roles_of(tx, user_id) for p in role.permissions)


async def search_form(tx: Tx, value: str) -> str:
    """The text in lower case and without accents, as the database does it."""
    return str(await tx.session.scalar(select(func.control.search_form(value))))


async def find_user(tx: Tx, user_id: UUID) -> TenantUser | None:
    return await tx.session.get(TenantUser, (tx.tenant_id, user_id))


async def get_user(tx: Tx, user_id: UUID) -> TenantUser:
    user = await find_user(tx, user_id)
    if user is None:
        raise UserNotFound
    return user


async def lock_user(tx: Tx, user_id: UUID) -> TenantUser:
    user = await tx.session.get(TenantUser, (tx.tenant_id, user_id), with_for_update=True)
    if user is None:
        raise UserNotFound
    return user


async def find_user_by_login(tx: Tx, login: str) -> TenantUser | None:
    statement = select(TenantUser).where(
        TenantUser.tenant_id == tx.tenant_id, TenantUser.login == login.lower()
    )
    return (await tx.session.scalars(statement)).one_or_none()


async def get_role(tx: Tx, role_id: UUID) -> Role:
    role = await tx.session.get(Role, (tx.tenant_id, role_id))
    if role is None:
        raise RoleNotFound
    return role


async def lock_role(tx: Tx, role_id: UUID) -> Role:
    role = await tx.session.get(Role, (tx.tenant_id, role_id), with_for_update=True)
    if role is None:
        raise RoleNotFound
    return role


async def find_role(tx: Tx, code: str) -> Role | None:
    statement = select(Role).where(Role.tenant_id == tx.tenant_id, Role.code == code)
    return (await tx.session.scalars(statement)).one_or_none()


async def find_role_by_name(tx: Tx, name: str) -> Role | None:
    """The role of that name, ignoring case, accents, spaces and dashes."""
    statement = select(Role).where(
        Role.tenant_id == tx.tenant_id, Role.name_key == func.crm.role_name_key(name)
    )
    return (await tx.session.scalars(statement)).one_or_none()


async def name_records(tx: Tx, ids: Collection[UUID]) -> dict[UUID, str]:
    """What users, roles and API clients are called; ids of anything else are left out."""
    tables = (TenantUser, Role, ApiClient)
    named = [
        select(table.id, table.name).where(table.tenant_id == tx.tenant_id, table.id.in_(ids))
        for table in tables
    ]
    rows = await tx.session.execute(union_all(*named))
    return {row.id: row.name for row in rows}


async def get_roles(tx: Tx, role_ids: Iterable[UUID]) -> Sequence[Role]:
    """All the roles named.

    Raises:
        RoleNotFound: one or more do not exist.
    """
    wanted = set(role_ids)
    statement = select(Role).where(Role.tenant_id == tx.tenant_id, Role.id.in_(wanted))
    roles = (await tx.session.scalars(statement.order_by(Role.name_key))).all()
    if len(roles) != len(wanted):
        raise RoleNotFound
    return roles


async def roles_of(tx: Tx, user_id: UUID) -> Sequence[Role]:
    """The roles a user holds, by name; as many as the tenant has at most."""
    statement = (
        select(Role)
        .join(UserRole, (UserRole.tenant_id == Role.tenant_id) & (UserRole.role_id == Role.id))
        .where(Role.tenant_id == tx.tenant_id, UserRole.user_id == user_id)
        .order_by(Role.name_key)
    )
    return (await tx.session.scalars(statement)).all()


async def list_addressees(tx: Tx, permission: str, *, most: int) -> Sequence[TenantUser]:
    """Active users with a mail address whose roles hold a permission, in the order of their ids."""
    statement = (
        select(TenantUser)
        .where(*_is_addressed(tx), _holds(permission))
        .order_by(TenantUser.id)
        .limit(most)
    )
    return (await tx.session.scalars(statement)).all()


def _is_addressed(tx: Tx) -> list[ColumnElement[bool]]:
    return [
        TenantUser.tenant_id == tx.tenant_id,
        TenantUser.state == UserState.ACTIVE,
        TenantUser.can_sign_in.is_(True),
        TenantUser.email.is_not(None),
    ]


def _holds(permission: str) -> ColumnElement[bool]:
    return exists().where(
        UserRole.tenant_id == TenantUser.tenant_id,
        UserRole.user_id == TenantUser.id,
        Role.tenant_id == UserRole.tenant_id,
        Role.id == UserRole.role_id,
        literal(permission) == any_(Role.permissions),
    )


async def count_holders(tx: Tx, role_id: UUID) -> int:
    statement = select(func.count()).where(
        UserRole.tenant_id == tx.tenant_id, UserRole.role_id == role_id
    )
    return await tx.session.scalar(statement) or 0


async def count_active_users(tx: Tx) -> int:
    """Users that count against the package: they can sign in, or were invited to."""
    statement = select(func.count()).where(
        TenantUser.tenant_id == tx.tenant_id,
        TenantUser.state != UserState.DISABLED,
        TenantUser.can_sign_in,
    )
    return await tx.session.scalar(statement) or 0


async def count_other_administrators(tx: Tx, user_id: UUID) -> int:
    """Active users besides this one who hold `admin`."""
    statement = (
        select(func.count())
        .select_from(UserRole)
        .join(Role, (Role.tenant_id == UserRole.tenant_id) & (Role.id == UserRole.role_id))
        .join(
            TenantUser,
            (TenantUser.tenant_id == UserRole.tenant_id) & (TenantUser.id == UserRole.user_id),
        )
        .where(
            UserRole.tenant_id == tx.tenant_id,
            UserRole.user_id != user_id,
            Role.code == ADMIN.code,
            TenantUser.state == UserState.ACTIVE,
            TenantUser.can_sign_in,
        )
    )
    return await tx.session.scalar(statement) or 0


async def list_mail_contacts(tx: Tx, *, permission: str, limit: int) -> dict[str, str]:
    """Locale by address of active users of the bound tenant who hold a permission."""
    return await _read_contacts(tx, _mail_contacts(tx, _holds(permission)).limit(limit))


async def list_users_mailed_at(tx: Tx, addresses: Collection[str]) -> dict[str, str]:
    """Locale by address of active users of the bound tenant with these addresses, in any case."""
    wanted = {each.lower() for each in addresses}
    return await _read_contacts(tx, _mail_contacts(tx, func.lower(TenantUser.email).in_(wanted)))


def _mail_contacts(tx: Tx, condition: ColumnElement[bool]) -> Select[Any]:
    columns: Any = select(TenantUser.email, func.coalesce(TenantUser.locale, Tenant.locale))
    contacts: Select[Any] = (
        columns.join(Tenant, Tenant.tenant_id == TenantUser.tenant_id)
        .where(*_is_addressed(tx), condition)
        .order_by(TenantUser.id)
    )
    return contacts


async def _read_contacts(tx: Tx, contacts: Select[Any]) -> dict[str, str]:
    return {str(row[0]): str(row[1]) for row in await tx.session.execute(contacts)}


async def get_api_client(tx: Tx, api_client_id: UUID) -> ApiClient:
    client = await find_api_client(tx, api_client_id)
    if client is None:
        raise ApiClientNotFound
    return client


async def lock_api_client(tx: Tx, api_client_id: UUID) -> ApiClient:
    client = await tx.session.get(ApiClient, (tx.tenant_id, api_client_id), with_for_update=True)
    if client is None:
        raise ApiClientNotFound
    return client


async def find_api_client(tx: Tx, api_client_id: UUID) -> ApiClient | None:
    return await tx.session.get(ApiClient, (tx.tenant_id, api_client_id))


async def find_api_client_by_name(tx: Tx, name: str) -> ApiClient | None:
    statement = select(ApiClient).where(ApiClient.tenant_id == tx.tenant_id, ApiClient.name == name)
    return (await tx.session.scalars(statement)).one_or_none()


USER_ORDERS = Keyset(
    TenantUser.id, default="name", name=TenantUser.search_name, login=TenantUser.login
)
ROLE_ORDERS = Keyset(Role.id, default="name", name=Role.name_key)
API_CLIENT_ORDERS = Keyset(ApiClient.id, default="name", name=ApiClient.name)

_users = StructReader(UserItem, TenantUser)
_roles = StructReader(RoleItem, Role)


async def list_users(
    tx: Tx, *, request: PageRequest, state: str | None = None, role_id: UUID | None = None
) -> Page[UserItem]:
    """List users, perhaps only those in a state or those who hold a role."""
    conditions = [TenantUser.tenant_id == tx.tenant_id]
    if state:
        conditions.append(TenantUser.state == state)
    if role_id:
        holders = select(UserRole.user_id).where(
            UserRole.tenant_id == tx.tenant_id, UserRole.role_id == role_id
        )
        conditions.append(TenantUser.id.in_(holders))
    return await _users.page(tx, USER_ORDERS, request, conditions)


async def list_roles(tx: Tx, *, request: PageRequest) -> Page[RoleItem]:
    return await _roles.page(tx, ROLE_ORDERS, request, [Role.tenant_id == tx.tenant_id])


async def list_api_clients(tx: Tx, *, request: PageRequest) -> Page[ApiClientItem]:
    """List the tenant's programs, the revoked ones too."""
    order = API_CLIENT_ORDERS.column_of(request).label("order_value")
    columns: list[Any] = [ApiClient, ApiClient.id, order]
    wanted = select(*columns).where(ApiClient.tenant_id == tx.tenant_id)
    rows = (await tx.session.execute(API_CLIENT_ORDERS.apply(wanted, request))).all()
    return API_CLIENT_ORDERS.page(rows, request, lambda row: ApiClientItem.from_row(row[0]))


async def show_user(tx: Tx, user: TenantUser) -> UserOut:
    """The user with its roles."""
    roles = [
        RoleRef(id=role.id, code=role.code, name=role.name) for role in await roles_of(tx, user.id)
    ]
    return UserOut.from_rows(user, roles)


async def show_role(tx: Tx, role: Role, grid: Grid) -> RoleOut:
    """The role with its grid."""
    return RoleOut.from_row(role, grid, master=await is_master(tx))
