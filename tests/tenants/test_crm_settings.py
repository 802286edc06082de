"""The defaults of a tenant's CRM."""

from sqlalchemy import select, update

from sindico_platform.database.tx import Actor, Tx
from sindico_platform.database.uow import UnitOfWork
from sindico_tenants.crm_settings import queries, service
from sindico_tenants.crm_settings.models import FunnelStage
from tests.provisioning.factories import make_tenant


async def list_stages(tx: Tx) -> list[FunnelStage]:
    return list(await tx.session.scalars(select(FunnelStage).order_by(FunnelStage.position)))


async def test_the_funnel_has_six_stages_in_rising_probability(uow: UnitOfWork) -> None:
    tenant = await make_tenant(uow)

    async with uow.begin(Actor.system(tenant.id)) as tx:
        await service.ensure_defaults(tx)
        settings, stages = await queries.find_settings(tx), await list_stages(tx)

    assert settings is not None
    assert [stage.position for stage in stages] == [1, 2, 3, 4, 5, 6]
    assert sorted({stage.probability_percent for stage in stages}) == [
        stage.probability_percent for stage in stages
    ]


async def test_ensuring_the_defaults_again_leaves_what_the_customer_changed(
    uow: UnitOfWork,
) -> None:
    tenant = await make_tenant(uow)
    async with uow.begin(Actor.system(tenant.id)) as tx:
        await service.ensure_defaults(tx)
        await tx.session.execute(
            update(FunnelStage).where(FunnelStage.position == 1).values(name="Primeiro contato")
        )

    async with uow.begin(Actor.system(tenant.id)) as tx:
        await service.ensure_defaults(tx)
        stages = await list_stages(tx)

    assert [stage.name for stage in stages][:2] == ["Primeiro contato", "Qualificação"]
    assert len(stages) == 6
