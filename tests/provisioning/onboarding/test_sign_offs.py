"""Signed for the counts as they were; withdrawn when they change in a way that matters."""

import pytest

from sindico_platform.errors import Terminal
from sindico_provisioning.onboarding import service
from sindico_provisioning.onboarding.errors import LoadUnderWay, NotSignedOff
from sindico_provisioning.onboarding.rejections.queries import count_rejected, read_rejected
from sindico_provisioning.onboarding.rules import Counts, find_reason
from sindico_provisioning.reconciliation.jobs import start_reconciliation
from sindico_provisioning.staging.sizes.models import StagingSize
from tests.provisioning.loads.conftest import Site
from tests.provisioning.onboarding.following import BAD_CNPJ, load_changes, look, look_at
from tests.support.jobs import POINTS, kill_after, run_through_kills
from tests.support.plans import explaining


async def sign(site: Site, table: str, note: str | None = None) -> None:
    async with site.context.uow.begin(site.actor) as tx:
        await service.sign_off(tx, integration_id=site.integration_id, table=table, note=note)


@pytest.fixture
async def loaded(site: Site) -> Site:
    """Three customers were brought, one was rejected."""
    site.erp.put("empresa_propria", "1")
    site.erp.put("empresa", "a", "b", "c", cod_empresa="1")
    site.erp.put("empresa", "bad", **BAD_CNPJ)
    await site.load()
    return site


async def test_each_table_tells_what_came_of_what_the_erp_has(loaded: Site) -> None:
    found, told = await look(loaded), await look_at(loaded, "empresa")

    assert (told.source_rows, told.source_from, told.received) == (4, "load", 4)
    assert (told.staged, told.in_crm, told.rejected) == (3, 3, 1)
    assert [(each.code, each.field, each.rows) for each in told.reasons] == [
        ("cnpj-check-digits", "cnpj", 1)
    ]
    assert (found.expected, found.signed, found.percent, found.is_running) == (2, 0, 0, False)
    assert not (await look_at(loaded, "nota")).is_expected


async def test_what_was_rejected_is_told_until_it_came_right(loaded: Site) -> None:
    """Also by loads that only read what changed: they do not meet it again."""
    first = await look_at(loaded, "empresa")
    await load_changes(loaded, "d")
    later = await look_at(loaded, "empresa")
    await load_changes(loaded, "worse", "bad", **BAD_CNPJ)
    worse = await look_at(loaded, "empresa")
    await load_changes(loaded, "bad")
    mended = await look_at(loaded, "empresa")

    assert (later.received, later.staged, later.rejected) == (1, 4, 1)
    assert later.rejected_in == first.rejected_in == [first.load_id]
    assert worse.rejected_in == mended.rejected_in == [worse.load_id, first.load_id]
    assert [(each.code, each.rows) for each in later.reasons] == [("cnpj-check-digits", 1)]
    assert (worse.rejected, worse.reasons[0].rows) == (2, 2)
    assert (mended.staged, mended.rejected, mended.reasons[0].rows) == (5, 1, 1)


async def test_a_row_that_is_again_as_it_was_came_right(loaded: Site) -> None:
    """It is not written anew, for nothing of it is different from what is here."""
    await load_changes(loaded, "a", **BAD_CNPJ)
    broken = await look_at(loaded, "empresa")
    await load_changes(loaded, "a")

    told = await look_at(loaded, "empresa")

    assert (broken.rejected, told.rejected, told.staged) == (2, 1, 3)


async def test_a_load_that_failed_before_it_read_hides_no_rejected_row(loaded: Site) -> None:
    loaded.erp.fail_next("read_page", Terminal("erp-gone", "The ERP is gone."))
    failed = await loaded.load()

    told = await look_at(loaded, "empresa")

    assert failed.status == "failed"
    assert (told.status, told.rejected, len(told.reasons)) == ("pending", 1, 1)


async def test_signing_every_table_completes_the_transfer(loaded: Site) -> None:
    await sign(loaded, "empresa_propria")
    await sign(loaded, "empresa", "conferred with the ERP's report")
    await sign(loaded, "empresa", "again")

    told = await look_at(loaded, "empresa")
    assert told.sign_off is not None
    assert (told.sign_off.note, told.sign_off.signed_by) == (
        "conferred with the ERP's report",
        loaded.actor.name,
    )
    assert (await look(loaded)).percent == 100


async def test_new_rows_of_daily_business_leave_a_sign_off_alone(loaded: Site) -> None:
    await sign(loaded, "empresa")
    loaded.erp.put("empresa", "d", "e", cod_empresa="1")

    await loaded.load()

    told = await look_at(loaded, "empresa")
    assert told.sign_off is not None
    assert told.staged == 5


async def test_more_rejected_rows_withdraw_it_and_it_can_be_signed_anew(loaded: Site) -> None:
    await sign(loaded, "empresa")
    loaded.erp.put("empresa", "worse", **BAD_CNPJ)
    await loaded.load()

    told = await look_at(loaded, "empresa")
    await sign(loaded, "empresa")

    assert told.sign_off is None
    assert told.withdrawn is not None
    assert told.withdrawn.withdrawn_code == "more-rejected"
    assert (await look_at(loaded, "empresa")).sign_off is not None


@pytest.mark.kills("onboarding.review_after_load", "staging.measure_size")
@pytest.mark.parametrize("point", POINTS)
async def test_rows_that_are_gone_withdraw_it_even_if_the_review_is_killed(
    loaded: Site, point: str
) -> None:
    await sign(loaded, "empresa")
    loaded.erp.take("empresa", "a")
    loaded.erp.put("empresa_propria", "2")
    await loaded.start()
    await loaded.run(kill_after(point, only="staging.measure_size"))
    review = "onboarding.review_after_load"
    await run_through_kills(loaded.context, loaded.tenant.tenant_id, point=point, only=review)

    told = await look_at(loaded, "empresa")

    assert told.withdrawn is not None
    assert told.withdrawn.withdrawn_code == "fewer-rows"
    assert await loaded.rows(StagingSize.rows) == [(5,)]


async def test_a_reconciliation_that_finds_more_differences_withdraws_it(loaded: Site) -> None:
    await sign(loaded, "empresa")
    loaded.erp.put("empresa", "late", cod_empresa="1")
    async with loaded.context.uow.begin(loaded.actor) as tx:
        await start_reconciliation(tx, integration_id=loaded.integration_id)
    await loaded.run()

    told = await look_at(loaded, "empresa")

    assert (told.source_rows, told.source_from, told.missing) == (5, "reconciliation", 2)
    assert told.withdrawn is not None
    assert told.withdrawn.withdrawn_code == "more-missing"


async def test_nothing_is_signed_while_a_load_moves_the_counts(loaded: Site) -> None:
    await loaded.start()

    with pytest.raises(LoadUnderWay):
        await sign(loaded, "empresa")


async def test_a_sign_off_is_withdrawn_by_hand_with_its_reason(loaded: Site) -> None:
    await sign(loaded, "empresa")
    async with loaded.context.uow.begin(loaded.actor) as tx:
        await service.withdraw(
            tx, integration_id=loaded.integration_id, table="empresa", reason="May is missing"
        )

    told = await look_at(loaded, "empresa")
    assert told.withdrawn is not None
    assert (told.withdrawn.withdrawn_code, told.withdrawn.withdrawn_reason) == (
        "by-hand",
        "May is missing",
    )
    async with loaded.context.uow.begin(loaded.actor) as tx:
        with pytest.raises(NotSignedOff):
            await service.withdraw(
                tx, integration_id=loaded.integration_id, table="empresa", reason="again"
            )


def counts(**changed: int | None) -> Counts:
    usual: dict[str, int | None] = {
        "source": 1000,
        "staged": 1000,
        "in_crm": 990,
        "rejected": 5,
        "differences": 2,
    }
    return Counts(**(usual | changed))  # type: ignore[arg-type]  # only the two may be None


@pytest.mark.parametrize(
    ("table", "now", "reason"),
    [
        ("empresa", counts(), None),
        ("empresa", counts(staged=2000, in_crm=1990, rejected=0, differences=0), None),
        ("empresa", counts(staged=995, in_crm=990), None),
        ("empresa", counts(staged=980, in_crm=975), "fewer-rows"),
        ("pedido", counts(staged=500, in_crm=495), None),
        ("fatura", counts(staged=1, in_crm=1), None),
        ("empresa", counts(rejected=6), "more-rejected"),
        ("empresa", counts(differences=3), "more-missing"),
        ("empresa", counts(in_crm=989), "more-outside-crm"),
        ("cotacao", counts(in_crm=None), None),
    ],
    ids=str,
)
def test_what_matters_withdraws_and_the_rest_does_not(
    table: str, now: Counts, reason: str | None
) -> None:
    assert find_reason(table, counts(), now) == reason


async def test_no_more_rejected_rows_are_walked_over_than_are_told(loaded: Site) -> None:
    """Neither settled ones, nor another integration's, nor all of hundreds of thousands.

    A sign-off counts all, and looks at no more of them than the index holds.
    """
    async with (
        loaded.context.uow.begin(loaded.actor) as tx,
        explaining(loaded.context.engines, tx) as plans,
    ):
        found = await read_rejected(tx, loaded.integration_id)
        every = await count_rejected(tx, loaded.integration_id)

    assert found.rows["empresa"] == every["empresa"] == 1
    walks = [plan for plan in plans if "ix_rejection_open" in plan]
    assert len(walks) == 2
    assert "Sort Key: rejection" not in walks[0]
    met_by = [plan.partition("ix_rejection_open")[2].splitlines()[1] for plan in walks]
    assert all("(integration_id = " in each for each in met_by), met_by
    assert "Index Only Scan using ix_rejection_open" in walks[1]


async def test_of_very_many_rejected_rows_the_page_counts_a_part_and_a_sign_off_all(
    loaded: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sindico_provisioning.onboarding.rejections.queries.MOST_COUNTED", 2)
    few = await look_at(loaded, "empresa")
    loaded.erp.put("empresa", "worse", "worst", **BAD_CNPJ)
    await loaded.load()
    await sign(loaded, "empresa")

    told = await look_at(loaded, "empresa")

    assert (few.rejected, few.rejected_is_least) == (1, False)
    assert (told.rejected, told.rejected_is_least) == (2, True)
    assert [each.rows for each in told.reasons] == [2]
    assert told.sign_off is not None
    assert told.sign_off.rejected == 3
