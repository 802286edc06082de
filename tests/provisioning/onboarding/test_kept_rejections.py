"""Rejected rows leave when nobody has to mend them and a month has passed, and not before."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, update
from uuid_utils.compat import uuid7

from sindico_api.context import Context
from sindico_platform.audit.models import AuditEvent
from sindico_platform.database.tx import Tx
from sindico_provisioning.integrations.models import Integration
from sindico_provisioning.loads.models import Load
from sindico_provisioning.staging.models import STAGING, StagingRejection
from sindico_provisioning.staging.retention.daily import Retention
from sindico_provisioning.staging.retention.models import Retirement
from sindico_provisioning.staging.retention.rejections import service
from tests.provisioning.loads.conftest import Site, make_site
from tests.provisioning.loads.erp import ERPS
from tests.provisioning.onboarding.following import BAD_CNPJ, load_changes, look_at
from tests.support.identity import tenant_factory
from tests.support.jobs import kill_after

LEFT = [("bad", False), ("lost", False), ("open", False), ("", False)]
"""The newest of each row that is not right, and the row without a key."""


@pytest.fixture
async def site(fleet_context: Context, erp_kind: str) -> Site:
    """Of five rows that were rejected, one came right since and one was rejected twice again."""
    site = await make_site(fleet_context, await tenant_factory(fleet_context.uow)(), erp_kind)
    site.erp.put("empresa_propria", "1")
    site.erp.put("empresa", "bad", "lost", "mended", "open", **BAD_CNPJ)
    site.erp.rows["empresa"].append(site.erp.rows["empresa"][0] | {"id_erp": None})
    await site.load()
    await load_changes(site, "bad", **BAD_CNPJ)
    await load_changes(site, "mended")
    await load_changes(site, "bad", **BAD_CNPJ)
    async with site.context.uow.begin(site.actor) as tx:
        day_ago = func.now() - timedelta(hours=25)
        await tx.session.execute(update(Integration).values(created_at=day_ago))
    return site


@pytest.fixture
def _all_is_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "KEPT_DAYS", 0)


async def clear(site: Site) -> None:
    async with site.context.uow.begin(site.actor) as tx:
        day_ago = func.now() - timedelta(hours=25)
        await tx.session.execute(update(Retirement).values(begun_at=day_ago))
    await Retention(site.context.uow).begin_due()
    await site.run()


async def kept(site: Site) -> list[tuple[str, bool]]:
    found = await site.rows(
        func.coalesce(StagingRejection.id_erp, "~"), StagingRejection.is_settled
    )
    return [(key.replace("~", ""), is_settled) for key, is_settled in found]


async def told(site: Site) -> list[int]:
    """How many rejected rows the audit trail says were removed."""
    rows = await site.rows(AuditEvent.id, AuditEvent.tag, AuditEvent.facts)
    return [row[2]["count"] for row in rows if row[1] == "staging:forget-rejections"]


async def test_what_is_settled_is_kept_for_who_looks_at_the_run_and_no_longer(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await look_at(site, "empresa")
    await clear(site)
    young = await kept(site)
    noted = await look_at(site, "empresa")
    monkeypatch.setattr(service, "KEPT_DAYS", 0)
    await clear(site)
    await clear(site)

    assert [each for each in young if not each[1]] == LEFT
    assert [each for each in young if each[1]] == [("bad", True), ("bad", True), ("mended", True)]
    assert await kept(site) == LEFT
    assert await told(site) == [3]
    assert await look_at(site, "empresa") == noted == before
    assert (before.rejected, [each.rows for each in before.reasons]) == (4, [4, 1])


@pytest.mark.usefixtures("_all_is_old")
async def test_what_all_of_the_table_was_read_without_is_gone_with_or_without_a_key(
    site: Site,
) -> None:
    ERPS[site.tenant.tenant_id] = site.erp
    site.erp.take("empresa", "lost", "mended", "open")
    site.erp.rows["empresa"] = [row for row in site.erp.rows["empresa"] if row["id_erp"]]
    await site.load()

    await clear(site)

    assert await kept(site) == [("bad", False)]
    assert (await look_at(site, "empresa")).rejected == 1


@pytest.mark.usefixtures("_all_is_old")
async def test_a_row_that_came_right_and_left_since_is_not_wrong_again(site: Site) -> None:
    await clear(site)
    async with site.context.uow.begin(site.actor) as tx:
        await tx.session.execute(delete(STAGING["empresa"]))

    assert (await look_at(site, "empresa")).rejected == 4


async def reject_elsewhere(tx: Tx, mine: Load) -> None:
    """Another integration of the tenant, whose ERP has the same keys, rejects one of them."""
    other, load_id = uuid7(), uuid7()
    integration = Integration(id=other, kind="view", name="Other", state="active", state_at=tx.now)
    integration.is_default, integration.created_at = False, tx.now
    integration.tenant_id = tx.tenant_id
    tx.session.add(integration)
    await tx.session.flush()
    copied = {
        column.key: getattr(mine, column.key)
        for column in Load.__table__.columns
        if column.key not in {"id", "integration_id"}
    }
    tx.session.add(Load(**copied, id=load_id, integration_id=other))
    await tx.session.flush()
    tx.session.add(
        StagingRejection(
            tenant_id=tx.tenant_id,
            load_id=load_id,
            id=uuid7(),
            integration_id=other,
            resource="empresa",
            row_index=0,
            id_erp="lost",
            errors=[],
            raw="{}",
            at=tx.now,
        )
    )


@pytest.mark.usefixtures("_all_is_old")
async def test_the_same_key_of_another_integration_is_another_row(site: Site) -> None:
    async with site.context.uow.begin(site.actor) as tx:
        mine = (await tx.session.scalars(select(Load).order_by(Load.id))).first()
        assert mine is not None
        await reject_elsewhere(tx, mine)

    await clear(site)

    assert await kept(site) == [LEFT[0], LEFT[1], LEFT[1], *LEFT[2:]]
    assert (await look_at(site, "empresa")).rejected == 4


@pytest.mark.usefixtures("_all_is_old")
@pytest.mark.kills("staging.retire_rows")
async def test_killed_after_every_step_it_removes_and_tells_each_row_once(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "STRETCH_ROWS", 2)
    await Retention(site.context.uow).begin_due()

    for point in ("claimed", "recorded"):
        await site.run(kill_after(point, only="staging.retire_rows"))
        await site.run(kill_after("committed", only="staging.retire_rows"))
    while await site.rows(Retirement.resource) != [(None,)]:
        await site.run(kill_after("committed", only="staging.retire_rows"))
    await site.run()

    assert await kept(site) == LEFT
    assert await told(site) == [3]
    assert [row[0]["rejections"] for row in await site.rows(Retirement.removed)] == [3]
