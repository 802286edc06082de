"""A process killed with -9 in the middle of a statement, where a lock of ours holds it."""

import asyncio
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from typing import Any

import httpx
import pytest
import python_calamine
from aiosmtpd.smtp import SMTP, Envelope

from tests.processes import wait_until
from tests.stack.conftest import LONG_SECONDS, POLL_SECONDS, Demo, Person, SignIn, is_passing
from tests.support.mail_server import Mailbox, serving

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

ROWS = 300
PATH = "/api/v1/erp/vendedor"
NDJSON = {"Content-Type": "application/x-ndjson"}
WAITING = "SELECT count(*) FROM pg_locks WHERE relation = %s::regclass AND NOT granted"


@contextmanager
def writers_held(demo: Demo, table: str) -> Iterator[Callable[[], None]]:
    """Nobody writes the table in the block; gives what waits until somebody stands before it."""
    with demo.administering() as watcher, demo.administering() as holder, holder.transaction():
        holder.execute(f"LOCK TABLE {table} IN SHARE MODE")

        def is_held() -> bool:
            row = watcher.execute(WAITING, [table]).fetchone()
            return row is not None and row[0] > 0

        yield lambda: wait_until(is_held, seconds=LONG_SECONDS)


def wait_for(person: Person, path: str, field: str, value: str) -> Any:
    seen: list[Any] = []

    def is_there() -> bool:
        seen.append(person.read(path))
        return bool(seen[-1][field] == value)

    wait_until(is_there, seconds=LONG_SECONDS, pause_seconds=POLL_SECONDS)
    return seen[-1]


@pytest.fixture
def integrator(demo: Demo, sign_in: SignIn) -> Person:
    return sign_in(demo.record.tenant("advanced").admin)


@pytest.fixture
def importer(demo: Demo, sign_in: SignIn) -> Person:
    return sign_in(demo.record.tenant("starter").admin)


def sellers(count: int) -> tuple[str, bytes]:
    """A mark that all have, and as many rows of `vendedor`."""
    mark = secrets.token_hex(4)
    lines = [f'{{"id_erp": "{mark}-{n}", "nome": "Vendedor {mark}"}}\n' for n in range(count)]
    return mark, "".join(lines).encode()


def pushed(integrator: Person, mark: str) -> int:
    """How many rows with the mark are there."""
    page = integrator.read(PATH, nome=f"Vendedor {mark}", limit=200)
    rows = len(page["items"])
    while page["next_cursor"]:
        more = {"nome": f"Vendedor {mark}", "limit": 200, "after": page["next_cursor"]}
        page = integrator.read(PATH, **more)
        rows += len(page["items"])
    return rows


def let_no_lease_of_a_key_end(demo: Demo) -> None:
    """None in this test: what is taken over is taken from a process that is seen to be gone."""
    with demo.administering() as admin:
        admin.execute(
            "UPDATE control.idempotency_key SET lease_until = now() + interval '1 hour'"
            " WHERE answer IS NULL"
        )


def test_a_push_whose_api_is_killed_lands_once_when_it_is_sent_again(
    demo: Demo, integrator: Person
) -> None:
    mark, body = sellers(ROWS)
    headers = NDJSON | {"Idempotency-Key": mark}

    def is_answered() -> bool:
        answer = integrator.send("POST", PATH, content=body, headers=headers)
        return not is_passing(answer.status_code)

    def push() -> None:
        with suppress(httpx.TransportError):
            wait_until(is_answered, seconds=LONG_SECONDS, pause_seconds=POLL_SECONDS)

    sender = threading.Thread(target=push)
    with writers_held(demo, "staging.vendedor") as wait:
        sender.start()
        wait()
        demo.kill("api")
    sender.join()
    wait_until(demo.stack.is_ready)
    between = pushed(integrator, mark)
    let_no_lease_of_a_key_end(demo)
    answers: list[httpx.Response] = []

    def is_carried_out() -> bool:
        answers.append(integrator.insist("POST", PATH, content=body, headers=headers))
        return answers[-1].status_code != httpx.codes.CONFLICT

    wait_until(is_carried_out, seconds=LONG_SECONDS, pause_seconds=POLL_SECONDS)
    *refused, landed = answers
    again = integrator.insist("POST", PATH, content=body, headers=headers)

    assert between == 0
    assert all(1 <= int(answer.headers["Retry-After"]) <= 5 for answer in refused)
    assert (landed.status_code, landed.json()["created"]) == (200, ROWS)
    assert (again.json(), again.headers["Idempotency-Replayed"]) == (landed.json(), "true")
    assert pushed(integrator, mark) == ROWS


def test_a_push_whose_body_was_under_way_may_be_sent_again_at_once(
    demo: Demo, integrator: Person
) -> None:
    mark, body = sellers(ROWS)
    headers = NDJSON | {"Idempotency-Key": mark}

    def broken_off() -> Iterator[bytes]:
        yield body[: len(body) // 2]
        demo.kill("api")
        yield body[len(body) // 2 :]

    with pytest.raises(httpx.TransportError):
        integrator.send("POST", PATH, content=broken_off(), headers=headers)
    wait_until(demo.stack.is_ready)
    landed = integrator.insist("POST", PATH, content=body, headers=headers)

    assert (landed.status_code, landed.json()["created"]) == (200, ROWS)
    assert pushed(integrator, mark) == ROWS


def upload(importer: Person, *codes: str) -> str:
    """A spreadsheet of companies, read and ready to be run; gives its path."""
    lines = ["Código;Razão social", *(f"{code};Empresa {code}" for code in codes)]
    answer = importer.insist(
        "POST",
        "/api/v1/imports",
        data={"resource": "companies"},
        files={"file": ("empresas.csv", "\n".join(lines).encode(), "text/csv")},
    )
    path = f"/api/v1/imports/{answer.raise_for_status().json()['id']}"
    wait_for(importer, path, "status", "ready")
    return path


async def test_a_worker_killed_with_a_mail_an_import_and_an_export_in_hand(
    demo: Demo, importer: Person, integrator: Person
) -> None:
    """None is lost, none is done twice, and the mail comes again as the same."""
    mailbox, in_hand = Mailbox(), threading.Event()

    async def take_for_ever(_server: SMTP, envelope: Envelope) -> None:
        mailbox.before_data = None
        mailbox.envelopes.append(envelope)
        in_hand.set()
        await asyncio.Event().wait()

    def work_and_kill(port: int) -> None:
        mark, body = sellers(3)
        integrator.insist("POST", PATH, content=body, headers=NDJSON)
        settings = {"host": "localhost", "port": port, "sender_email": "crm@cliente.com.br"}
        made = importer.insist("POST", "/api/v1/smtp-settings", json=settings).raise_for_status()
        importer.insist("POST", f"{upload(importer, mark)}/run").raise_for_status()
        assert in_hand.wait(LONG_SECONDS)
        (mail,) = importer.read("/api/v1/outgoing-mails", limit=1)["items"]
        before = importer.count("/api/v1/companies")
        bringing = upload(importer, *(f"{mark}{n}" for n in range(ROWS)))

        with (
            writers_held(demo, "crm.company") as wait_for_import,
            writers_held(demo, "control.blob") as wait_for_export,
        ):
            importer.insist("POST", f"{bringing}/run").raise_for_status()
            asked = integrator.insist("POST", "/api/v1/exchanges/exports", json={}).json()
            wait_for_import()
            wait_for_export()
            demo.kill("worker")

        sent = wait_for(importer, f"/api/v1/outgoing-mails/{mail['id']}", "state", "sent")
        same = [each for each in mailbox.mails if sent["message_id"] in each["Message-ID"]]
        assert len(same) == 2
        done = importer.follow(bringing)
        assert (done["status"], done["written_created"]) == ("succeeded", ROWS), done["error"]
        assert importer.count("/api/v1/companies") == before + ROWS
        assert_exported(integrator, asked["id"], mark)
        importer.insist("DELETE", f"/api/v1/smtp-settings/{made.json()['id']}")

    mailbox.before_data = take_for_ever
    async with serving(mailbox) as port:
        await asyncio.to_thread(work_and_kill, port)


def assert_exported(integrator: Person, export_id: str, mark: str) -> None:
    """One whole file with what was pushed."""
    path = f"/api/v1/exchanges/exports/{export_id}"
    assert integrator.follow(path)["status"] == "succeeded"
    file = integrator.insist("GET", f"{path}/file").raise_for_status()
    book = python_calamine.load_workbook(BytesIO(file.content))
    rows = book.get_sheet_by_name("vendedor").to_python()
    assert sum(f"Vendedor {mark}" in row for row in rows) == 3


def test_a_clock_killed_in_the_middle_of_a_tick_begins_one_load(
    demo: Demo, consultant: Person
) -> None:
    integration = consultant.read("/api/v1/integrations")["items"][0]["id"]
    schedule = f"/api/v1/integrations/{integration}/schedule"
    runs = f"/api/v1/integrations/{integration}/scheduled-runs"
    before = consultant.count(runs)
    hourly = {"kind": "interval", "interval_minutes": 60}
    consultant.insist("PUT", schedule, json=hourly).raise_for_status()

    with writers_held(demo, "control.load") as wait, demo.administering() as admin:
        admin.execute(
            "UPDATE control.schedule SET due_at = now(), slot_at = now() WHERE integration_id = %s",
            [integration],
        )
        wait()
        demo.kill("clock")

    wait_until(lambda: consultant.count(runs) > before, seconds=LONG_SECONDS, pause_seconds=1)
    run = consultant.read(runs, limit=1)["items"][0]
    consultant.insist("PUT", schedule, json={"kind": "none"}).raise_for_status()
    assert (run["outcome"], consultant.count(runs)) == ("started", before + 1)
    assert consultant.follow(f"/api/v1/loads/{run['load_id']}")["status"] == "succeeded"
