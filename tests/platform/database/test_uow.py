"""The binding of the tenant, against the real roles."""

from uuid import UUID

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import ProgrammingError
from uuid_utils.compat import uuid7

from sindico_platform.audit import service as audit
from sindico_platform.audit.models import AuditEvent
from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork


async def record_in(uow: UnitOfWork, tenant: UUID) -> None:
    async with uow.begin(Actor.system(tenant)) as tx:
        await audit.record(tx, "test:happen")


async def test_a_tenant_sees_only_its_own_rows(uow: UnitOfWork) -> None:
    alpha, beta = uuid7(), uuid7()
    await record_in(uow, alpha)
    await record_in(uow, beta)

    async with uow.begin(Actor.system(alpha)) as tx:
        seen = set(await tx.session.scalars(select(AuditEvent.tenant_id)))

    assert seen == {alpha}


async def test_a_row_of_another_tenant_cannot_be_written(uow: UnitOfWork) -> None:
    alpha, beta = uuid7(), uuid7()

    with pytest.raises(ProgrammingError, match="row-level security"):
        async with uow.begin(Actor.system(alpha)) as tx:
            await tx.session.execute(
                insert(AuditEvent).values(
                    tenant_id=beta,
                    id=tx.new_id(),
                    at=tx.now,
                    tag="test:intrude",
                    actor_tenant_id=alpha,
                    actor_kind="system",
                    actor_name="system",
                    facts={},
                )
            )


async def test_figures_are_told_after_the_commit_and_not_after_a_rollback(
    uow: UnitOfWork,
) -> None:
    tenant, told = uuid7(), list[str]()

    async def fail() -> None:
        async with uow.begin(Actor.system(tenant)) as tx:
            tx.after_commit(lambda: told.append("rolled back"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with uow.begin(Actor.system(tenant)) as tx:
        tx.after_commit(lambda: told.append("committed"))
        told.append("inside")

    assert told == ["inside", "committed"]


async def test_no_tenant_bound_means_no_rows(uow: UnitOfWork) -> None:
    await record_in(uow, uuid7())

    async with uow._app() as session, session.begin():
        rows = await session.scalar(text("SELECT count(*) FROM control.audit_event"))

    assert rows == 0
