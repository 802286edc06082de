"""One clock leads at a time."""

import asyncio

from uuid_utils.compat import uuid4

from sindico_api.context import Context
from sindico_platform.jobs.leader import lead, resign


async def test_of_many_that_ask_at_once_one_leads(fleet_context: Context) -> None:
    fleet = fleet_context.engines.fleet

    answers = await asyncio.gather(*(lead(fleet, uuid4(), lease_seconds=60) for _ in range(8)))

    assert sum(answers) == 1


async def test_the_leader_renews_and_nobody_else_gets_in(fleet_context: Context) -> None:
    fleet, first, second = fleet_context.engines.fleet, uuid4(), uuid4()

    answers = [await lead(fleet, who, lease_seconds=60) for who in (first, first, second, first)]

    assert answers == [True, True, False, True]


async def test_a_lease_that_ran_out_goes_to_whoever_asks(fleet_context: Context) -> None:
    fleet, first, second = fleet_context.engines.fleet, uuid4(), uuid4()
    await lead(fleet, first, lease_seconds=-1)

    answers = [await lead(fleet, who, lease_seconds=60) for who in (second, first)]

    assert answers == [True, False]


async def test_who_resigns_lets_another_lead_at_once(fleet_context: Context) -> None:
    fleet, first, second = fleet_context.engines.fleet, uuid4(), uuid4()
    await lead(fleet, first, lease_seconds=60)

    await resign(fleet, second)
    refused = await lead(fleet, second, lease_seconds=60)
    await resign(fleet, first)

    assert (refused, await lead(fleet, second, lease_seconds=60)) == (False, True)
