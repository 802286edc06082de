"""Killed after every step of every job, an import ends as if nothing had happened."""

import pytest

from sindico_platform.spreadsheets import limits
from sindico_tenants.companies.models import Company
from sindico_tenants.imports import queries
from tests.support.jobs import POINTS, kill_after
from tests.support.workbooks import csv_of
from tests.tenants.imports.conftest import Customer

ROWS = [["Código", "Razão social"], *([str(n), f"Empresa {n:02}"] for n in range(10))]


async def work_through_kills(customer: Customer, point: str) -> int:
    """Kill at the first passing of `point`, go on, kill at the second, and so on, to the end.

    Returns:
        How often that was.
    """
    kills = 0
    while (await customer.work(kill_after(point, kills + 1))).killed:
        kills += 1
    return kills


@pytest.fixture
async def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "BATCH_ROWS", 3)
    monkeypatch.setattr(queries, "STRETCH_ROWS", 3)


@pytest.mark.kills("imports.analyse_import", "imports.run_import", "imports.undo_import")
@pytest.mark.usefixtures("small_steps")
@pytest.mark.parametrize("point", POINTS)
async def test_killed_after_any_step_it_is_read_written_and_undone_once(
    customer: Customer, point: str
) -> None:
    known = [await customer.company(erp_code=str(n), name=f"Antiga {n}") for n in (0, 4, 9)]

    import_id = await customer.upload(csv_of(*ROWS))
    kills = await work_through_kills(customer, point)
    shown = await customer.read(import_id)
    assert (shown.status, shown.created, shown.updated) == ("ready", 7, 3)
    assert len(await customer.rows(import_id)) == 10

    await customer.start(import_id)
    kills += await work_through_kills(customer, point)
    done = await customer.read(import_id)
    assert (done.status, done.written_created, done.written_updated) == ("succeeded", 7, 3)
    companies = await customer.all(Company)
    assert [company.name for company in companies] == [row[1] for row in ROWS[1:]]
    assert [company.revision for company in companies] == [2, 1, 1, 1, 2, 1, 1, 1, 1, 2]

    await customer.undo(import_id)
    kills += await work_through_kills(customer, point)
    undone = await customer.read(import_id)
    assert (undone.status, undone.removed, undone.restored, undone.kept) == ("undone", 7, 3, 0)
    assert [company.id for company in await customer.all(Company)] == known
    assert kills >= 3


@pytest.mark.usefixtures("small_steps")
async def test_a_cancelled_run_stops_and_can_be_undone(customer: Customer) -> None:
    shown = await customer.preview(*ROWS)
    await customer.start(shown.id)
    await customer.work(kill_after("committed", 3))
    await customer.cancel(shown.id)
    await customer.work()

    stopped = await customer.read(shown.id)
    assert (stopped.status, stopped.written_created) == ("cancelled", 6)
    assert len(await customer.all(Company)) == 6

    undone = await customer.take_back(shown.id)
    assert (undone.status, undone.removed) == ("undone", 6)
    assert await customer.all(Company) == []


@pytest.mark.usefixtures("small_steps")
async def test_a_killed_import_shows_how_far_it_is(customer: Customer) -> None:
    shown = await customer.preview(*ROWS)
    await customer.start(shown.id)

    await customer.work(kill_after("committed", 3))

    assert (await customer.read(shown.id)).percent == 60
