"""What a route demands of its caller, said where the route is declared."""

from dataclasses import dataclass
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from sindico_api.grid import GRID
from sindico_api.problems import RouteNotFound
from sindico_platform.database.tx import Actor
from sindico_platform.identity.errors import NotAllowed


@dataclass(frozen=True, slots=True)
class Requires:
    """A Litestar guard; `tests/permissions.toml` is compared with what it says."""

    permission: str
    vendor: bool

    # Async, though it waits for nothing: Litestar runs any other guard in a thread.
    async def __call__(
        self, connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler
    ) -> None:
        """Let those who have the permission pass.

        Raises:
            RouteNotFound: a vendor's route, and the caller is of another tenant.
            NotAllowed: the permission is missing.
        """
        actor: Actor = connection.scope["user"]
        if self.vendor and not actor.is_master:
            raise RouteNotFound
        if not actor.may(self.permission):
            raise NotAllowed(permission=self.permission)


def requires(permission: str) -> Requires:
    """Guard a route by a permission of the grid; a vendor's resource hides it from other tenants.

    Raises:
        KeyError: the grid has no such permission, at import, so that no typo reaches a release.
    """
    return Requires(permission, vendor=GRID.resource_of(permission).vendor)
