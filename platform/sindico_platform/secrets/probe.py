"""A sealed value per key in the database: does this key ring belong to these data?"""

from uuid import UUID

import asyncpg

from sindico_platform.secrets.errors import SealBroken, SealingKeyUnknown
from sindico_platform.secrets.key_ring import KeyRing

NO_TENANT = UUID(int=0)
FIELD = "key-probe"
PLAIN = "sindico"


async def ensure_probe(owner_url: str, ring: KeyRing) -> None:
    """Keep a value sealed under the newest key, for later comparison. Repeatable.

    Args:
        owner_url: the role `owner`, which alone may write it.
        ring: must have no `find_probe_faults`.
    """
    sealed = ring.seal(PLAIN, tenant_id=NO_TENANT, field=FIELD)
    connection = await asyncpg.connect(owner_url)
    try:
        await connection.execute(
            "INSERT INTO control.key_probe (key_id, sealed, made_at) VALUES ($1, $2, now())"
            " ON CONFLICT (key_id) DO NOTHING",
            ring.newest_key_id,
            sealed,
        )
    finally:
        await connection.close()


async def is_probed(connection: asyncpg.Connection, key_id: str) -> bool:
    """Whether an installation has started with this key as its newest."""
    found = await connection.fetchval("SELECT 1 FROM control.key_probe WHERE key_id = $1", key_id)
    return found is not None


async def forget_probe(owner_url: str, key_id: str) -> None:
    """Let the data be opened without this key. Nothing may be sealed under it any more."""
    connection = await asyncpg.connect(owner_url)
    try:
        await connection.execute("DELETE FROM control.key_probe WHERE key_id = $1", key_id)
    finally:
        await connection.close()


async def find_probe_faults(connection: asyncpg.Connection, ring: KeyRing) -> list[str]:
    """One sentence for every key whose sealed values `ring` cannot open.

    Args:
        connection: as any of our roles.
        ring: the keys in use.
    """
    faults = []
    for row in await connection.fetch("SELECT key_id, sealed FROM control.key_probe ORDER BY 1"):
        try:
            ring.open(row["sealed"], tenant_id=NO_TENANT, field=FIELD)
        except SealingKeyUnknown:
            faults.append(f"key {row['key_id']} is missing from the ring")
        except SealBroken:
            faults.append(f"key {row['key_id']} is not the key that sealed these data")
    return faults
