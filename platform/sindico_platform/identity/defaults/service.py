"""Makes a tenant's default roles and users in few statements, and restores them.

Everything may be repeated and changes nothing when all is there.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from sindico_platform.audit import service as audit
from sindico_platform.database.base import table_of
from sindico_platform.database.tx import Tx
from sindico_platform.identity import queries
from sindico_platform.identity import service as identity
from sindico_platform.identity.default_roles import DefaultRole
from sindico_platform.identity.defaults.queries import row_of_held_role
from sindico_platform.identity.grid import Grid
from sindico_platform.identity.models import Role, TenantUser, UserRole, UserState

ENSURE_ROLE = insert(table_of(Role)).on_conflict_do_nothing().returning(Role.code)
# The update changes nothing; with it, one who is there already is locked and returned too.
ENSURE_USER = text("""
    WITH holder AS (
        INSERT INTO crm.tenant_user (
            tenant_id, id, login, name, email, state, can_sign_in, has_second_factor, revision,
            created_at)
        VALUES (:tenant_id, :id, :login, :name, :email, :state, :can_sign_in, false, 1, :at)
        ON CONFLICT ON CONSTRAINT uq_tenant_user_login DO UPDATE SET login = excluded.login
        RETURNING tenant_id, id
    ), given AS (
        INSERT INTO crm.user_role (tenant_id, user_id, role_id)
        SELECT h.tenant_id, h.id, r.id FROM holder AS h
        JOIN crm.role AS r ON r.tenant_id = h.tenant_id AND r.code = :role
        ON CONFLICT DO NOTHING
        RETURNING user_id
    )
    SELECT h.id, EXISTS (SELECT FROM given) FROM holder AS h
""")
RECONCILE_ROLES = text("""
    WITH outdated AS (
        SELECT r.tenant_id, r.id, r.permissions AS held, r.declared_permissions AS told
        FROM crm.role AS r JOIN control.tenant AS t ON t.tenant_id = r.tenant_id
        WHERE r.code = :code AND t.is_master = :master
            AND r.declared_permissions <> CAST(:wanted AS text[])
        FOR UPDATE OF r
    ), mended AS (
        SELECT o.tenant_id, o.id, ARRAY(
            (SELECT unnest(o.held)
             UNION SELECT p FROM unnest(CAST(:wanted AS text[])) AS p WHERE p <> ALL (o.told))
            EXCEPT SELECT p FROM unnest(o.told) AS p WHERE p <> ALL (CAST(:wanted AS text[]))
        ) AS permissions
        FROM outdated AS o
    )
    UPDATE crm.role AS r
    SET permissions = CASE WHEN :is_locked THEN CAST(:wanted AS text[]) ELSE
            ARRAY(SELECT p FROM unnest(m.permissions) AS p ORDER BY p COLLATE "C") END,
        declared_permissions = CAST(:wanted AS text[]),
        is_locked = :is_locked,
        revision = r.revision + 1
    FROM mended AS m WHERE r.tenant_id = m.tenant_id AND r.id = m.id
    RETURNING r.tenant_id, r.id
""")
"""As `identity.service.ensure_role` does for one tenant: what a release grants anew is added, what
it no longer grants is taken away, and what the customer added or took away stays."""


async def reconcile_roles_everywhere(
    connection: AsyncConnection, declared: Sequence[DefaultRole], *, grid: Grid, master: bool
) -> int:
    """Bring the grids of default roles of all tenants up to date, set by set.

    Args:
        connection: of the role `owner`, which sees every tenant.
        master: of the master tenant alone, or of all others.

    Returns:
        How many roles were changed; none on a repetition.
    """
    at = (await connection.execute(text("SELECT now()"))).scalar_one()
    events: list[dict[str, Any]] = []
    for role in declared:
        wanted = sorted(role.permissions(grid, master=master))
        rows = await connection.execute(
            RECONCILE_ROLES,
            {"code": role.code, "master": master, "wanted": wanted, "is_locked": role.is_locked},
        )
        events += [
            audit.release_event(
                "role:reconcile", at=at, target_type="role", tenant_id=row[0], target_id=row[1]
            )
            for row in rows
        ]
    if events:
        await connection.execute(audit.INSERT, events)
    return len(events)


async def ensure_default_roles(
    tx: Tx, declared: Sequence[DefaultRole], *, grid: Grid, master: bool = False
) -> None:
    """Make the roles that are missing, and bring the others up to date as `ensure_role` does."""
    rows = [_row(tx, role, role.permissions(grid, master=master)) for role in declared]
    made = set(await tx.session.scalars(ENSURE_ROLE, rows))
    if made:
        await audit.record(tx, "role:create-defaults", target_type="role", roles=sorted(made))
    for role in declared:
        if role.code not in made:
            await identity.ensure_role(tx, role, grid=grid)


async def restore_default_role(tx: Tx, declared: DefaultRole, *, grid: Grid) -> None:
    """Give a default role the grid it is declared with, whatever the customer made of it."""
    wanted = sorted(declared.permissions(grid, master=await queries.is_master(tx)))
    role, _ = await identity.ensure_role(tx, declared, grid=grid)
    if role.permissions == wanted:
        return
    before, role.permissions = role.permissions, wanted
    role.revision += 1
    await tx.session.flush()
    await audit.record(
        tx,
        "role:restore",
        target_type="role",
        target_id=role.id,
        added=sorted(set(wanted) - set(before)),
        removed=sorted(set(before) - set(wanted)),
    )


async def ensure_default_user(
    tx: Tx,
    *,
    login: str,
    name: str,
    email: str | None,
    role: str,
    can_sign_in: bool,
) -> UUID:
    """Make a user with a default role, as every tenant has it: no quota is asked for.

    Args:
        login: without the domain.
        role: code of the role it holds.
        can_sign_in: False for a user that staff act as; it counts as active at once.

    Returns:
        Id of the user, be it new or not.
    """
    wanted = {
        "tenant_id": tx.tenant_id,
        "id": tx.new_id(),
        "login": login,
        "name": name,
        "email": email,
        "state": UserState.INVITED if can_sign_in else UserState.ACTIVE,
        "can_sign_in": can_sign_in,
        "at": tx.now,
        "role": role,
    }
    user_id, given = (await tx.session.execute(ENSURE_USER, wanted)).one()
    if given:
        await audit.record(
            tx, "user:create-default", target_type="user", target_id=user_id, role=role
        )
    made: UUID = user_id
    return made


async def restore_default_user(tx: Tx, *, login: str, role: str) -> None:
    """Make a user that staff act as what it must be: active, and without any credential."""
    user = await queries.find_user_by_login(tx, login)
    if user is None:
        return
    await tx.session.execute(
        update(TenantUser)
        .where(TenantUser.tenant_id == tx.tenant_id, TenantUser.id == user.id)
        .values(
            state=UserState.ACTIVE,
            can_sign_in=False,
            password_digest=None,
            revision=TenantUser.revision + 1,
        )
    )
    await _give_role(tx, user.id, role)
    await audit.record(tx, "user:restore-default", target_type="user", target_id=user.id)


async def _give_role(tx: Tx, user_id: UUID, role: str) -> bool:
    statement = (
        insert(UserRole)
        .from_select(["tenant_id", "user_id", "role_id"], row_of_held_role(tx, user_id, role))
        .on_conflict_do_nothing()
        .returning(UserRole.role_id)
    )
    return await tx.session.scalar(statement) is not None


def _row(tx: Tx, role: DefaultRole, permissions: frozenset[str]) -> dict[str, object]:
    return {
        "tenant_id": tx.tenant_id,
        "id": tx.new_id(),
        "code": role.code,
        "name": role.name,
        "description": role.description,
        "permissions": sorted(permissions),
        "declared_permissions": sorted(permissions),
        "is_locked": role.is_locked,
        "revision": 1,
        "created_at": tx.now,
    }
