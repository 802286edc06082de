"""The audit trail: who did what, when, to which record."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody, QueryParameter, SkipValidation
from litestar.status_codes import HTTP_200_OK

from sindico_api.dependencies import AskedPage, CurrentActor, Uow
from sindico_api.guards import requires
from sindico_platform.audit import queries, service
from sindico_platform.audit.schemas import (
    AuditErasureIn,
    AuditErasureOut,
    AuditEventOut,
    AuditFilters,
)
from sindico_platform.paging.schemas import Page
from sindico_provisioning.tenant_registry.queries import get_tenant

TAGS = ["audit"]


def provide_filters(
    *,
    tag: Annotated[
        str | None, QueryParameter(description="What was done, such as `user:sign-in`.")
    ] = None,
    actor_name: Annotated[
        str | None, QueryParameter(name="actor", description="A login or a client's name.")
    ] = None,
    target_type: Annotated[
        str | None, QueryParameter(description="Kind of record, such as `user`.")
    ] = None,
    target_id: Annotated[UUID | None, QueryParameter(description="Id of the record.")] = None,
    since: Annotated[
        datetime | None, QueryParameter(description="First instant; without a zone it is UTC.")
    ] = None,
    until: Annotated[
        datetime | None, QueryParameter(description="Instant after the last one.")
    ] = None,
) -> AuditFilters:
    return AuditFilters(
        tag=_storable(tag),
        actor=_storable(actor_name),
        target_type=_storable(target_type),
        target_id=target_id,
        since=_aware(since),
        until=_aware(until),
    )


Filters = NamedDependency[SkipValidation[AuditFilters]]
FILTERS: Mapping[str, Provide] = {"filters": Provide(provide_filters, sync_to_thread=False)}


@get("/audit-events", tags=TAGS, guards=[requires("audit:view")], dependencies=FILTERS)
async def list_audit_events(
    actor: CurrentActor, uow: Uow, page: AskedPage, filters: Filters
) -> Page[AuditEventOut]:
    """List what was done, newest first, with before and after; the order is `at`."""
    async with uow.begin(actor) as tx:
        return await queries.list_events(tx, request=page, filters=filters)


@get(
    "/tenants/{tenant_id:uuid}/audit-events",
    tags=TAGS,
    guards=[requires("tenants:view")],
    dependencies=FILTERS,
)
async def list_audit_events_of_tenant(
    tenant_id: FromPath[UUID], actor: CurrentActor, uow: Uow, page: AskedPage, filters: Filters
) -> Page[AuditEventOut]:
    """List what was done in a customer's tenant, by its people and by the vendor's."""
    async with uow.begin(actor, tenant=tenant_id) as tx:
        await get_tenant(tx)
        return await queries.list_events(tx, request=page, filters=filters)


@post(
    "/audit-events/erase",
    tags=TAGS,
    guards=[requires("audit:delete")],
    status_code=HTTP_200_OK,
)
async def erase_audit_changes(
    data: JSONBody[AuditErasureIn], actor: CurrentActor, uow: Uow
) -> AuditErasureOut:
    """Forget before and after of everything that was done to one record, as when a person asks.

    That it was done, when and by whom stays, and the trail still verifies: the erasure is an event
    of its own. It cannot be undone; repeating it changes nothing.
    """
    async with uow.begin(actor) as tx:
        return await service.erase_changes(tx, data.target_type, data.target_id)


def _storable(text: str | None) -> str | None:
    """PostgreSQL takes no NUL; a text with one matches nothing, as the one without does not."""
    return text.replace("\x00", "\ufffd") if text else None


def _aware(instant: datetime | None) -> datetime | None:
    """In UTC; what the calendar does not hold there keeps its own hour."""
    if instant is None or instant.tzinfo is None:
        return instant and instant.replace(tzinfo=UTC)
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        return instant.replace(tzinfo=UTC)
