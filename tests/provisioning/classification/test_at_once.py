"""Classifying because somebody asked, beside a load that does the same."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import update

from sindico_api.context import Context
from sindico_platform.database.tx import Actor, Tx
from sindico_provisioning.classification import service as classification
from sindico_tenants.accounts.models import Account
from sindico_tenants.portfolios import queries, service
from sindico_tenants.portfolios.schemas import Kind
from tests.support.classification import classify_accounts
from tests.support.identity import MakeTenant
from tests.support.jobs import eventually, run_jobs
from tests.support.locks import somebody_waits
from tests.tenants.abc_curve.conftest import Clientele

CATEGORY, PORTFOLIO = "Atacado", "Sul"


async def say(tx: Tx, account_ids: Sequence[UUID], **values: str) -> None:
    await tx.session.execute(update(Account).where(Account.id.in_(account_ids)).values(values))


async def test_between_both_kinds_the_job_holds_nothing_that_a_load_places(
    context: Context, make_tenant: MakeTenant
) -> None:
    """Else each could hold an account that the other wants next.

    Of categories the job changes the second account's alone, of portfolios those of both; it comes
    to a stop between them because somebody is just making the portfolio.
    """
    tenant_id = (await make_tenant()).tenant_id
    uow, actor = context.uow, Actor.system(tenant_id)
    async with uow.begin(actor) as tx:
        clientele = Clientele(tx)
        await clientele.add("Acme", "Bela")
        await classify_accounts(tx)
        first, second = sorted(clientele.ids.values())
        await say(tx, [second], erp_category=CATEGORY)
        await say(tx, [first, second], erp_portfolio=PORTFOLIO)
        await classification.request_classification(tx)

    async with uow.begin(actor) as tx:
        await service.create_portfolio(tx, name=PORTFOLIO)
        working = asyncio.create_task(run_jobs(context, tenant_id))
        await eventually(somebody_waits(uow, actor))
        async with uow.begin(actor) as beside:
            await say(beside, [first], erp_category=CATEGORY)
            placed = await service.place_accounts(beside, Kind.CATEGORY)
    await working
    await run_jobs(context, tenant_id, at_once=True)

    assert placed.moved == 1
    async with uow.begin(actor) as tx:
        found = [await queries.read_placement(tx, account_id) for account_id in (first, second)]
    assert [(each.category, each.portfolio) for each in found] == [(CATEGORY, PORTFOLIO)] * 2
