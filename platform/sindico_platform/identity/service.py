"""The only writer of users and roles."""

import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from sindico_platform.audit import service as audit
from sindico_platform.database.conflicts import refusing
from sindico_platform.database.tx import ActorKind, Tx
from sindico_platform.email_addresses import is_email_address
from sindico_platform.errors import FieldError, InvalidInput, field_error
from sindico_platform.identity import queries
from sindico_platform.identity.default_roles import ADMIN, DefaultRole
from sindico_platform.identity.errors import (
    DefaultRoleKept,
    GrantExceedsOwn,
    LastAdministrator,
    LoginTaken,
    RoleInUse,
    RoleLocked,
    RoleNameTaken,
    UserOutranks,
)
from sindico_platform.identity.grid import Grid
from sindico_platform.identity.models import Role, TenantUser, UserRole, UserState
from sindico_platform.quotas.service import Quota, demand_room
from sindico_platform.revisions import demand_revision

UNIQUE_ROLE = ("uq_role_name_key", "uq_role_code")
LOGIN_FORM = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")


async def create_user(
    tx: Tx,
    *,
    login: str,
    name: str,
    email: str | None = None,
    locale: str | None = None,
    role_ids: Iterable[UUID] = (),
    can_sign_in: bool = True,
) -> TenantUser:
    """Add a person to the bound tenant, as invited: without a password nobody can sign in as it.

    Args:
        login: without the domain.
        can_sign_in: False for users that staff act as; they count as active at once.

    Raises:
        InvalidInput: login or mail address have a form that cannot be used.
        LoginTaken: another user has it.
        RoleNotFound: a role does not exist.
        GrantExceedsOwn: a role grants what the actor does not have.
        SindicoError: the tenant may have no more active users (`quotas`).
    """
    login = login.strip().lower()
    if faults := [fault for fault in (login_fault(login), email_fault(email)) if fault]:
        raise InvalidInput(*faults)
    if await queries.find_user_by_login(tx, login):
        raise LoginTaken(login=login)
    if can_sign_in:
        await demand_room(tx, Quota.ACTIVE_USERS)
    user = TenantUser(
        tenant_id=tx.tenant_id,
        id=tx.new_id(),
        login=login,
        name=name.strip(),
        email=email,
        locale=locale,
        state=UserState.INVITED if can_sign_in else UserState.ACTIVE,
        can_sign_in=can_sign_in,
        has_second_factor=False,
        revision=1,
        created_at=tx.now,
    )
    async with refusing(tx, "uq_tenant_user_login", error=LoginTaken(login=login)):
        tx.session.add(user)
        await tx.session.flush()
    await audit.record(tx, "user:create", target_type="user", target_id=user.id)
    for role in await queries.get_roles(tx, role_ids):
        await _give(tx, user, role)
    return user


def login_fault(login: str, *, field: str = "login") -> FieldError | None:
    """What is wrong with the form of a login, if anything."""
    if LOGIN_FORM.fullmatch(login):
        return None
    return field_error(
        field,
        "login-form",
        "Use up to 64 of a-z, 0-9, dot, dash and underscore, without the @ and the domain.",
    )


def email_fault(email: str | None) -> FieldError | None:
    """What is wrong with the form of a mail address, if anything; nothing is looked up."""
    if email is None or is_email_address(email):
        return None
    return field_error("email", "email-form", "Use a mail address such as name@example.com.")


async def edit_user(
    tx: Tx,
    *,
    user_id: UUID,
    name: str,
    email: str | None,
    locale: str | None,
    revision: int | None = None,
) -> TenantUser:
    """Change what is known of a person.

    Raises:
        InvalidInput: the mail address has a form that cannot be used.
        UserNotFound: no such user.
        ChangedMeanwhile: the user has another revision than `revision`.
        UserOutranks: the user may do more than the actor.
    """
    if fault := email_fault(email):
        raise InvalidInput(fault)
    user = await queries.lock_user(tx, user_id)
    demand_revision(user.revision, revision)
    await demand_not_outranked(tx, user)
    after = {"name": name.strip(), "email": email, "locale": locale}
    changes = {
        field: (getattr(user, field), value)
        for field, value in after.items()
        if getattr(user, field) != value
    }
    if changes:
        for field, value in after.items():
            setattr(user, field, value)
        user.revision += 1
        await tx.session.flush()
        await audit.record(tx, "user:edit", target_type="user", target_id=user.id, changes=changes)
    return user


async def disable_user(tx: Tx, *, user_id: UUID) -> TenantUser:
    """Stop a person from signing in; every credential of theirs ends with it.

    Repeating the call changes nothing.

    Raises:
        UserNotFound: no such user.
        UserOutranks: the user may do more than the actor.
        LastAdministrator: nobody could administer the tenant any more.
    """
    user = await queries.lock_user(tx, user_id)
    if user.state == UserState.DISABLED:
        return user
    await demand_not_outranked(tx, user)
    await _demand_other_administrator(tx, user)
    user.state = UserState.DISABLED
    user.revision += 1
    await tx.session.flush()
    await audit.record(tx, "user:disable", target_type="user", target_id=user.id)
    return user


async def enable_user(tx: Tx, *, user_id: UUID) -> TenantUser:
    """Let a disabled person in again, or wait for their password again.

    Repeating the call changes nothing.

    Raises:
        UserNotFound: no such user.
        UserOutranks: the user may do more than the actor.
        SindicoError: the tenant may have no more active users (`quotas`).
    """
    user = await queries.lock_user(tx, user_id)
    if user.state != UserState.DISABLED:
        return user
    await demand_not_outranked(tx, user)
    if user.can_sign_in:
        await demand_room(tx, Quota.ACTIVE_USERS)
    has_password = user.password_digest is not None or not user.can_sign_in
    user.state = UserState.ACTIVE if has_password else UserState.INVITED
    user.revision += 1
    await tx.session.flush()
    await audit.record(tx, "user:enable", target_type="user", target_id=user.id)
    return user


async def create_role(
    tx: Tx, *, name: str, permissions: AbstractSet[str], grid: Grid, description: str = ""
) -> Role:
    """Add a role of the tenant's own; its code is made from the name.

    Raises:
        InvalidInput: no name, or a permission that does not exist.
        RoleNameTaken: another role has nearly this name.
        GrantExceedsOwn: it grants what the actor does not have.
    """
    name = _demand_name(name)
    await demand_known(tx, permissions, grid)
    demand_grantable(tx, permissions)
    await _demand_free_name(tx, name)
    role = _new_role(
        tx,
        code=await _free_code(tx, name),
        name=name,
        description=description,
        permissions=permissions,
    )
    async with refusing(tx, *UNIQUE_ROLE, error=RoleNameTaken(name=name)):
        tx.session.add(role)
        await tx.session.flush()
    await audit.record(
        tx, "role:create", target_type="role", target_id=role.id, permissions=role.permissions
    )
    return role


async def ensure_role(tx: Tx, declared: DefaultRole, *, grid: Grid) -> tuple[Role, bool]:
    """Make a default role exist and bring its grid up to date.

    What a new release grants is added and what it no longer grants is taken away; what the
    customer added or took away stays. A role that merely has the same name becomes the default
    one. Repeating the call changes nothing.

    Returns:
        The role, and whether anything was changed.
    """
    wanted = declared.permissions(grid, master=await queries.is_master(tx))
    role = await queries.find_role(tx, declared.code)
    role = role or await queries.find_role_by_name(tx, declared.name)
    if role is None:
        role = _new_role(
            tx,
            code=declared.code,
            name=declared.name,
            description=declared.description,
            permissions=wanted,
            declared=declared,
        )
        tx.session.add(role)
        await tx.session.flush()
        await audit.record(tx, "role:create", target_type="role", target_id=role.id, default=True)
        return role, True
    return role, await _reconcile_role(tx, role, declared, wanted)


async def _reconcile_role(
    tx: Tx, role: Role, declared: DefaultRole, wanted: frozenset[str]
) -> bool:
    before, told = frozenset(role.permissions), frozenset(role.declared_permissions or ())
    after = wanted if declared.is_locked else (before | (wanted - told)) - (told - wanted)
    if (after, wanted, declared.code) == (before, told, role.code):
        return False
    role.code, role.is_locked = declared.code, declared.is_locked
    role.permissions, role.declared_permissions = sorted(after), sorted(wanted)
    role.revision += 1
    await tx.session.flush()
    await audit.record(
        tx,
        "role:reconcile",
        target_type="role",
        target_id=role.id,
        added=sorted(after - before),
        removed=sorted(before - after),
    )
    return True


async def edit_role(
    tx: Tx,
    *,
    role_id: UUID,
    name: str,
    description: str,
    permissions: AbstractSet[str],
    grid: Grid,
    revision: int | None = None,
) -> Role:
    """Change a role's name, description and grid; its holders have the new grid at once.

    Raises:
        RoleNotFound: no such role.
        ChangedMeanwhile: the role has another revision than `revision`.
        RoleLocked: the role's grid is the product's.
        InvalidInput, RoleNameTaken, GrantExceedsOwn: as `create_role`.
    """
    role = await queries.lock_role(tx, role_id)
    demand_revision(role.revision, revision)
    if role.is_locked:
        raise RoleLocked(role=role.name)
    name = _demand_name(name)
    before = frozenset(role.permissions)
    await demand_known(tx, permissions - before, grid)
    demand_grantable(tx, permissions - before)
    await _demand_free_name(tx, name, besides=role)
    async with refusing(tx, *UNIQUE_ROLE, error=RoleNameTaken(name=name)):
        role.name, role.description = name, description.strip()
        role.permissions = sorted(permissions)
        role.revision += 1
        await tx.session.flush()
    await audit.record(
        tx,
        "role:edit",
        target_type="role",
        target_id=role.id,
        added=sorted(permissions - before),
        removed=sorted(before - permissions),
    )
    return role


async def delete_role(tx: Tx, *, role_id: UUID) -> None:
    """Remove a role of the tenant's own that nobody holds.

    Raises:
        RoleNotFound: no such role.
        DefaultRoleKept: it came with the tenant.
        RoleInUse: somebody holds it.
    """
    role = await queries.lock_role(tx, role_id)
    if role.is_default:
        raise DefaultRoleKept(role=role.name)
    if users := await queries.count_holders(tx, role_id):
        raise RoleInUse(role=role.name, users=users)
    await tx.session.delete(role)
    await tx.session.flush()
    await audit.record(tx, "role:delete", target_type="role", target_id=role_id, role=role.code)


async def assign_role(tx: Tx, *, user_id: UUID, role_id: UUID) -> None:
    """Give a user a role. Repeating the call changes nothing.

    Raises:
        UserNotFound, RoleNotFound: one of them does not exist.
        GrantExceedsOwn: the role grants what the actor does not have.
    """
    user, role = await queries.get_user(tx, user_id), await queries.get_role(tx, role_id)
    await _give(tx, user, role)


async def unassign_role(tx: Tx, *, user_id: UUID, role_id: UUID) -> None:
    """Take a role from a user. Repeating the call changes nothing.

    Raises:
        UserNotFound, RoleNotFound: one of them does not exist.
        UserOutranks: the user may do more than the actor.
        LastAdministrator: nobody could administer the tenant any more.
    """
    user, role = await queries.lock_user(tx, user_id), await queries.get_role(tx, role_id)
    if role.id not in {held.id for held in await queries.roles_of(tx, user_id)}:
        return
    await demand_not_outranked(tx, user)
    if role.code == ADMIN.code:
        await _demand_other_administrator(tx, user)
    await tx.session.execute(
        delete(UserRole).where(
            UserRole.tenant_id == tx.tenant_id,
            UserRole.user_id == user_id,
            UserRole.role_id == role_id,
        )
    )
    await audit.record(tx, "role:unassign", target_type="user", target_id=user_id, role=role.code)


def demand_grantable(tx: Tx, permissions: AbstractSet[str]) -> None:
    """Let nobody hand out what they do not hold; the product itself may.

    Raises:
        GrantExceedsOwn: naming what is missing.
    """
    if missing := missing_to_actor(tx, permissions):
        raise GrantExceedsOwn(permissions=", ".join(sorted(missing)))


async def demand_not_outranked(tx: Tx, user: TenantUser) -> None:
    """Keep everybody from acting on users who may do more than they; oneself is no such user.

    Raises:
        UserOutranks: naming what is missing.
    """
    if tx.actor.id == user.id:
        return
    missing = missing_to_actor(tx, await queries.permissions_of_user(tx, user.id))
    if missing:
        raise UserOutranks(login=user.login, permissions=", ".join(sorted(missing)))


def missing_to_actor(tx: Tx, permissions: AbstractSet[str]) -> AbstractSet[str]:
    """What of these the actor lacks.

    The product itself lacks nothing. Nor does the vendor's staff inside a customer's tenant, where
    the guard of the vendor's route decided.
    """
    is_vendor_elsewhere = tx.actor.is_master and tx.actor.tenant_id != tx.tenant_id
    if tx.actor.kind is ActorKind.SYSTEM or is_vendor_elsewhere:
        return frozenset()
    return permissions - tx.actor.permissions


async def demand_known(tx: Tx, permissions: AbstractSet[str], grid: Grid) -> None:
    """Refuse permissions that the bound tenant cannot grant.

    Raises:
        InvalidInput: naming each.
    """
    if not permissions:
        return
    unknown = permissions - grid.permissions(master=await queries.is_master(tx))
    if unknown:
        raise InvalidInput(
            *(
                field_error(
                    "permissions", "unknown-permission", "There is no permission {name}.", name=name
                )
                for name in sorted(unknown)
            )
        )


async def _give(tx: Tx, user: TenantUser, role: Role) -> None:
    if role.id in {held.id for held in await queries.roles_of(tx, user.id)}:
        return
    demand_grantable(tx, frozenset(role.permissions))
    await tx.session.execute(
        insert(UserRole)
        .values(tenant_id=tx.tenant_id, user_id=user.id, role_id=role.id)
        .on_conflict_do_nothing()
    )
    await audit.record(tx, "role:assign", target_type="user", target_id=user.id, role=role.code)


async def _demand_other_administrator(tx: Tx, user: TenantUser) -> None:
    held = await queries.roles_of(tx, user.id)
    admin = next((role for role in held if role.code == ADMIN.code), None)
    if admin is None or user.state != UserState.ACTIVE:
        return
    await queries.lock_role(tx, admin.id)  # two administrators cannot disable each other at once
    if not await queries.count_other_administrators(tx, user.id):
        raise LastAdministrator


def _demand_name(name: str) -> str:
    name = name.strip()
    if not name:
        raise InvalidInput(field_error("name", "required", "This field is required."))
    return name


async def _demand_free_name(tx: Tx, name: str, *, besides: Role | None = None) -> None:
    same = await queries.find_role_by_name(tx, name)
    if same is not None and same is not besides:
        raise RoleNameTaken(name=name)


async def _free_code(tx: Tx, name: str) -> str:
    plain = await queries.search_form(tx, name)
    base = re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "role"
    taken = await queries.find_role(tx, base)
    return base if taken is None else f"{base}-{tx.new_id().hex[-6:]}"


def _new_role(
    tx: Tx,
    *,
    code: str,
    name: str,
    description: str,
    permissions: AbstractSet[str],
    declared: DefaultRole | None = None,
) -> Role:
    return Role(
        tenant_id=tx.tenant_id,
        id=tx.new_id(),
        code=code,
        name=name,
        description=description.strip(),
        permissions=sorted(permissions),
        declared_permissions=sorted(permissions) if declared else None,
        is_locked=declared.is_locked if declared else False,
        revision=1,
        created_at=tx.now,
    )
