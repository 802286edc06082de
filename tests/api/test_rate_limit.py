"""The package's requests per minute, at the API's door."""

import pytest
from httpx import AsyncClient
from litestar import Litestar
from sqlalchemy import select

from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.tenancy.models import Tenant
from sindico_provisioning.packages.models import Subscription
from tests.provisioning.factories import make_tenant as make_customer
from tests.provisioning.factories import put_package_in_force
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant

ME = "/api/v1/auth/me"
PUSH = "/api/v1/erp/vendedor"
ALLOWED = 3


@pytest.fixture
async def customer(uow: UnitOfWork) -> Tenant:
    """A Freemium customer who may make very few requests."""
    made = await make_customer(uow)
    await put_package_in_force(uow, made.id, "freemium")
    async with uow.begin(Actor.system(made.id)) as tx:
        (await tx.session.scalars(select(Subscription))).one().overrides = {
            "api_requests_per_minute": ALLOWED
        }
        tenant = await tx.session.get(Tenant, made.id)
        assert tenant is not None
        tx.session.expunge(tenant)
    return tenant


@pytest.fixture(autouse=True)
def no_minute_ends(monkeypatch: pytest.MonkeyPatch, served: Litestar) -> None:
    """Counts all of a test's requests in one minute."""
    counter = served.state.context.request_limits._counter
    monkeypatch.setattr(counter, "_clock", lambda: 60.0 * 1000 + 10)


async def test_one_request_too_many_is_told_limit_and_package(
    customer: Tenant, client_as: ClientAs
) -> None:
    caller = await client_as(customer)
    answers = [await caller.get(ME) for _ in range(ALLOWED + 1)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[0].headers["RateLimit-Remaining"] == str(ALLOWED - 1)
    problem, headers = answers[-1].json(), answers[-1].headers
    assert problem["code"] == "too-many-requests"
    assert (problem["limit"], problem["package"]) == ("api_requests_per_minute", "freemium")
    assert headers["content-type"] == "application/problem+json"
    assert (headers["Retry-After"], headers["RateLimit-Remaining"]) == ("50", "0")


async def test_callers_of_one_tenant_share_its_limit_and_no_other(
    customer: Tenant, client_as: ClientAs, make_tenant: MakeTenant
) -> None:
    one, two = await client_as(customer), await client_as(customer)
    neighbour = await client_as(await make_tenant())
    for _ in range(ALLOWED):
        await one.get(ME)

    assert (await two.get(ME)).status_code == 429
    assert (await neighbour.get(ME)).status_code == 200


async def test_pushed_rows_are_counted_as_they_came_and_refused_unread_when_spent(
    customer: Tenant, client_as: ClientAs, uow: UnitOfWork
) -> None:
    async with uow.begin(Actor.system(customer.tenant_id)) as tx:
        (await tx.session.scalars(select(Subscription))).one().overrides = {
            "push_rows_per_minute": ALLOWED
        }
    pusher = await client_as(customer, "erp_tables:include")
    row = {"id_erp": "1", "nome": "Ana"}
    over = [row | {"id_erp": str(number)} for number in range(2, ALLOWED + 3)]

    rejected = await pusher.post(PUSH, json=[{"id_erp": ""}, row], params={"atomic": True})
    last = await pusher.post(PUSH, json=over)
    refused = await pusher.post(
        PUSH, content=b"no JSON", headers={"Accept-Language": "pt-BR"}, params={"atomic": True}
    )
    elsewhere = await pusher.get(ME)

    assert (rejected.status_code, last.status_code, elsewhere.status_code) == (422, 200, 200)
    problem = refused.json()
    assert (refused.status_code, problem["code"]) == (429, "too-many-rows")
    assert (problem["limit"], problem["allowed"]) == ("push_rows_per_minute", ALLOWED)
    assert problem["title"] == "Linhas demais neste minuto"
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["Retry-After"] == "50"


async def test_the_vendor_is_not_limited(client_as: ClientAs, make_tenant: MakeTenant) -> None:
    vendor = await client_as(await make_tenant(master=True))

    answer = await vendor.get(ME)

    assert answer.status_code == 200
    assert "RateLimit-Limit" not in answer.headers


@pytest.mark.parametrize("path", ["/health/live", "/metrics", "/schema/openapi.json"])
async def test_what_is_open_to_all_is_not_counted(client: AsyncClient, path: str) -> None:
    assert "RateLimit-Limit" not in (await client.get(path)).headers
