"""The banner on every page while an integration has been without success for too long."""

from litestar import Response, get

from sindico_api.console import rendering
from sindico_api.console.view import ConsoleRequest
from sindico_api.dependencies import CurrentActor, Uow
from sindico_api.guards import requires
from sindico_provisioning.freshness import queries


@get("/incidents/banner", guards=[requires("integrations:view")])
async def show_incident_banner(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow
) -> Response[str]:
    """What is open and not snoozed; nothing when all is well."""
    async with uow.begin(actor) as tx:
        incidents = await queries.list_open_incidents(tx)
    return rendering.fragment(
        request, "incidents/banner.html", "banner", incidents=incidents, zone=actor.timezone
    )
