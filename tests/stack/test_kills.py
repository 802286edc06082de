"""Each process killed with -9 in the middle: the work ends complete, with one of everything."""

import secrets
import threading
from contextlib import ExitStack
from functools import partial
from typing import Any

import httpx
import psycopg
import pytest
from redis import Redis
from stdnum.br import cnpj

from sindico_provisioning.loads.models import PhaseStep
from tests.processes import wait_until
from tests.stack.conftest import LONG_SECONDS, POLL_SECONDS, Demo, Person

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

VICTIMS = ["postgres", "valkey", "api", "worker", "clock"]
SLOW_PAGES = "slow::4"
CRM_LISTS = ("companies", "branches", "accounts", "contacts")
WAITING_FOR = "SELECT count(*) FROM pg_stat_activity WHERE %s = ANY (pg_blocking_pids(pid))"
HOLD_PHASE = """
    SELECT FROM control.load_phase WHERE load_id = %s AND step = %s
    ORDER BY position DESC LIMIT 1 FOR UPDATE
"""
"""The last of a step, so that its others have run to their end."""


def make_cnpj() -> str:
    base = f"{secrets.randbelow(10**8):08d}0001"
    return base + cnpj.calc_check_digits(base)


def start_provisioning(operator: Person) -> tuple[str, str]:
    """A new tenant and its provisioning run."""
    domain = f"k{secrets.token_hex(6)}"
    tenant = operator.insist(
        "POST",
        "/api/v1/tenants",
        json={
            "name": f"Kill {domain}",
            "domain": domain,
            "cnpj": make_cnpj(),
            "contracted_package": "starter",
        },
    ).raise_for_status()
    run = operator.insist(
        "POST",
        f"/api/v1/tenants/{tenant.json()['id']}/provisioning-runs",
        json={
            "package": "starter",
            "default_integration": None,
            "admin": {"name": "Ana", "email": "ana@empresa.com.br", "login": "ana"},
        },
    ).raise_for_status()
    return tenant.json()["id"], run.json()["id"]


@pytest.mark.parametrize("victim", VICTIMS)
def test_a_provisioning_survives(demo: Demo, operator: Person, victim: str) -> None:
    tenant_id, run_id = start_provisioning(operator)

    demo.kill(victim)

    run = operator.follow(f"/api/v1/provisioning-runs/{run_id}")
    assert run["status"] == "succeeded"
    defaults = operator.read(f"/api/v1/tenants/{tenant_id}/default-records")
    assert defaults["ok"], defaults["records"]
    wait_until(demo.stack.is_ready)


def script_fault(demo: Demo, fault: str) -> None:
    answer = httpx.post(
        f"{demo.record.sandbox.mega.url}_sandbox/faults",
        content=fault,
        verify=demo.sandbox_tls(),
        trust_env=False,
    )
    answer.raise_for_status()


def start_load(consultant: Person) -> httpx.Response:
    integration = consultant.read("/api/v1/integrations")["items"][0]
    return consultant.insist(
        "POST", "/api/v1/initial-loads", json={"integration_id": integration["id"]}
    )


def is_under_way(load: dict[str, Any]) -> bool:
    return any(phase["received"] for phase in load["phases"]) and load["status"] == "running"


@pytest.mark.parametrize("victim", [*sorted({*VICTIMS} - {"worker"}), "a flush of Valkey"])
def test_a_load_survives(demo: Demo, consultant: Person, victim: str) -> None:
    """The worker, which carries it, is killed in every phase below."""
    load = start_slow_load(demo, consultant)
    wait_until(lambda: is_under_way(consultant.read(load)), seconds=60, pause_seconds=POLL_SECONDS)

    if victim in VICTIMS:
        demo.kill(victim)
    else:
        Redis.from_url(demo.redis_url()).flushall()

    assert_complete(consultant, load)
    wait_until(demo.stack.is_ready)


def start_slow_load(demo: Demo, consultant: Person) -> str:
    script_fault(demo, SLOW_PAGES)
    return f"/api/v1/loads/{start_load(consultant).raise_for_status().json()['id']}"


def assert_complete(consultant: Person, path: str) -> None:
    """The load succeeds, and the CRM has just what it read."""
    load = consultant.follow(path)
    assert load["status"] == "succeeded", load["error"]
    for phase in load["phases"]:
        outcomes = ("created", "updated", "unchanged", "rejected")
        assert phase["received"] == sum(phase[name] for name in outcomes)
    for name in CRM_LISTS:
        assert consultant.count(f"/api/v1/{name}") == arrived(load, name)


def arrived(load: dict[str, Any], name: str) -> int:
    """Rows a synchronising phase left in the CRM."""
    (phase,) = (item for item in load["phases"] if item["table"] == name)
    return int(phase["created"] + phase["updated"] + phase["unchanged"])


@pytest.mark.timeout(600)
def test_a_load_whose_worker_is_killed_in_every_phase_ends_complete(
    demo: Demo, consultant: Person
) -> None:
    path = start_slow_load(demo, consultant)
    wait_until(lambda: bool(consultant.read(path)["phases"]), pause_seconds=POLL_SECONDS)
    with ExitStack() as connections:
        watcher, *holders = (
            connections.enter_context(demo.administering()) for _ in range(1 + len(PhaseStep))
        )
        for holder, step in zip(holders, PhaseStep, strict=True):
            holder.execute("BEGIN")
            assert holder.execute(HOLD_PHASE, [path.rpartition("/")[2], step]).rowcount == 1

        for holder in holders:
            wait_until(partial(is_wanted, watcher, holder), seconds=LONG_SECONDS)
            demo.kill("worker")
            holder.execute("ROLLBACK")

    assert_complete(consultant, path)


def is_wanted(watcher: psycopg.Connection, holder: psycopg.Connection) -> bool:
    """Whether somebody waits for what a connection holds."""
    row = watcher.execute(WAITING_FOR, [holder.info.backend_pid]).fetchone()
    return row is not None and row[0] > 0


def test_of_two_loads_started_at_once_one_runs(demo: Demo, consultant: Person) -> None:
    answers: list[httpx.Response] = []
    barrier = threading.Barrier(2)

    def start() -> None:
        barrier.wait()
        answers.append(start_load(consultant))

    threads = [threading.Thread(target=start) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answer.status_code for answer in answers) == [202, 409]
    (accepted,) = (answer for answer in answers if answer.is_success)
    (refused,) = (answer for answer in answers if answer.is_error)
    assert refused.json()["code"] == "load-already-running"
    load = consultant.follow(f"/api/v1/loads/{accepted.json()['id']}")
    assert load["status"] == "succeeded"
