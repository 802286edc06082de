"""The integrations that `make demo` adds in the background, and a second start on the same data."""

import asyncio
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from sindico_api.cli.demo import show
from sindico_api.demo import sandbox
from sindico_api.demo.erps import choose_erps, erp_arguments
from sindico_api.demo.fleet import ERPX_TENANT, MEGA_TENANT, VIEWS_TENANT
from sindico_api.demo.integrations import make_integrations
from sindico_api.demo.pushed import ORDERS, TO_COME
from sindico_api.demo.record import ERPS_FILE_NAME, Login, SandboxErps, find_erps, write_record
from sindico_api.demo.setup import ensure_demo
from sindico_platform.settings import Settings
from tests.api.cli.conftest import bare_environ, sindico
from tests.stack.conftest import Demo, Person, SignIn

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
LOADED = {VIEWS_TENANT: {"view", "api"}, ERPX_TENANT: {"erpx"}}
"""The kinds of integration by tenant that are loaded in the background."""


@pytest.fixture
def erps(tmp_path: Path) -> Iterator[SandboxErps]:
    """Both sandboxes as `sindico demo` starts them."""
    chosen = choose_erps(tmp_path)
    started = [
        subprocess.Popen(
            sindico(*arguments), env=bare_environ(), stdout=subprocess.DEVNULL, text=True
        )
        for arguments in erp_arguments(chosen, tmp_path)
    ]
    yield chosen
    for process in started:
        process.terminate()
    for process in started:
        process.wait(timeout=60)


def integrations_of(person: Person) -> dict[str, str]:
    return {item["kind"]: item["id"] for item in person.read("/api/v1/integrations")["items"]}


def state_of(person: Person) -> dict[str, Any]:
    """What a second start must leave as it was."""
    clients = person.read("/api/v1/api-clients")["items"]
    found: dict[str, Any] = {"clients": {each["id"]: each["revision"] for each in clients}}
    for kind, integration_id in integrations_of(person).items():
        path = f"/api/v1/integrations/{integration_id}"
        loads = person.read("/api/v1/loads", integration_id=integration_id, kind="initial")
        found[kind] = (
            person.read(path),
            person.read(f"{path}/schedule")["revision"],
            [(load["id"], load["status"]) for load in loads["items"]],
            person.read(f"{path}/reconciliations")["items"],
        )
    return found


def test_every_integration_is_loaded_and_scheduled_and_a_second_start_doubles_nothing(
    demo: Demo, erps: SandboxErps, sign_in: SignIn, tmp_path: Path
) -> None:
    people = {name: sign_in(demo.record.tenant(name).admin) for name in (MEGA_TENANT, *LOADED)}
    make_integrations(demo.record, erps, tmp_path)
    first = {name: state_of(person) for name, person in people.items()}

    make_integrations(demo.record, choose_erps_again(tmp_path, erps), tmp_path)

    assert {name: state_of(person) for name, person in people.items()} == first
    for name, kinds in LOADED.items():
        for kind in kinds:
            _facts, schedule_revision, loads, _compared = first[name][kind]
            assert schedule_revision
            assert [status for _id, status in loads] == ["succeeded"]
    assert_shown(people[VIEWS_TENANT], erps)
    for person in people.values():
        unschedule(person)


def test_whoever_changed_the_passwords_can_start_it_again(
    demo: Demo,
    erps: SandboxErps,
    tmp_path: Path,
    settings: Settings,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The record's logins open nothing any more, as after a change of their passwords."""
    stranger = Login(login="ninguem@nenhum", password="outra")
    tenants = [replace(tenant, admin=stranger) for tenant in demo.record.tenants]
    write_record(tmp_path, replace(demo.record, operator=stranger, tenants=tenants))
    mega = sandbox.mega_facts(demo.stack.data_dir)
    servers = sandbox.server_ports(demo.stack.data_dir)

    asyncio.run(
        ensure_demo(
            settings,
            tmp_path,
            base_url=demo.stack.url,
            mega=mega,
            servers=servers,
        )
    )
    show(tmp_path, erps)

    said = capsys.readouterr().err
    assert "The initial load is left as it is. ninguem@nenhum cannot sign in" in said
    assert "sandbox Mega ERP" in said
    assert "Not every example integration is complete: ninguem@nenhum cannot" in said


def choose_erps_again(folder: Path, running: SandboxErps) -> SandboxErps:
    """What the next start knows: the file, while another program has taken no port."""
    known = find_erps(folder)
    assert known is not None
    assert known.push is not None
    assert (known.views, known.erpx) == (running.views, running.erpx)
    assert stat.S_IMODE((folder / ERPS_FILE_NAME).stat().st_mode) == 0o600
    return known


def assert_shown(person: Person, erps: SandboxErps) -> None:
    """The screens of the tenant with views and pushes have something to show."""
    ids = integrations_of(person)
    tables = {
        kind: {
            each["table"]: each
            for each in person.read(f"/api/v1/integrations/{ids[kind]}/onboarding")["tables"]
        }
        for kind in LOADED[VIEWS_TENANT]
    }
    connection = person.read(f"/api/v1/view-connections/{ids['view']}")
    waiting = person.read("/api/v1/erp/itens_pedido", waiting=True)["items"]
    curve = person.read("/api/v1/abc-curve/dashboard")["run"]["curves"][0]

    assert (connection["port"], connection["test_succeeded"]) == (erps.views.port, True)
    assert tables["view"]["vendedor"]["sign_off"]
    assert tables["view"]["pedido"]["staged"] == tables["view"]["pedido"]["in_crm"] == 4000
    assert tables["api"]["pedido"]["in_crm"] == ORDERS
    assert [row["row"]["pedido_id"] for row in waiting] == [TO_COME]
    assert curve["measure"] == "orders"


def unschedule(person: Person) -> None:
    """Let nothing begin by itself while other tests run."""
    for integration_id in integrations_of(person).values():
        path = f"/api/v1/integrations/{integration_id}/schedule"
        person.insist("PUT", path, json={"kind": "none"}).raise_for_status()
