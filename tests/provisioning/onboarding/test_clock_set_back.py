"""What holds follows from what came after what, whatever the clock says."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import update
from uuid_utils.compat import uuid7

from sindico_platform.database.tx import Tx
from sindico_provisioning.onboarding.models import TableSignOff
from sindico_provisioning.onboarding.service import sign_off, withdraw
from sindico_provisioning.reconciliation.jobs import start_reconciliation
from sindico_provisioning.staging.models import STAGING
from tests.provisioning.loads.conftest import Site
from tests.provisioning.onboarding.following import BAD_CNPJ, load_changes, look_at

HOUR = timedelta(hours=1)


async def set_clock_back(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that was before is then in the future, and new ids are below those of before."""

    def make_earlier(_tx: Tx) -> UUID:
        return UUID(int=uuid7().int - (3_600_000 << 80))

    async with site.context.uow.begin(site.actor) as tx:
        staged = STAGING["empresa"]
        await tx.session.execute(update(staged).values(changed_at=staged.c.changed_at + HOUR))
    monkeypatch.setattr(Tx, "new_id", make_earlier)


async def test_a_clock_set_back_by_an_hour_hides_no_rejected_row(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that came right before it was broken, one that all of the table was read without."""
    site.erp.put("empresa_propria", "1")
    site.erp.put("empresa", "a", cod_empresa="1")
    site.erp.put("empresa", "bad", **BAD_CNPJ)
    await site.load()
    await set_clock_back(site, monkeypatch)

    await load_changes(site, "a", "worse", **BAD_CNPJ)
    broken = await look_at(site, "empresa")
    await load_changes(site, "a", "bad")
    mended = await look_at(site, "empresa")

    assert len(broken.rejected_in) == 2
    assert (broken.rejected, mended.rejected) == (3, 1)


@pytest.fixture
async def loaded(site: Site) -> Site:
    site.erp.put("empresa", "a")
    await site.load()
    return site


async def sign(site: Site, note: str) -> None:
    async with site.context.uow.begin(site.actor) as tx:
        await sign_off(tx, integration_id=site.integration_id, table="empresa", note=note)


async def take_back(site: Site, reason: str) -> None:
    async with site.context.uow.begin(site.actor) as tx:
        await withdraw(tx, integration_id=site.integration_id, table="empresa", reason=reason)


async def reconcile(site: Site) -> UUID:
    async with site.context.uow.begin(site.actor) as tx:
        started = await start_reconciliation(tx, integration_id=site.integration_id)
    await site.run()
    return started.id


async def test_a_clock_set_back_hides_no_sign_off_behind_one_that_was_withdrawn(
    loaded: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sign(loaded, "May")
    await take_back(loaded, "May is missing")
    await set_clock_back(loaded, monkeypatch)

    await sign(loaded, "June")
    signed = await look_at(loaded, "empresa")
    await take_back(loaded, "June is missing")
    withdrawn = await look_at(loaded, "empresa")

    assert signed.sign_off is not None
    assert signed.sign_off.note == "June"
    assert withdrawn.withdrawn is not None
    assert withdrawn.withdrawn.withdrawn_reason == "June is missing"


async def test_a_sign_off_that_holds_wins_whatever_its_id(loaded: Site) -> None:
    """One that a release wrote by which ids did not follow one another."""
    await sign(loaded, "May")
    await take_back(loaded, "May is missing")
    await sign(loaded, "June")
    async with loaded.context.uow.begin(loaded.actor) as tx:
        holding = update(TableSignOff).where(TableSignOff.withdrawn_at.is_(None))
        await tx.session.execute(holding.values(id=UUID(int=1)))

    assert (await look_at(loaded, "empresa")).sign_off is not None


async def test_a_clock_set_back_hides_no_reconciliation_behind_an_older_one(
    loaded: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await reconcile(loaded)
    loaded.erp.put("empresa", "late")
    await set_clock_back(loaded, monkeypatch)

    newest = await reconcile(loaded)

    told = await look_at(loaded, "empresa")
    assert (told.reconciliation_id, told.source_rows, told.missing) == (newest, 2, 1)
