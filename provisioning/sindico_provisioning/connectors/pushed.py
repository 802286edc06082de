"""The connector of integrations whose rows are pushed: they are there already."""

from types import TracebackType
from typing import NoReturn, Self

from sindico_platform.connection_tests.walk import Watch
from sindico_provisioning.connectors.errors import TableNotOffered
from sindico_provisioning.connectors.schemas import Cursor, Exchange, Totals


class PushedRows:
    """Offers tables whose rows wait in the staging; there is nothing to read."""

    def __init__(self, tables: tuple[str, ...]) -> None:
        self.tables = tables

    @property
    def snapshots(self) -> frozenset[str]:
        return frozenset()

    async def check(self, watch: Watch) -> None:
        """Nobody is connected to."""

    async def read_page(
        self,
        table: str,
        cursor: Cursor | None,  # noqa: ARG002  (every connector takes it)
    ) -> NoReturn:
        """Nothing is planned to be read.

        Raises:
            TableNotOffered: always; the rows came by themselves.
        """
        raise TableNotOffered(table=table)

    async def tell_totals(self, table: str) -> Totals | None:  # noqa: ARG002  (the protocol's)
        """Nobody is asked."""
        return None

    def take_exchanges(self) -> list[Exchange]:
        return []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return
