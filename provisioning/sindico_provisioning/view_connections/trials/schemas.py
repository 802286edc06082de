"""A test of a View connection."""

from dataclasses import dataclass
from uuid import UUID

from sindico_provisioning.connectors.view.schemas import ViewServer, ViewSource


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """A test about to be made."""

    server: ViewServer
    sources: tuple[ViewSource, ...] = ()
    integration_id: UUID | None = None
    """Whose report it will be; None when what is tested is not saved."""
    revision: int | None = None
