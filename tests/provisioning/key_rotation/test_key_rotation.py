"""Every sealed value comes under the newest key, whatever happens on the way."""

import re
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

import sindico_provisioning
from sindico_api.context import Context
from sindico_platform.database.tx import Actor
from sindico_platform.idempotency.models import IdempotencyKey, KeyState
from sindico_platform.idempotency.service import SEALED_FIELD
from sindico_platform.secrets import KeyRing, generate_key
from sindico_platform.settings import Secret
from sindico_provisioning.key_rotation import service
from sindico_provisioning.key_rotation.catalogue import SEALED_COLUMNS
from sindico_provisioning.service_properties.models import ServiceConfiguration, ServiceProperty
from sindico_provisioning.service_properties.queries import get_service, read_properties
from tests.support.identity import tenant_factory

SOURCES = Path(sindico_provisioning.__file__).parents[2]
OLD, NEW = generate_key("old").reveal(), generate_key("new").reveal()
BEFORE, AFTER = KeyRing.parse(Secret(OLD)), KeyRing.parse(Secret(f"{NEW},{OLD}"))
MEGA = get_service("crm", "integration_mega")
ANSWERS = 3


@pytest.fixture
async def tenants(fleet_context: Context) -> list[UUID]:
    """Two tenants with a password and some answers each, sealed under the old key."""
    made = [(await tenant_factory(fleet_context.uow)()).tenant_id for _ in range(2)]
    for tenant in made:
        await seal_values(fleet_context, tenant)
    return made


async def seal_values(context: Context, tenant: UUID) -> None:
    async with context.uow.begin(Actor.system(tenant)) as tx:
        place = {"tenant_id": tenant, "domain": MEGA.domain, "service": MEGA.name}
        tx.session.add(
            ServiceConfiguration(**place, revision=1, updated_at=tx.now, updated_by="test")
        )
        await tx.session.flush()
        sealed = BEFORE.seal("s3nha", tenant_id=tenant, field=MEGA.secret_field("password"))
        tx.session.add(ServiceProperty(**place, key="password", sealed=sealed))
        for number in range(ANSWERS):
            tx.session.add(
                IdempotencyKey(
                    tenant_id=tenant,
                    client="user:1",
                    route="POST /",
                    key=str(number),
                    body_digest="0" * 64,
                    state=KeyState.FINISHED,
                    token=tx.new_id(),
                    lease_until=tx.now,
                    answer=BEFORE.seal("{}", tenant_id=tenant, field=SEALED_FIELD),
                    expires_at=tx.now + timedelta(hours=1),
                )
            )


async def values_by_key(context: Context) -> dict[str, int]:
    return {key.id: key.values for key in await service.list_keys(context.uow, AFTER)}


async def test_after_a_rotation_the_old_key_seals_nothing(
    fleet_context: Context, tenants: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "VALUES_AT_ONCE", 2)  # so that a column takes several pages
    before = await values_by_key(fleet_context)

    done = await service.reseal_all(fleet_context.uow, AFTER)

    every = len(tenants) * (ANSWERS + 1)
    assert before == {"new": 0, "old": every}
    assert (done.resealed, done.unreadable) == (every, [])
    assert await values_by_key(fleet_context) == {"new": every, "old": 0}
    only_new = KeyRing.parse(Secret(NEW))
    async with fleet_context.uow.begin(Actor.system(tenants[0])) as tx:
        values = await read_properties(tx, only_new, domain=MEGA.domain, name=MEGA.name)
    assert values["password"].reveal() == "s3nha"


async def test_a_killed_rotation_run_again_ends_right(
    fleet_context: Context, tenants: list[UUID]
) -> None:
    class KilledError(Exception):
        pass

    def kill(_done: object) -> None:
        raise KilledError

    with pytest.raises(KilledError):
        await service.reseal_all(fleet_context.uow, AFTER, told=kill)
    half = await values_by_key(fleet_context)

    done = await service.reseal_all(fleet_context.uow, AFTER)

    assert half == {"new": ANSWERS + 1, "old": ANSWERS + 1}
    assert done.resealed == ANSWERS + 1
    assert (await values_by_key(fleet_context))["old"] == 0


async def test_a_value_that_no_key_opens_is_named_and_stops_nothing(
    fleet_context: Context, tenants: list[UUID]
) -> None:
    broken = tenants[0]
    async with fleet_context.uow.begin(Actor.system(broken)) as tx:
        row = (await tx.session.scalars(select(ServiceProperty))).one()
        lost = KeyRing.parse(generate_key("lost"))
        row.sealed = lost.seal("x", tenant_id=broken, field=MEGA.secret_field("password"))

    done = await service.reseal_all(fleet_context.uow, AFTER)

    assert [(item.tenant_id, item.code) for item in done.unreadable] == [
        (broken, "sealing-key-unknown")
    ]
    assert await values_by_key(fleet_context) == {"new": 7, "old": 0, "lost": 1}


def test_every_domain_that_seals_is_in_the_catalogue() -> None:
    """Domains alone are compared: one call may seal several columns."""
    uses = {
        file.parent.name
        for root in ("platform", "tenants", "provisioning", "api")
        for file in (SOURCES / root).rglob("*.py")
        for _ in re.findall(r"\.seal\(", file.read_text())
        if file.parent.name != "secrets"
    }

    assert uses == {column.model.__module__.split(".")[-2] for column in SEALED_COLUMNS}
