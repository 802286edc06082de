"""Who is asked whether there is room."""

import pytest

from sindico_platform.database.tx import Actor, Tx
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.quotas import service
from sindico_platform.quotas.service import Quota
from sindico_provisioning.packages.service import answer_quota
from tests.support.identity import MakeTenant


def test_the_packages_answer() -> None:
    assert service._answers == [answer_quota]


def test_nobody_else_can_answer() -> None:
    async def answer(tx: Tx, quota: str, /, *, adding: int) -> None:
        del tx, quota, adding

    with pytest.raises(ValueError, match="twice"):
        service.answers(answer)


async def test_without_anybody_to_answer_nothing_is_let_through(
    uow: UnitOfWork, make_tenant: MakeTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_answers", [])
    tenant = await make_tenant()

    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        with pytest.raises(RuntimeError, match="nobody answers"):
            await service.demand_room(tx, Quota.ACTIVE_USERS)
