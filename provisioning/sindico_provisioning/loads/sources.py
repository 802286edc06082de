"""From an integration to the connector that reads its ERP."""

from collections.abc import Awaitable, Callable

from sindico_platform.jobs.context import JobContext
from sindico_provisioning.connectors.schemas import Connector
from sindico_provisioning.integrations.models import IntegrationKind
from sindico_provisioning.loads.schemas import Stint

Opener = Callable[[JobContext, Stint], Awaitable[Connector]]

OPENERS: dict[str, Opener] = {}
"""By kind of integration. A kind without one sends its data itself."""


def opens(kind: IntegrationKind) -> Callable[[Opener], Opener]:
    """Declare how the connector of a kind is made; it must not touch the network."""

    def declare(opener: Opener) -> Opener:
        OPENERS[kind] = opener
        return opener

    return declare


async def open_source(ctx: JobContext, stint: Stint) -> Connector:
    """Make the connector of the load's integration, to be used as an async context manager."""
    return await OPENERS[stint.integration_kind](ctx, stint)
