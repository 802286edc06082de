"""What connectors that talk to somebody share: they record it, and hang up when they are left."""

from abc import ABC, abstractmethod
from typing import Self

from sindico_provisioning.connectors.schemas import Exchange


class RecordingConnector(ABC):
    """See `sindico_provisioning.connectors.schemas.Connector`."""

    def __init__(self) -> None:
        self._exchanges: list[Exchange] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._hang_up()

    @abstractmethod
    async def _hang_up(self) -> None:
        """Close the connection, if there is one; the next use opens another."""

    def take_exchanges(self) -> list[Exchange]:
        taken = self._exchanges.copy()
        self._exchanges.clear()
        return taken
