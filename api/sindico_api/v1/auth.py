"""Getting in, and knowing who one is."""

from uuid import UUID

from litestar import get

from sindico_api.dependencies import CurrentPrincipal
from sindico_platform.schemas import Output


class MeOut(Output, frozen=True):
    """Who the caller is."""

    kind: str
    """`user` or `api_client`."""
    id: UUID
    login: str
    """`login@domain`, or the API client's name."""
    name: str
    tenant_id: UUID
    tenant_name: str
    domain: str
    locale: str
    timezone: str
    permissions: list[str]


@get("/auth/me", tags=["auth"])
async def show_me(principal: CurrentPrincipal) -> MeOut:
    """Say who the caller is and what it may do."""
    actor = principal.actor
    return MeOut(
        kind=actor.kind,
        id=actor.id or principal.credential_id,
        login=actor.name,
        name=principal.display_name,
        tenant_id=actor.tenant_id,
        tenant_name=principal.tenant_name,
        domain=principal.domain,
        locale=actor.locale,
        timezone=actor.timezone,
        permissions=sorted(actor.permissions),
    )
