"""Every limit of the catalogue bites, for the tenant's own value as for the package's."""

import ast
import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient, Response
from litestar import Litestar
from sqlalchemy import func, select

import sindico_api
from sindico_api.context import Context
from sindico_platform.blobs import service as blob_service
from sindico_platform.blobs.models import Blob
from sindico_platform.blobs.stores import Stored
from sindico_platform.blobs.transfer import write_blob
from sindico_platform.database.tx import Actor, Tx
from sindico_platform.errors import SindicoError
from sindico_platform.identity import service as identity
from sindico_platform.tenancy.models import Tenant
from sindico_provisioning.integrations import service as integrations
from sindico_provisioning.loads.logbook import service as logbook
from sindico_provisioning.loads.models import LoadKind
from sindico_provisioning.loads.service import cancel_load, resume_load, start_load
from sindico_provisioning.packages import service as packages
from sindico_provisioning.packages.catalogue import LIMITS
from sindico_provisioning.packages.errors import PackageLimitReached
from sindico_provisioning.packages.queries import get_subscription
from sindico_provisioning.pushes.service import ensure_integration
from tests.provisioning.factories import make_tenant as make_customer
from tests.provisioning.factories import put_package_in_force
from tests.provisioning.loads.conftest import Site, erp_kind, make_site
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant
from tests.support.jobs import eventually, run_jobs
from tests.support.locks import somebody_waits

__all__ = ["erp_kind"]

GRANTS = (
    "users:view",
    "users:include",
    "users:edit",
    "loads:view",
    "loads:include",
    "erp_tables:include",
)
SET_LIMITS = [code for code, limit in LIMITS.items() if not limit.is_open]


@dataclass(frozen=True)
class Ground:
    """A Freemium customer with an integration, and somebody of it."""

    context: Context
    app: Litestar
    site: Site
    caller: AsyncClient

    @property
    def tenant(self) -> Tenant:
        return self.site.tenant

    @property
    def actor(self) -> Actor:
        return self.site.actor

    async def used(self, limit: str) -> int:
        async with self.context.uow.begin(self.actor) as tx:
            usage = {item.code: item.used for item in await packages.list_usage(tx)}
        return usage[limit] or 0

    async def allow(self, limit: str, number: int | None) -> None:
        """Give the tenant a limit of its own; None is none."""
        async with self.context.uow.begin(self.actor) as tx:
            # A second integration is what rows are pushed into.
            (await get_subscription(tx)).overrides = {"integrations": 2} | {limit: number}
        # What the API remembers of the tenant for a while.
        self.app.state.context.request_limits._known.clear()


@pytest.fixture
async def ground(context: Context, served: Litestar, client_as: ClientAs, erp_kind: str) -> Ground:
    customer = await make_customer(context.uow)
    await put_package_in_force(context.uow, customer.id, "freemium")
    async with context.uow.begin(Actor.system(customer.id)) as tx:
        tenant = await tx.session.get(Tenant, customer.id)
        assert tenant is not None
        tx.session.expunge(tenant)
    site = await make_site(context, tenant, erp_kind)
    return Ground(context, served, site, await client_as(tenant, *GRANTS))


Attempt = Callable[[Ground], Awaitable[Response | UUID | None]]


async def invite_a_user(ground: Ground) -> Response:
    login = f"u{secrets.token_hex(4)}"
    return await ground.caller.post("/api/v1/users", json={"login": login, "name": "Ana"})


async def add_an_integration(ground: Ground) -> None:
    async with ground.context.uow.begin(ground.actor) as tx:
        await take_an_integration(tx, ground.site)


async def run_a_load(ground: Ground) -> Response:
    body = {"integration_id": str(ground.site.integration_id)}
    answer = await ground.caller.post("/api/v1/initial-loads", json=body)
    if answer.is_success:  # one at a time
        async with ground.context.uow.begin(ground.actor) as tx:
            await cancel_load(tx, load_id=answer.json()["id"])
    return answer


async def export_one_row_more(ground: Ground) -> Response:
    """The log of one load, longer by a line each time."""
    found = (await ground.caller.get("/api/v1/loads")).json()["items"]
    load_id = UUID(found[0]["id"]) if found else await ground.site.start()
    if found:
        async with ground.context.uow.begin(ground.actor) as tx:
            await logbook.write(tx, load_id, "load-started", facts={"phases": 1})
    return await ground.caller.get(f"/api/v1/loads/{load_id}/log", params={"format": "ndjson"})


async def request_something(ground: Ground) -> Response:
    return await ground.caller.get("/api/v1/auth/me")


async def push_a_row(ground: Ground) -> Response:
    return await ground.caller.post("/api/v1/erp/vendedor", json=[{"id_erp": "1", "nome": "Ana"}])


async def store(ground: Ground, chunks: AsyncIterator[bytes]) -> UUID:
    written = await write_blob(
        ground.context.uow,
        ground.context.blobs,
        ground.actor,
        chunks,
        purpose="test",
        filename="x.txt",
        content_type="text/plain",
        expires_at=None,
    )
    return written.id


async def store_a_byte(ground: Ground) -> UUID:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"x"

    return await store(ground, chunks())


ATTEMPTS: dict[str, Attempt] = {
    "active_users": invite_a_user,
    "integrations": add_an_integration,
    "runs_per_day": run_a_load,
    "export_rows": export_one_row_more,
    "api_requests_per_minute": request_something,
    "push_rows_per_minute": push_a_row,
    "storage_bytes": store_a_byte,
}
"""Each takes one more of what the limit counts."""
CODES = {
    "api_requests_per_minute": "too-many-requests",
    "push_rows_per_minute": "too-many-rows",
}


async def refusal(attempt: Attempt, ground: Ground) -> dict[str, Any] | None:
    """The problem of one attempt; None when it was let through."""
    try:
        answer = await attempt(ground)
    except SindicoError as error:
        return {"code": error.code, "detail": str(error)} | error.extra
    if not isinstance(answer, Response) or answer.is_success:
        return None
    problem: dict[str, Any] = answer.json()
    return problem


@pytest.fixture(autouse=True)
def no_minute_ends(monkeypatch: pytest.MonkeyPatch, served: Litestar) -> None:
    counter = served.state.context.request_limits._counter
    monkeypatch.setattr(counter, "_clock", lambda: 60.0 * 1000 + 10)


@pytest.mark.parametrize("limit", SET_LIMITS)
async def test_a_limit_lets_the_last_one_through_and_refuses_one_more_by_name(
    ground: Ground, limit: str
) -> None:
    allowed = await ground.used(limit) + 1
    await ground.allow(limit, allowed)

    last = await refusal(ATTEMPTS[limit], ground)
    beyond = await refusal(ATTEMPTS[limit], ground)

    assert last is None
    assert beyond is not None
    assert beyond["code"] == CODES.get(limit, "package-limit-reached")
    assert (beyond["limit"], beyond["package"]) == (limit, "freemium")
    assert (beyond["allowed"], str(allowed) in beyond["detail"]) == (allowed, True)


@pytest.mark.parametrize("limit", SET_LIMITS)
async def test_a_tenant_without_a_limit_of_its_own_package_is_let_through(
    ground: Ground, limit: str
) -> None:
    await ground.allow(limit, await ground.used(limit))
    refused = await refusal(ATTEMPTS[limit], ground)

    await ground.allow(limit, None)

    assert refused is not None
    assert await refusal(ATTEMPTS[limit], ground) is None


Take = Callable[[Tx, Site], Awaitable[object]]


async def take_a_seat(tx: Tx, _site: Site) -> None:
    await identity.create_user(tx, login=f"u{secrets.token_hex(4)}", name="Ana")


async def take_an_integration(tx: Tx, _site: Site) -> None:
    kind = ("mega", "view", "api")[await integrations.count(tx) - 1]
    await integrations.follow_properties(tx, kind=kind, is_active=True)


async def take_a_run(tx: Tx, site: Site) -> None:
    await start_load(tx, integration_id=site.integration_id, kind=LoadKind.INITIAL)


async def take_a_byte(tx: Tx, _site: Site) -> None:
    blob_id = await blob_service.announce_blob(
        tx, purpose="test", filename="x", content_type="text/plain"
    )
    stored = Stored(sha256="0" * 64, size_bytes=1)
    await blob_service.keep_blob(tx, blob_id=blob_id, stored=stored, expires_at=None)


TAKES: dict[str, Take] = {
    "active_users": take_a_seat,
    "integrations": take_an_integration,
    "runs_per_day": take_a_run,
    "storage_bytes": take_a_byte,
}
"""What is counted from rows; what is sent is counted in one place, and an export adds nothing."""


@pytest.mark.parametrize("limit", sorted(TAKES))
async def test_two_at_once_do_not_both_take_the_last_place(ground: Ground, limit: str) -> None:
    uow, actor, take = ground.context.uow, ground.actor, TAKES[limit]
    await ground.allow(limit, await ground.used(limit) + 1)

    async def take_too() -> None:
        async with uow.begin(actor) as tx:
            await take(tx, ground.site)

    async with uow.begin(actor) as first:
        await take(first, ground.site)
        await first.session.flush()
        second = asyncio.create_task(take_too())
        await eventually(somebody_waits(uow, actor))

    with pytest.raises(PackageLimitReached):
        await second


async def test_two_first_pushes_at_once_share_the_last_place(ground: Ground) -> None:
    uow, actor = ground.context.uow, ground.actor
    await ground.allow("integrations", await ground.used("integrations") + 1)

    async with uow.begin(actor) as first:
        made = await ensure_integration(first)
        await first.session.flush()
        second = asyncio.create_task(ground.caller.post("/api/v1/erp/vendedor", json=[]))
        await eventually(somebody_waits(uow, actor))

    assert (await second).status_code == 200
    async with uow.begin(actor) as tx:
        assert (await ensure_integration(tx)).id == made.id


def test_every_counted_limit_is_raced_for() -> None:
    once = {"api_requests_per_minute", "push_rows_per_minute", "export_rows"}

    assert TAKES.keys() == ATTEMPTS.keys() - once
    assert ATTEMPTS.keys() == set(SET_LIMITS)


async def test_resuming_a_load_takes_no_further_run(ground: Ground) -> None:
    await ground.allow("runs_per_day", 1)
    load_id = await ground.site.start()
    async with ground.context.uow.begin(ground.actor) as tx:
        await cancel_load(tx, load_id=load_id)

    async with ground.context.uow.begin(ground.actor) as tx:
        await resume_load(tx, load_id=load_id)

    assert await ground.used("runs_per_day") == 1


async def test_a_file_that_finds_no_room_is_not_kept(ground: Ground) -> None:
    await ground.allow("storage_bytes", 3)

    async def chunks() -> AsyncIterator[bytes]:
        yield b"four"

    with pytest.raises(PackageLimitReached) as refused:
        await store(ground, chunks())

    assert refused.value.extra["used"] == 4
    assert await ground.used("storage_bytes") == 0
    await run_jobs(ground.context, ground.tenant.tenant_id, at_once=True)
    async with ground.context.uow.begin(ground.actor) as tx:
        assert await tx.session.scalar(select(func.count()).select_from(Blob)) == 0


async def test_removing_a_file_makes_room_at_once(ground: Ground) -> None:
    await ground.allow("storage_bytes", 1)

    blob_id = await store_a_byte(ground)
    async with ground.context.uow.begin(ground.actor) as tx:
        await blob_service.remove_blob(tx, blob_id=blob_id)

    assert await ground.used("storage_bytes") == 0
    await store_a_byte(ground)


async def test_enabling_a_user_takes_a_seat_and_enabling_again_none(ground: Ground) -> None:
    invited = (await invite_a_user(ground)).json()["user"]["id"]
    path = f"/api/v1/users/{invited}"
    await ground.caller.post(f"{path}/disable")
    await ground.allow("active_users", await ground.used("active_users"))

    refused = await ground.caller.post(f"{path}/enable")
    await ground.allow("active_users", await ground.used("active_users") + 1)
    answers = [await ground.caller.post(f"{path}/enable") for _ in range(2)]

    assert refused.json()["limit"] == "active_users"
    assert [answer.status_code for answer in answers] == [200, 200]


async def test_what_no_package_limits_cannot_be_limited_for_a_tenant_either(
    ground: Ground, make_tenant: MakeTenant, client_as: ClientAs
) -> None:
    operator = await client_as(await make_tenant(master=True), "tenants:edit")

    refused = await operator.patch(
        f"/api/v1/tenants/{ground.tenant.tenant_id}", json={"overrides": {"branches": 3}}
    )

    assert [fault["code"] for fault in refused.json()["errors"]] == ["unknown-limit"]


async def test_a_refusal_speaks_the_callers_language(ground: Ground) -> None:
    await ground.allow("active_users", await ground.used("active_users"))
    ground.caller.headers["Accept-Language"] = "pt-BR"

    problem = (await invite_a_user(ground)).json()

    assert "Usuários ativos: o limite com o pacote Freemium é 1" in problem["detail"]
    assert "Desative um usuário" in problem["detail"]


def test_rows_leave_the_product_by_one_way_only() -> None:
    streams = [
        path.name
        for path in Path(sindico_api.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Stream"
    ]

    assert streams == ["downloads.py"]
