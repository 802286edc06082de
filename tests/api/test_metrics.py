import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient, RequestFactory
from prometheus_client.parser import text_string_to_metric_families

from sindico_api.metrics import came_from_inside


async def count_of(client: AsyncTestClient[Litestar], **labels: str) -> float:
    text = (await client.get("/metrics")).text
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "sindico_http_requests_total" and labels.items() <= sample.labels.items()
    )


async def test_requests_are_counted_by_route_and_status(
    client: AsyncTestClient[Litestar],
) -> None:
    before = await count_of(client, route="/health/live", method="GET", status="200")

    await client.get("/health/live")
    await client.get("/health/live?a=1")

    after = await count_of(client, route="/health/live", method="GET", status="200")
    assert after - before == 2


async def test_refusals_are_counted_with_the_status_the_caller_saw(
    client: AsyncTestClient[Litestar],
) -> None:
    before = await count_of(client, route="/metrics", status="404")

    await client.get("/metrics", headers={"x-forwarded-for": "200.160.2.3"})

    assert await count_of(client, route="/metrics", status="404") - before == 1


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
async def test_metrics_do_not_leave_through_a_proxy(
    client: AsyncTestClient[Litestar], header: str
) -> None:
    response = await client.get("/metrics", headers={header: "10.0.0.1"})

    assert response.status_code == 404
    assert response.json()["code"] == "not-found"


@pytest.mark.parametrize(
    ("host", "inside"),
    [("10.42.0.7", True), ("127.0.0.1", True), ("fd00::7", True), ("200.160.2.3", False)],
)
def test_metrics_are_given_to_neighbours_alone(host: str, inside: bool) -> None:  # noqa: FBT001 (a case)
    request = RequestFactory().get("/metrics")
    request.scope["client"] = (host, 40_000)

    assert came_from_inside(request) is inside
