"""The checks, in the order in which they are reported."""

import shutil
from pathlib import Path
from urllib.parse import unquote, urlsplit

from redis.exceptions import RedisError

from sindico_api.doctor.examination import Check, Patient
from sindico_api.doctor.report import Outcome, State
from sindico_platform.database.inspection import (
    find_function_faults,
    find_isolation_faults,
    find_role_faults,
    has_master_tenant,
)
from sindico_platform.database.migrate import head_revision, read_revision
from sindico_platform.jobs.queries import FIGURES
from sindico_platform.secrets.probe import find_probe_faults
from sindico_provisioning.exchanges.queries import PARTITION_FAULTS

PUBLIC_CATALOGUES = frozenset(
    {"control.alembic_version", "control.denied_host", "control.key_probe", "control.package"}
)
"""Tables without tenants that the app role may read; a new one is named here on purpose."""

OLDEST_POSTGRES = 15
OLDEST_REDIS = (6, 2)
TAKEOVER_SECONDS = 10
WORKER_SILENT_SECONDS = 15
QUEUE_STUCK_SECONDS = 120
LEAD_LEFT = "SELECT extract(epoch FROM until - clock_timestamp())::float8 FROM control.clock_leader"
LIVING_WORKERS = (
    "SELECT count(*) FROM control.worker WHERE seen_at > now() - make_interval(secs => $1)"
)
UNSEALED = """
    SELECT count(*), coalesce(extract(epoch FROM now() - min(at)), 0)::float8
    FROM control.audit_event WHERE seal_number IS NULL
"""
UNSEALED_SECONDS = 300
LEDGER_DAYS_AHEAD = 5
"""The clock makes seven; with fewer than these it has been away for days."""
LEAST_FREE_BYTES = 2_000_000_000
SCARCE_FREE_BYTES = 10_000_000_000


async def check_postgres(patient: Patient) -> Outcome:
    version = await patient.app.fetchval("SHOW server_version")
    found = f"PostgreSQL {version}"
    if patient.app.get_server_version().major >= OLDEST_POSTGRES:
        return Outcome("postgres", State.OK, found)
    advice = f"Upgrade the server to PostgreSQL {OLDEST_POSTGRES} or newer."
    return Outcome("postgres", State.FAILED, found, advice)


async def check_redis(patient: Patient) -> Outcome:
    """Redis may be gone without loss, so this is never more than a warning."""
    try:
        info = await patient.redis.info("server")
    except (RedisError, OSError) as error:
        advice = "Work goes on, slower. Start the server, or correct SINDICO_REDIS_URL."
        return Outcome("redis", State.WARNING, f"no answer: {error}", advice)
    name = f"Valkey {info['valkey_version']}" if "valkey_version" in info else "Redis"
    compatible = str(info["redis_version"])
    found = f"{name} (compatible with Redis {compatible})"
    if tuple(int(part) for part in compatible.split(".")[:2]) >= OLDEST_REDIS:
        return Outcome("redis", State.OK, found)
    return Outcome("redis", State.FAILED, found, "Upgrade to Redis 6.2 or any Valkey.")


async def check_migrations(patient: Patient) -> Outcome:
    wanted = head_revision()
    found = await read_revision(patient.settings.database_url.reveal())
    if found == wanted:
        return Outcome("migrations", State.OK, f"at {found}, the newest")
    return Outcome(
        "migrations",
        State.FAILED,
        f"at {found or 'nothing'}, and this release needs {wanted}",
        "Run `sindico migrate` with this release; if the database is newer, install its release.",
    )


async def check_roles(patient: Patient) -> Outcome:
    faults = await find_role_faults(patient.app) + await find_function_faults(patient.app)
    return judge(
        "roles",
        faults,
        sound="four roles, none with a right too many",
        advice="As administrator, take these rights away; `sindico up` does it for its own server.",
    )


async def check_isolation(patient: Patient) -> Outcome:
    faults = await find_isolation_faults(patient.app, catalogues=PUBLIC_CATALOGUES)
    return judge(
        "isolation",
        faults,
        sound="every table a tenant reaches forces row-level security",
        advice="Stop serving. Run `sindico migrate`; a table that stays listed was made by hand.",
    )


async def check_key_ring(patient: Patient) -> Outcome:
    faults = await find_probe_faults(patient.app, patient.ring)
    keys = ", ".join(f"{key} ({mark})" for key, mark in patient.ring.fingerprints().items())
    return judge(
        "key ring",
        faults,
        sound=f"opens what was sealed: {keys}",
        advice="Put the missing key back into SINDICO_KEY_RING (or the data directory's `keys`).",
    )


async def check_clock(patient: Patient) -> Outcome:
    """A lead that has just run out is being taken over; one that ran out long ago is not."""
    left = await patient.fleet.fetchval(LEAD_LEFT)
    if left is not None and left > -TAKEOVER_SECONDS:
        return Outcome("clock", State.OK, "one leads")
    found = "none has ever led" if left is None else f"none has led for {-left:.0f} s"
    return Outcome("clock", State.FAILED, found, "Start `sindico clock`, or read its log.")


async def check_workers(patient: Patient) -> Outcome:
    count = await patient.fleet.fetchval(LIVING_WORKERS, WORKER_SILENT_SECONDS)
    if count:
        return Outcome("workers", State.OK, f"{count} alive")
    return Outcome(
        "workers", State.FAILED, "none alive", "Start `sindico worker`, or read its log."
    )


async def check_queue(patient: Patient) -> Outcome:
    """Waiting work of tenants that are not suspended, and work that gave up."""
    due, oldest_seconds, dead = await patient.fleet.fetchrow(FIGURES)
    found = f"{due} due, the oldest for {oldest_seconds:.0f} s; {dead} gave up"
    if oldest_seconds > QUEUE_STUCK_SECONDS:
        advice = "Start more workers; if workers are idle, read the clock's and a worker's log."
        return Outcome("queue", State.FAILED, found, advice)
    if dead:
        advice = "Read why under Dead letters in the console, and retry them there."
        return Outcome("queue", State.WARNING, found, advice)
    return Outcome("queue", State.OK, found)


async def check_audit(patient: Patient) -> Outcome:
    """Whether the sealer keeps up; `sindico audit verify` reads the trail itself."""
    waiting, oldest_seconds = await patient.fleet.fetchrow(UNSEALED)
    found = f"{waiting} events wait for a seal, the oldest for {oldest_seconds:.0f} s"
    if oldest_seconds <= UNSEALED_SECONDS:
        return Outcome("audit", State.OK, found)
    advice = "Start `sindico clock`, or read its log; then run `sindico audit verify`."
    return Outcome("audit", State.WARNING, found, advice)


async def check_ledger(patient: Patient) -> Outcome:
    """Whether the exchange ledger has a place for every day until the clock comes again."""
    missing = await patient.fleet.fetch(PARTITION_FAULTS, LEDGER_DAYS_AHEAD)
    days = sorted({row["day"] for row in missing})
    if not days:
        return Outcome("ledger", State.OK, f"has a place for {LEDGER_DAYS_AHEAD} days to come")
    advice = "Start `sindico clock`, or read its log: without a place no push is taken that day."
    return Outcome("ledger", State.FAILED, f"no place for {', '.join(days)}", advice)


async def check_disk(patient: Patient) -> Outcome:
    places = {path: shutil.disk_usage(path).free for path in _places(patient)}
    if not places:
        return Outcome("disk", State.OK, "nothing of this installation lies on this machine")
    free, place = min((free, path) for path, free in places.items())
    found = f"{free / 1e9:.1f} GB free at {place}"
    if free < LEAST_FREE_BYTES:
        return Outcome("disk", State.FAILED, found, "Free space now: writes will soon fail.")
    if free < SCARCE_FREE_BYTES:
        return Outcome("disk", State.WARNING, found, "Free space or enlarge the disk soon.")
    return Outcome("disk", State.OK, found)


async def check_mail(patient: Patient) -> Outcome:
    if patient.settings.mail_url:
        return Outcome("mail", State.OK, "set")
    advice = "Set SINDICO_MAIL_URL; until then links are shown once to whoever makes them."
    return Outcome("mail", State.WARNING, "the product cannot send mail", advice)


async def check_egress(patient: Patient) -> Outcome:
    ranges = ", ".join(str(network) for network in patient.settings.egress_allow)
    if not ranges:
        return Outcome("egress", State.OK, "private ranges are closed to hosts that customers type")
    reason = "for the demo's sandboxes" if patient.settings.demo else "by SINDICO_EGRESS_ALLOW"
    advice = "Keep it only as wide as needed; never open loopback in production."
    return Outcome("egress", State.WARNING, f"open {reason}: {ranges}", advice)


async def check_operators(patient: Patient) -> Outcome:
    if await has_master_tenant(patient.fleet):
        return Outcome("operators", State.OK, "the vendor's tenant is there")
    advice = "Make the first operator: `sindico operator invite LOGIN`."
    return Outcome("operators", State.WARNING, "nobody can sign in yet", advice)


CHECKS: dict[str, Check] = {
    "postgres": check_postgres,
    "redis": check_redis,
    "migrations": check_migrations,
    "roles": check_roles,
    "isolation": check_isolation,
    "key ring": check_key_ring,
    "clock": check_clock,
    "workers": check_workers,
    "queue": check_queue,
    "audit": check_audit,
    "ledger": check_ledger,
    "disk": check_disk,
    "operators": check_operators,
    "mail": check_mail,
    "egress": check_egress,
}
OF_PROCESSES = frozenset({"redis", "clock", "workers", "queue"})
"""Those that a stack at rest cannot pass."""


def judge(name: str, faults: list[str], *, sound: str, advice: str) -> Outcome:
    """No faults is sound; any is a failure that lists all of them."""
    if not faults:
        return Outcome(name, State.OK, sound)
    return Outcome(name, State.FAILED, "; ".join(faults), advice)


def _places(patient: Patient) -> list[Path]:
    blobs = urlsplit(patient.settings.blob_url)
    named = [patient.data_dir, Path(unquote(blobs.path)) if blobs.scheme == "file" else None]
    return [path for path in named if path and path.exists()]
