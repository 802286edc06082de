"""Every SELECT on denied hosts."""

from uuid import UUID

from sindico_platform.database.tx import Tx
from sindico_platform.denied_hosts.errors import DeniedHostNotFound
from sindico_platform.denied_hosts.models import DeniedHost
from sindico_platform.denied_hosts.schemas import DeniedHostOut
from sindico_platform.paging.keyset import Keyset
from sindico_platform.paging.reading import StructReader
from sindico_platform.paging.schemas import Page, PageRequest

ORDERS = Keyset(
    DeniedHost.id, default="entry", entry=DeniedHost.entry, created_at=DeniedHost.created_at
)
_hosts = StructReader(DeniedHostOut, DeniedHost)


async def list_denied_hosts(tx: Tx, *, request: PageRequest) -> Page[DeniedHostOut]:
    """List what no customer may use."""
    return await _hosts.page(tx, ORDERS, request)


async def get_denied_host(tx: Tx, denied_host_id: UUID) -> DeniedHostOut:
    """Read one line.

    Raises:
        DeniedHostNotFound: no such line.
    """
    found = await _hosts.find(tx, DeniedHost.id == denied_host_id)
    if found is None:
        raise DeniedHostNotFound(denied_host_id=denied_host_id)
    return found
