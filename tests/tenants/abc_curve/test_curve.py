"""Who is an A, a B, a C, or nothing; exactly at the cuts, with ties, and with goods come back."""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from random import Random

import pytest
from sqlalchemy import select

from sindico_platform.errors import InvalidInput
from sindico_tenants.abc_curve import queries, service
from sindico_tenants.abc_curve.models import AbcChange, AbcClass, AccountAbc, Measure
from sindico_tenants.abc_curve.queries import months_before
from sindico_tenants.abc_curve.schemas import AbcSettingsIn, ClassOut
from sindico_tenants.companies.queries import get_branch
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


async def test_a_simulation_looks_for_no_names_on_curves_where_nobody_moves(
    clientele: Clientele, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each look draws the curve again, and a tenant may have one for each company and branch."""
    await clientele.add("stays")
    await clientele.buy("stays", 85)
    await service.draw_curves(clientele.tx)
    await clientele.add("new")
    monkeypatch.setattr("sindico_tenants.abc_curve.statements.list_movers", None)

    simulated = await queries.simulate(clientele.tx, AbcSettingsIn())

    assert [(each.from_class, each.accounts) for each in simulated.moves] == [(None, 1)]
    assert simulated.movers == []


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
