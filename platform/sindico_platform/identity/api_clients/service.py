"""Creates, rotates and revokes API clients."""

from collections.abc import Set as AbstractSet
from uuid import UUID

from sqlalchemy import update

from sindico_platform.audit import service as audit
from sindico_platform.database.conflicts import refusing
from sindico_platform.database.tx import Tx
from sindico_platform.errors import InvalidInput, field_error
from sindico_platform.identity import queries
from sindico_platform.identity.credentials import Credential
from sindico_platform.identity.errors import ApiClientNameTaken, ApiClientRevoked
from sindico_platform.identity.grid import Grid
from sindico_platform.identity.models import ApiClient, TokenFamily
from sindico_platform.identity.service import demand_grantable, demand_known
from sindico_platform.revisions import demand_revision


async def create_api_client(
    tx: Tx, *, name: str, permissions: AbstractSet[str], grid: Grid
) -> tuple[ApiClient, Credential]:
    """Add a program of the bound tenant.

    On the master tenant this is a platform-level client, which can be granted the vendor's
    permissions.

    Returns:
        The client and its credential, whose secret is not kept: show it once.

    Raises:
        InvalidInput: no name, or a permission that does not exist.
        ApiClientNameTaken: another client has the name.
        GrantExceedsOwn: it would have more permissions than the actor.
    """
    name = await _demand_free_name(tx, name)
    await demand_known(tx, permissions, grid)
    demand_grantable(tx, permissions)
    credential = Credential.generate(tx.tenant_id, tx.new_id())
    client = ApiClient(
        tenant_id=tx.tenant_id,
        id=credential.id,
        name=name,
        permissions=sorted(permissions),
        digest=credential.digest,
        created_by=tx.actor.name,
        revision=1,
        created_at=tx.now,
    )
    taken = ApiClientNameTaken(name=name)
    async with refusing(tx, "uq_api_client_name", error=taken):
        tx.session.add(client)
        await tx.session.flush()
    await audit.record(
        tx,
        "api-client:create",
        target_type="api_client",
        target_id=client.id,
        permissions=client.permissions,
    )
    return client, credential


async def edit_api_client(
    tx: Tx,
    *,
    api_client_id: UUID,
    name: str,
    permissions: AbstractSet[str],
    grid: Grid,
    revision: int | None = None,
) -> ApiClient:
    """Change a client's name and permissions, which its tokens have at once.

    Raises:
        ApiClientNotFound, ApiClientRevoked: there is none to edit.
        ChangedMeanwhile: it has another revision than `revision`.
        InvalidInput, ApiClientNameTaken, GrantExceedsOwn: as `create_api_client`.
    """
    client = await _lock_living(tx, api_client_id)
    demand_revision(client.revision, revision)
    name = await _demand_free_name(tx, name, besides=client)
    before = frozenset(client.permissions)
    await demand_known(tx, permissions - before, grid)
    demand_grantable(tx, permissions - before)
    taken = ApiClientNameTaken(name=name)
    async with refusing(tx, "uq_api_client_name", error=taken):
        client.name, client.permissions = name, sorted(permissions)
        client.revision += 1
        await tx.session.flush()
    await audit.record(
        tx,
        "api-client:edit",
        target_type="api_client",
        target_id=client.id,
        added=sorted(permissions - before),
        removed=sorted(before - permissions),
    )
    return client


async def rotate_api_client(tx: Tx, *, api_client_id: UUID) -> tuple[ApiClient, Credential]:
    """Replace a client's secret; the old one and its tokens end at once.

    Returns:
        The client and its new credential: show it once.

    Raises:
        ApiClientNotFound, ApiClientRevoked: there is none to rotate.
        GrantExceedsOwn: whoever gets the secret would gain permissions by it.
    """
    client = await _lock_living(tx, api_client_id)
    demand_grantable(tx, frozenset(client.permissions))
    credential = Credential.generate(tx.tenant_id, client.id)
    client.digest, client.rotated_at = credential.digest, tx.now
    client.revision += 1
    await _end_tokens(tx, client, because="api-client-rotated")
    await audit.record(tx, "api-client:rotate", target_type="api_client", target_id=client.id)
    return client, credential


async def revoke_api_client(tx: Tx, *, api_client_id: UUID) -> ApiClient:
    """End a client and its tokens for good. Repeating the call changes nothing.

    Raises:
        ApiClientNotFound: no such client.
    """
    client = await queries.lock_api_client(tx, api_client_id)
    if client.revoked_at is not None:
        return client
    client.revoked_at = tx.now
    client.revision += 1
    await _end_tokens(tx, client, because="api-client-revoked")
    await audit.record(tx, "api-client:revoke", target_type="api_client", target_id=client.id)
    return client


async def prove_api_client(tx: Tx, credential: Credential) -> ApiClient | None:
    """The client that presents its credential, now noted as used; `None` if it proves nothing."""
    client = await queries.find_api_client(tx, credential.id)
    if client is None or client.revoked_at is not None or not credential.proves(client.digest):
        return None
    client.last_used_at = tx.now
    return client


async def _lock_living(tx: Tx, api_client_id: UUID) -> ApiClient:
    client = await queries.lock_api_client(tx, api_client_id)
    if client.revoked_at is not None:
        raise ApiClientRevoked(name=client.name)
    return client


async def _demand_free_name(tx: Tx, name: str, *, besides: ApiClient | None = None) -> str:
    name = name.strip()
    if not name:
        raise InvalidInput(field_error("name", "required", "This field is required."))
    same = await queries.find_api_client_by_name(tx, name)
    if same is not None and same is not besides:
        raise ApiClientNameTaken(name=name)
    return name


async def _end_tokens(tx: Tx, client: ApiClient, *, because: str) -> None:
    await tx.session.flush()
    await tx.session.execute(
        update(TokenFamily)
        .where(
            TokenFamily.tenant_id == tx.tenant_id,
            TokenFamily.api_client_id == client.id,
            TokenFamily.revoked_at.is_(None),
        )
        .values(revoked_at=tx.now, revoked_because=because)
    )
