"""The sealer, and what verification finds after somebody had the owner's hands on the rows."""

import asyncio
from uuid import UUID

import asyncpg
import pytest
from uuid_utils.compat import uuid7

from sindico_api.context import Context
from sindico_platform.audit import service as audit
from sindico_platform.audit.errors import AuditRecordNotFound
from sindico_platform.audit.queries import count_changes
from sindico_platform.audit.verifier import verify_trail
from sindico_platform.database.roles import RoleUrls
from sindico_platform.database.tx import Actor, Tx
from sindico_platform.secrets import KeyRing, generate_key
from sindico_platform.settings import Secret
from tests.platform.audit.conftest import Trail

EVENT = "control.audit_event WHERE tenant_id = $1"
SECOND = f"(SELECT id FROM {EVENT} ORDER BY id OFFSET 1 LIMIT 1)"  # noqa: S608 - constants


async def two_seals(trail: Trail) -> None:
    """Two seals of three events each."""
    for _ in range(2):
        await trail.record(3, name=("Ana", "Bia"))
        await trail.seal()


async def test_a_sealed_trail_verifies(trail: Trail) -> None:
    await two_seals(trail)
    await trail.record()

    report = await trail.verify()

    assert await trail.seal_numbers() == [1, 1, 1, 2, 2, 2, None]
    assert (report.events, report.seals, report.unsealed, report.faults) == (7, 2, 1, [])
    assert len(bytes.fromhex(report.last_mac)) == 32


async def test_a_batch_that_is_full_goes_on_in_the_next_seal(trail: Trail) -> None:
    await trail.seal()
    await trail.record(5)

    await trail.seal(batch_rows=2)

    assert await trail.seal_numbers() == [1, 1, 2, 2, 3]
    assert (await trail.verify()).faults == []


async def test_what_commits_late_is_sealed_later_in_spite_of_its_smaller_id(trail: Trail) -> None:
    async with trail.context.uow.begin(Actor.system(trail.tenant_id)) as late:
        await trail.note(late)
        await trail.record(2)
        await trail.seal()
    await trail.seal()

    assert await trail.seal_numbers() == [2, 1, 1]
    assert (await trail.verify()).faults == []


async def test_two_sealers_at_once_make_one_chain(trail: Trail) -> None:
    await trail.record(6)

    await asyncio.gather(*(trail.seal(batch_rows=2) for _ in range(3)))
    await trail.seal()

    assert None not in await trail.seal_numbers()
    assert (await trail.verify()).faults == []


async def test_a_seal_verifies_after_the_key_ring_was_rotated(trail: Trail) -> None:
    await two_seals(trail)
    old = trail.context.settings.key_ring.reveal()
    rotated = KeyRing.parse(Secret(f"{generate_key('new').reveal()},{old}"))

    sound = await verify_trail(trail.context.engines.fleet, rotated, trail.tenant_id)
    lost = await verify_trail(
        trail.context.engines.fleet, KeyRing.parse(generate_key("new")), trail.tenant_id
    )

    assert sound.faults == []
    assert lost.faults[0] == "seal 1 was made with the key test, which is not in the key ring"


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        pytest.param(
            f"UPDATE control.audit_event SET {column} WHERE tenant_id = $1 AND id = {SECOND}",  # noqa: S608 - constants
            "seal 1 does not match",
            id=f"edited-{column.split()[0]}",
        )
        for column in (
            "at = at - interval '1 microsecond'",
            "tag = 'thing:see'",
            "actor_tenant_id = gen_random_uuid()",
            "actor_kind = 'user'",
            "actor_id = gen_random_uuid()",
            "actor_name = 'somebody else'",
            "request_id = 'another'",
            "target_type = NULL",
            "target_id = gen_random_uuid()",
            "facts = '{}'",
        )
    ]
    + [
        pytest.param(
            f"""UPDATE control.audit_event SET changes = '{{"name": ["Ana", "Eva"]}}'
            WHERE tenant_id = $1 AND id = {SECOND}""",  # noqa: S608 - constants
            "its changes are not those that were recorded",
            id="edited-changes",
        ),
        pytest.param(
            f"UPDATE control.audit_event SET changes = NULL WHERE tenant_id = $1 AND id = {SECOND}",  # noqa: S608 - constants
            "its changes are gone, and no erasure is on record",
            id="erased-in-silence",
        ),
        pytest.param(
            """UPDATE control.audit_event SET changes = NULL, changes_salt = NULL,
            changes_digest = NULL WHERE tenant_id = $1""",
            "seal 1 does not match",
            id="erased-with-the-digest",
        ),
        pytest.param(
            f"DELETE FROM {EVENT} AND id = {SECOND}",  # noqa: S608 - constants
            "seal 1 covers 3 events, and 2 are there",
            id="deleted",
        ),
        pytest.param(
            f"DELETE FROM {EVENT} AND seal_number = 1",  # noqa: S608 - constants
            "seal 1 covers 3 events, and none is there",
            id="deleted-all-of-a-seal",
        ),
        pytest.param(
            """INSERT INTO control.audit_event (tenant_id, id, at, tag, actor_tenant_id,
                actor_kind, actor_name, facts, seal_number)
            VALUES ($1, gen_random_uuid(), now(), 'thing:add', $1, 'system', 'x', '{}', 1)""",
            "seal 1 covers 3 events, and 4 are there",
            id="inserted",
        ),
        pytest.param(
            """UPDATE control.audit_event SET seal_number = 3 - seal_number
            WHERE tenant_id = $1""",
            "seal 1 does not match",
            id="moved-to-another-seal",
        ),
        pytest.param(
            """WITH swapped AS (
                SELECT id, row_number() OVER (ORDER BY id) AS place, lag(id) OVER (ORDER BY id)
                FROM control.audit_event WHERE tenant_id = $1 LIMIT 2)
            UPDATE control.audit_event AS e SET facts = other.facts
            FROM control.audit_event AS other
            WHERE e.tenant_id = $1 AND other.tenant_id = $1 AND e.seal_number = 1
                AND other.seal_number = 1
                AND e.id IN (SELECT id FROM swapped) AND other.id IN (SELECT id FROM swapped)
                AND e.id <> other.id""",
            "seal 1 does not match",
            id="reordered-in-a-seal",
        ),
        pytest.param(
            f"UPDATE control.audit_event SET seal_number = NULL WHERE tenant_id = $1 AND id = {SECOND}",  # noqa: S608, E501 - constants
            "seal 1 covers 3 events, and 2 are there",
            id="unsealed",
        ),
        pytest.param(
            "DELETE FROM control.audit_seal WHERE tenant_id = $1 AND number = 1",
            "seal 1 is missing",
            id="seal-missing",
        ),
        pytest.param(
            "DELETE FROM control.audit_seal WHERE tenant_id = $1 AND number = 2",
            "seal 2 is missing; 3 events bear it",
            id="last-seal-missing",
        ),
        pytest.param(
            "UPDATE control.audit_seal SET mac = sha256('x') WHERE tenant_id = $1 AND number = 1",
            "seal 1 does not match",
            id="seal-altered",
        ),
        pytest.param(
            "UPDATE control.audit_seal SET sealed_at = now() WHERE tenant_id = $1 AND number = 2",
            "seal 2 does not match",
            id="seal-dated-otherwise",
        ),
    ],
)
async def test_tampering_is_found(trail: Trail, statement: str, fault: str) -> None:
    await two_seals(trail)

    await trail.tamper(statement)

    faults = (await trail.verify()).faults
    assert any(fault in each for each in faults), faults


async def test_erased_changes_keep_the_trail_sound(trail: Trail) -> None:
    await two_seals(trail)
    async with trail.context.uow.begin(Actor.system(trail.tenant_id)) as tx:
        erased = await audit.erase_changes(tx, "thing", trail.target)
    await trail.seal()

    left = await trail.owner.fetch(
        f"SELECT changes, changes_salt, changes_digest FROM {EVENT} AND tag = 'thing:edit'",  # noqa: S608 - constants
        trail.tenant_id,
    )
    assert (erased.events, erased.with_changes, erased.erased) == (7, 0, 6)
    assert {(row["changes"], row["changes_salt"]) for row in left} == {(None, None)}
    assert all(row["changes_digest"] for row in left)
    assert (await trail.verify()).faults == []


async def test_erasing_reaches_the_bound_tenant_only(trail: Trail, context: Context) -> None:
    await trail.record(name=("Ana", "Bia"))

    with pytest.raises(AuditRecordNotFound):
        async with context.uow.begin(Actor.system(UUID(int=7))) as tx:
            await audit.erase_changes(tx, "thing", trail.target)

    async with context.uow.begin(Actor.system(trail.tenant_id)) as tx:
        assert (await count_changes(tx, "thing", trail.target)).with_changes == 1


async def test_what_is_done_after_an_erasure_can_be_erased_too(trail: Trail) -> None:
    erased = []
    for _ in range(2):
        await trail.record(2, name=("Ana", "Bia"))
        for _again in range(2):
            async with trail.context.uow.begin(Actor.system(trail.tenant_id)) as tx:
                erased.append((await audit.erase_changes(tx, "thing", trail.target)).erased)
        await trail.seal()

    assert erased == [2, 0, 2, 0]
    report = await trail.verify()
    assert (report.events, report.faults) == (6, [])


async def test_what_a_host_with_a_fast_clock_wrote_is_erased_without_a_fault(
    trail: Trail, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as fast:
        fast.setattr(Tx, "new_id", lambda _tx: UUID(int=uuid7().int + (60_000 << 80)))
        await trail.record(2, name=("Ana", "Bia"))
    async with trail.context.uow.begin(Actor.system(trail.tenant_id)) as tx:
        await audit.erase_changes(tx, "thing", trail.target)
    await trail.seal()

    assert (await trail.verify()).faults == []


@pytest.mark.parametrize("role", ["app", "fleet"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE control.audit_event SET seal_number = 1",
        "UPDATE control.audit_event SET changes = NULL",
        "DELETE FROM control.audit_event",
        "DELETE FROM control.audit_seal",
        "UPDATE control.audit_seal SET mac = ''",
        "INSERT INTO control.audit_seal VALUES (gen_random_uuid(), 1, now(), 0, '', '')",
    ],
)
async def test_no_role_of_a_process_may_touch_what_stands(
    database: RoleUrls, role: str, statement: str
) -> None:
    connection = await asyncpg.connect(getattr(database, role))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    finally:
        await connection.close()


async def test_only_the_fleet_may_seal(database: RoleUrls) -> None:
    connection = await asyncpg.connect(database.app)
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetchval(
                "SELECT control.seal_audit(gen_random_uuid(), 1, now(), '', '', '{}')"
            )
    finally:
        await connection.close()
