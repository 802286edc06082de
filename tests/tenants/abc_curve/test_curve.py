"""Who is an A, a B, a C, or nothing; exactly at the cuts, with ties, and with goods come back."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from random import Random
from uuid import UUID

import pytest
from sqlalchemy import select

from sindico_platform.errors import InvalidInput
from sindico_tenants.abc_curve import queries, service
from sindico_tenants.abc_curve.models import AbcChange, AbcClass, AccountAbc, Measure
from sindico_tenants.abc_curve.queries import months_before
from sindico_tenants.abc_curve.schemas import AbcSettingsIn, ClassOut, SimulationOut
from sindico_tenants.companies.queries import get_branch
from sindico_tenants.companies.schemas import BranchOut
from tests.support.rows import make_branch
from tests.tenants.abc_curve.conftest import Clientele

YEAR = 365


def expected(revenues: Sequence[int], a: int = 80, b: int = 15) -> list[str]:
    """The rule, said a second time and in fractions."""
    whole = sum(each for each in revenues if each > 0)

    def of(revenue: int) -> str:
        if revenue <= 0:
            return "none"
        before = Fraction(sum(each for each in revenues if each > revenue), whole)
        if before < Fraction(a, 100):
            return "A"
        return "B" if before < Fraction(a + b, 100) else "C"

    return [of(each) for each in revenues]


async def draw(clientele: Clientele, revenues: Sequence[int]) -> list[str]:
    names = [f"c{place:03}" for place in range(len(revenues))]
    await clientele.add(*names)
    for name, revenue in zip(names, revenues, strict=True):
        if revenue:
            await clientele.buy(name, revenue)
    await service.draw_curves(clientele.tx)
    found = await clientele.classes()
    return [found[name] for name in names]


CASES = {
    "the textbook's": [50, 30, 10, 5, 3, 2],
    "exactly at the first cut": [80, 15, 5],
    "a cent below the first cut": [79, 16, 5],
    "one account makes nearly all": [99, 1],
    "one account alone": [1],
    "ten alike": [10] * 10,
    "a tie across the first cut": [70, 10, 10, 10],
    "a tie across the second cut": [90, 4, 3, 3],
    "nobody bought anything": [0, 0, 0],
    "nobody at all": [],
    "more came back than was bought": [100, 0, -40],
    "the largest amounts there are": [999_999_999_999_999, 999_999_999_999_998, 1],
}


@pytest.mark.parametrize("revenues", CASES.values(), ids=CASES)
async def test_classes_follow_from_what_stands_before(
    clientele: Clientele, revenues: list[int]
) -> None:
    assert await draw(clientele, revenues) == expected(revenues)


@pytest.mark.parametrize("seed", range(8))
async def test_any_clientele_is_classified_by_the_rule(clientele: Clientele, seed: int) -> None:
    random = Random(seed)  # noqa: S311  (a test repeats)
    few = random.choice([3, 50, 10_000])
    revenues = [random.randint(-few // 3, few) for _ in range(120)]

    assert await draw(clientele, revenues) == expected(revenues)


async def test_the_places_say_why(clientele: Clientele) -> None:
    await draw(clientele, [50, 30, 30, 0])

    rows = await clientele.tx.session.execute(
        select(AccountAbc.rank, AccountAbc.before_cents, AccountAbc.curve_cents).order_by(
            AccountAbc.rank
        )
    )
    assert [tuple(row) for row in rows] == [(1, 0, 110), (2, 50, 110), (2, 50, 110), (4, 110, 110)]


async def test_what_does_not_count(clientele: Clientele) -> None:
    await clientele.add("a", "b")
    await clientele.buy("a", 100)
    await clientele.buy("b", 900, days_ago=YEAR + 30)
    await clientele.buy("b", 900, days_ago=-1)
    await clientele.buy("b", 900, status="CANCELADA")
    await clientele.buy("b", 900, erp_removed_at=clientele.tx.now)
    await clientele.buy(None, 900)
    await clientele.order("b", 900)

    await service.draw_curves(clientele.tx)

    assert await clientele.classes() == {"a": "A", "b": "none"}


async def test_goods_that_came_back_are_taken_off(clientele: Clientele) -> None:
    await clientele.add("a", "b")
    await clientele.buy("a", 500)
    await clientele.buy("b", 900)
    await clientele.buy("b", -800, is_return=True)

    run = await service.draw_curves(clientele.tx)

    assert await clientele.classes() == {"a": "A", "b": "B"}
    assert run.curves[0].classes[0] == ClassOut(abc_class=AbcClass.A, accounts=1, revenue_cents=500)


async def test_orders_count_when_the_settings_say_so(clientele: Clientele) -> None:
    await clientele.add("a", "b")
    await clientele.buy("a", 500)
    await clientele.order("b", 100)
    await service.create_settings(clientele.tx, data=AbcSettingsIn(measure=Measure.ORDERS))

    await service.draw_curves(clientele.tx)

    assert await clientele.classes() == {"a": "none", "b": "A"}


async def test_a_branch_and_a_company_have_curves_of_their_own(clientele: Clientele) -> None:
    tx = clientele.tx
    near, far = [await get_branch(tx, await make_branch(tx)) for _ in range(2)]
    await service.create_settings(tx, data=AbcSettingsIn(branch_id=near.id))
    await service.create_settings(tx, data=AbcSettingsIn(company_id=far.company_id))
    await clientele.add("small", branch_id=near.id, company_id=near.company_id)
    await clientele.add("middle", branch_id=far.id, company_id=far.company_id)
    await clientele.add("large", "tiny")
    for name, cents in (("small", 1), ("middle", 10), ("large", 10_000), ("tiny", 1)):
        await clientele.buy(name, cents)

    run = await service.draw_curves(tx)

    assert await clientele.classes() == {"small": "A", "middle": "A", "large": "A", "tiny": "C"}
    assert [sum(each.accounts for each in curve.classes) for curve in run.curves].count(1) == 2
    assert run.accounts == 4


async def test_drawing_again_changes_nothing(clientele: Clientele) -> None:
    await draw(clientele, [50, 30, 10, 5, 3, 2])

    again = await service.draw_curves(clientele.tx)

    assert (again.classified, again.moved) == (0, 0)


async def test_changes_are_kept_with_where_from_and_where_to(clientele: Clientele) -> None:
    tx = clientele.tx
    await draw(clientele, [80, 15, 5])
    await service.create_settings(tx, data=AbcSettingsIn(a_percent=10, b_percent=10, c_percent=80))
    simulated = await queries.simulate(tx, AbcSettingsIn(a_percent=10, b_percent=10, c_percent=80))

    assert [(each.from_class, each.to_class) for each in simulated.movers] == [("B", "C")]
    assert await clientele.classes() == {"c000": "A", "c001": "B", "c002": "C"}
    changes = (await tx.session.scalars(select(AbcChange))).all()
    assert {(each.from_class, each.to_class) for each in changes} == {
        (None, "A"),
        (None, "B"),
        (None, "C"),
    }


async def test_a_simulation_of_one_curve_tells_who_would_move_on_another(
    clientele: Clientele,
) -> None:
    """Whoever a company takes onto a curve of its own counts no more on the tenant's."""
    tx = clientele.tx
    own = (await get_branch(tx, await make_branch(tx))).company_id
    await clientele.add("taken", company_id=own)
    await clientele.add("left", "last")
    for name, cents in (("taken", 85), ("left", 12), ("last", 3)):
        await clientele.buy(name, cents)
    await service.draw_curves(tx)
    before, data = await clientele.classes(), AbcSettingsIn(company_id=own)

    simulated = await queries.simulate(tx, data)
    await service.create_settings(tx, data=data)
    run = await service.draw_curves(tx)

    assert (before, await clientele.classes()) == (
        {"taken": "A", "left": "B", "last": "C"},
        {"taken": "A", "left": "A", "last": "B"},
    )
    assert [(each.name, each.from_class, each.to_class) for each in simulated.movers] == [
        ("left", "B", "A"),
        ("last", "C", "B"),
    ]
    assert sum(each.accounts for each in simulated.moves) == run.moved == 2


SPANS = ((Measure.NOTES, 3), (Measure.ORDERS, 6), (Measure.NOTES, 24), (Measure.ORDERS, 1))


async def sell_at_random(clientele: Clientele, random: Random) -> list[BranchOut]:
    """Branches of two companies, and sixty accounts there and elsewhere that bought and ordered."""
    tx = clientele.tx
    branches = [await get_branch(tx, await make_branch(tx)) for _ in range(2)]
    for number in range(60):
        branch = random.choice([*branches, None])
        company_id = random.choice([branch.company_id, None]) if branch else None
        name = f"c{number:02}"
        await clientele.add(name, branch_id=branch and branch.id, company_id=company_id)
        for sell in (clientele.buy, clientele.order):
            cents, days_ago = random.randint(-30, 200), random.randint(-3, 740)
            await sell(name, cents, 1, days_ago=days_ago, status=random.choice([None, "x", "Y"]))
    return branches


def settings_at_random(
    random: Random, company_id: UUID | None = None, branch_id: UUID | None = None
) -> AbcSettingsIn:
    measure, months = random.choice(SPANS)
    a_percent = random.randint(10, 80)
    return AbcSettingsIn(
        company_id=company_id,
        branch_id=branch_id,
        a_percent=a_percent,
        b_percent=90 - a_percent,
        c_percent=10,
        measure=measure,
        period_months=months,
        ignored_statuses=random.choice([["X"], ["y", "Z"], []]),
    )


async def demand_foretold(clientele: Clientele, simulated: SimulationOut) -> None:
    """Draw, and see that it comes to what the simulation said."""
    before = await clientele.classes()
    run = await service.draw_curves(clientele.tx)
    after = await clientele.classes()

    moved = Counter((before[name], after[name]) for name in after if before[name] != after[name])
    assert {(each.from_class, each.to_class): each.accounts for each in simulated.moves} == moved
    assert simulated.curve in run.curves
    assert {each.name: (each.from_class, each.to_class) for each in simulated.movers} == {
        name: (before[name], after[name]) for name in after if before[name] != after[name]
    }


@pytest.mark.parametrize("seed", range(4))
async def test_what_is_simulated_is_what_comes_whatever_curves_there_are(
    clientele: Clientele, seed: int
) -> None:
    """Curves of all kinds come one after the other, and are given up again."""
    tx, random = clientele.tx, Random(seed)  # noqa: S311  (a test repeats)
    near, far = await sell_at_random(clientele, random)
    await service.draw_curves(tx)
    rows = []
    for scope in ((None, None), (near.company_id, near.id), (far.company_id, None)):
        data = settings_at_random(random, *scope)
        simulated = await service.simulate(tx, data=data)
        rows.append(await service.create_settings(tx, data=data))
        await demand_foretold(clientele, simulated)

    random.shuffle(rows)
    for row in rows:
        simulated = await queries.simulate_without(tx, row.id)
        await service.delete_settings(tx, settings_id=row.id)
        await demand_foretold(clientele, simulated)


async def test_the_curve_shown_is_the_one_that_accounts_would_fall_back_to(
    clientele: Clientele,
) -> None:
    tx = clientele.tx
    branch = await get_branch(tx, await make_branch(tx))
    tenants, companys, branchs = [
        (await service.create_settings(tx, data=data)).id
        for data in (
            AbcSettingsIn(period_months=3),
            AbcSettingsIn(period_months=6, company_id=branch.company_id),
            AbcSettingsIn(period_months=9, branch_id=branch.id),
        )
    ]
    await clientele.add("a", branch_id=branch.id, company_id=branch.company_id)
    await clientele.buy("a", 100)

    async def fall_back(settings_id: UUID) -> tuple[UUID | None, UUID | None, int, date]:
        curve = (await queries.simulate_without(tx, settings_id)).curve
        return curve.company_id, curve.branch_id, curve.classes[0].accounts, curve.from_on

    def from_on(months: int) -> date:
        return months_before(today, months) + date.resolution

    today = await queries.read_today(tx)
    assert await fall_back(branchs) == (branch.company_id, None, 1, from_on(6))
    assert await fall_back(companys) == (None, None, 0, from_on(3))
    assert await fall_back(tenants) == (None, None, 0, from_on(12))
    await service.delete_settings(tx, settings_id=companys)
    assert await fall_back(branchs) == (None, None, 1, from_on(3))


async def test_a_simulation_tells_of_documents_without_an_account(clientele: Clientele) -> None:
    await clientele.add("a")
    await clientele.buy("a", 100)
    await clientele.buy(None, 40, 2)

    found = await queries.simulate(clientele.tx, AbcSettingsIn())

    assert (found.unassigned_documents, found.unassigned_cents) == (2, 42)
    assert await clientele.classes() == {}


WRONG = {
    "cuts": (AbcSettingsIn(a_percent=80, b_percent=15, c_percent=6), "a_percent"),
    "no c": (AbcSettingsIn(a_percent=80, b_percent=20, c_percent=0), "c_percent"),
    "period": (AbcSettingsIn(period_months=25), "period_months"),
    "statuses": (AbcSettingsIn(ignored_statuses=["x" * 81]), "ignored_statuses"),
}


@pytest.mark.parametrize(("data", "field"), WRONG.values(), ids=WRONG)
def test_settings_that_draw_nothing_are_refused(data: AbcSettingsIn, field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        service.demand_valid(data)

    assert field in {each.field for each in refusal.value.errors}


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2026, 11, 22), 12, date(2025, 11, 22)),
        (date(2026, 3, 31), 1, date(2026, 2, 28)),
        (date(2024, 3, 31), 1, date(2024, 2, 29)),
        (date(2026, 1, 31), 2, date(2025, 11, 30)),
        (date(2026, 12, 31), 12, date(2025, 12, 31)),
        (date(2024, 2, 29), 24, date(2022, 2, 28)),
    ],
)
def test_months_before_a_day(day: date, months: int, then: date) -> None:
    assert months_before(day, months) == then
