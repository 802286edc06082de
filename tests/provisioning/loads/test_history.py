"""Runs beside each other: counts, durations, medians, and what was out of the ordinary."""

from typing import Any

import pytest
from uuid_utils.compat import uuid7

from sindico_platform.paging.schemas import PageRequest
from sindico_provisioning.integrations.errors import IntegrationNotFound
from sindico_provisioning.loads.history import queries
from sindico_provisioning.loads.history.schemas import RunFiguresOut, RunItem
from sindico_provisioning.loads.queries import count_rows
from tests.provisioning.loads.conftest import Site
from tests.provisioning.loads.runs import add_run

ALL = PageRequest(limit=50)


async def runs(site: Site) -> list[RunItem]:
    async with site.context.uow.begin(site.actor) as tx:
        return (await queries.list_runs(tx, site.integration_id, ALL)).items


async def figures(site: Site) -> RunFiguresOut:
    async with site.context.uow.begin(site.actor) as tx:
        return await queries.read_figures(tx, site.integration_id)


async def test_a_run_has_its_counts_and_duration(site: Site) -> None:
    site.erp.put("empresa_propria", "1")
    site.erp.put("empresa", "c1", "c2", "c3")
    await site.load()

    [run] = await runs(site)

    assert (run.kind, run.status, run.received, run.created) == ("initial", "succeeded", 4, 4)
    assert run.duration_seconds is not None
    assert run.duration_seconds >= 0
    assert run.unusual == []


async def test_rejections_of_every_phase_count_as_on_the_panel(site: Site) -> None:
    await add_run(site, rejected=7)

    [run] = await runs(site)
    async with site.context.uow.begin(site.actor) as tx:
        panel = await count_rows(tx, [run.id])

    assert (run.received, run.created) == (1000, 986)
    assert run.rejected == panel[run.id].rejected == 21


async def test_figures_are_those_of_complete_runs_that_succeeded(site: Site) -> None:
    for seconds in (100, 200, 900):
        await add_run(site, seconds=seconds)
    await add_run(site, seconds=9000, status="failed")
    await add_run(site, seconds=9000, tables=["empresa"])

    found = await figures(site)

    assert (found.runs, found.median_seconds, found.average_seconds) == (3, 200, 400)
    assert found.median_received == 1000


async def test_an_integration_that_never_ran_has_no_figures(site: Site) -> None:
    found = await figures(site)

    assert found == RunFiguresOut(
        runs=0, average_seconds=None, median_seconds=None, median_received=None
    )


@pytest.mark.parametrize(
    ("run", "unusual"),
    [
        ({"seconds": 1700}, []),
        ({"seconds": 1900}, ["slow"]),
        ({"seconds": 150}, ["quick"]),
        ({"seconds": 150, "status": "failed"}, []),
        ({"received": 200}, ["few-rows"]),
        ({"received": 4000}, ["many-rows"]),
        ({"received": 200, "status": "failed"}, []),
        ({"received": 200, "tables": ["empresa"]}, []),
        ({"seconds": 3000, "received": 9000}, ["slow", "many-rows"]),
    ],
    ids=str,
)
async def test_what_is_far_from_the_median_is_marked(
    site: Site, run: dict[str, Any], unusual: list[str]
) -> None:
    for _ in range(6):
        await add_run(site)
    await add_run(site, **run)

    assert (await runs(site))[0].unusual == unusual


async def test_with_little_to_compare_with_nothing_is_unusual(site: Site) -> None:
    await add_run(site)
    await add_run(site, seconds=90_000)

    assert [run.unusual for run in await runs(site)] == [[], []]


async def test_another_integration_has_no_runs_here(site: Site) -> None:
    async with site.context.uow.begin(site.actor) as tx:
        with pytest.raises(IntegrationNotFound):
            await queries.list_runs(tx, uuid7(), ALL)
