"""Imports beside loads and people who change the same records: whoever comes second waits."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import text

from sindico_platform.database.tx import Tx
from sindico_platform.jobs.context import JobContext
from sindico_tenants.companies import queries, service
from sindico_tenants.companies.models import Branch, Company
from sindico_tenants.companies.schemas import CompanyPatch
from sindico_tenants.imports.models import Import
from sindico_tenants.imports.stages import service as stages
from tests.support.jobs import eventually
from tests.support.locks import somebody_waits
from tests.tenants.imports.conftest import Customer

HEADER = ["Código", "Razão social"]


async def begin(customer: Customer, *, undoes: bool) -> tuple[UUID, UUID, UUID]:
    """An import that is about to write two companies, or to take that back.

    The second one stands before the first, in the sheet and where it is stored.

    Returns:
        The ids of the import and of the companies.
    """
    first, second = sorted(
        [await customer.company(erp_code=code, name=code) for code in ("1", "2")]
    )
    await customer.edit(Company, first, name="1")
    shown = await customer.preview(HEADER, ["2", "Segunda"], ["1", "Primeira"])
    await customer.start(shown.id)
    if undoes:
        await customer.work()
        await customer.undo(shown.id)
    return shown.id, first, second


@pytest.fixture
def reads_as_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the planner read companies in the order of their storing, as it likes of many."""
    hold_import = stages.hold_import

    async def hold(tx: Tx, ctx: JobContext, import_id: UUID) -> Import:
        for order in ("enable_indexscan", "enable_bitmapscan", "enable_mergejoin"):
            await tx.session.execute(text(f"SET LOCAL {order} = off"))
        return await hold_import(tx, ctx, import_id)

    monkeypatch.setattr(stages, "hold_import", hold)


async def names(customer: Customer) -> list[str]:
    return [company.name for company in await customer.all(Company)]


@pytest.mark.usefixtures("reads_as_stored")
@pytest.mark.parametrize("undoes", [False, True], ids=["writing", "undoing"])
async def test_who_holds_many_in_the_order_of_their_ids_meets_in_no_deadlock(
    customer: Customer, *, undoes: bool
) -> None:
    """As loads and other imports do."""
    import_id, first, second = await begin(customer, undoes=undoes)

    async with customer.context.uow.begin(customer.actor) as tx:
        await queries.lock_company(tx, first)
        beside = asyncio.create_task(customer.work())
        await eventually(somebody_waits(customer.context.uow, customer.actor))
        await queries.lock_company(tx, second)
    await beside

    assert (await customer.read(import_id)).status == ("undone" if undoes else "succeeded")
    assert await names(customer) == (["1", "2"] if undoes else ["Primeira", "Segunda"])


async def test_branches_hold_their_companies_in_the_order_of_their_ids(customer: Customer) -> None:
    """An undo of companies holds many, and deletes those that nothing is linked to."""
    first, second = sorted(
        [await customer.company(erp_code=code, name=code) for code in ("1", "2")]
    )
    header = ["Código da empresa", "Código da filial", "Razão social"]
    shown = await customer.preview(
        header, ["2", "20", "Norte"], ["1", "10", "Sul"], resource="branches"
    )
    await customer.start(shown.id)

    async with customer.context.uow.begin(customer.actor) as tx:
        await queries.lock_company(tx, first)
        beside = asyncio.create_task(customer.work())
        await eventually(somebody_waits(customer.context.uow, customer.actor))
        await queries.lock_company(tx, second)
    await beside

    assert (await customer.read(shown.id)).status == "succeeded"
    assert len(await customer.all(Branch)) == 2


@pytest.mark.parametrize("undoes", [False, True], ids=["writing", "undoing"])
async def test_who_looks_for_a_free_code_meets_in_no_deadlock(
    customer: Customer, *, undoes: bool
) -> None:
    """A person who edits holds the record before looking whether another one has its new code."""
    import_id, first, _ = await begin(customer, undoes=undoes)

    async with customer.context.uow.begin(customer.actor) as tx:
        await queries.lock_company(tx, first)
        beside = asyncio.create_task(customer.work())
        await eventually(somebody_waits(customer.context.uow, customer.actor))
        data = CompanyPatch(name="Editada", erp_code="9")
        await service.edit_company(tx, company_id=first, data=data)
    await beside

    assert (await customer.read(import_id)).status == ("undone" if undoes else "succeeded")
    assert set(await names(customer)) == {"Editada", "2" if undoes else "Segunda"}
