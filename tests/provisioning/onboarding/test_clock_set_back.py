"""Which rows are still wrong follows from what came after what, whatever the clock says."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import update
from uuid_utils.compat import uuid7

from sindico_platform.database.tx import Tx
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
