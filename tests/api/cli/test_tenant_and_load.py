"""`sindico tenant` and `sindico load`, which work through the services."""

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sindico_api.cli.main import main
from sindico_api.context import Context
from sindico_platform.settings import Settings
from sindico_provisioning.tenant_registry.schemas import TenantOut
from tests.provisioning.factories import make_tenant


@pytest.fixture
async def customer(context: Context) -> TenantOut:
    return await make_tenant(context.uow)


@pytest.fixture
def environ(settings: Settings, tmp_path: Path) -> dict[str, str]:
    return {
        "SINDICO_DATABASE_URL": settings.database_url.reveal(),
        "SINDICO_DATABASE_FLEET_URL": settings.database_fleet_url.reveal(),
        "SINDICO_REDIS_URL": settings.redis_url.reveal(),
        "SINDICO_KEY_RING": settings.key_ring.reveal(),
        "SINDICO_DATA_DIR": str(tmp_path),
    }


async def sindico(environ: dict[str, str], *arguments: str) -> Result:
    """Run a command in a thread, as it starts an event loop of its own."""
    runner = CliRunner(env=environ)
    return await asyncio.to_thread(runner.invoke, main, list(arguments))


async def test_a_customer_is_found_by_its_domain(
    environ: dict[str, str], customer: TenantOut
) -> None:
    shown = await sindico(environ, "tenant", "show", customer.domain, "--json")
    listed = await sindico(environ, "tenant", "list", "--search", customer.domain, "--json")

    assert json.loads(shown.stdout)["id"] == str(customer.id)
    assert [json.loads(line)["id"] for line in listed.stdout.splitlines()] == [str(customer.id)]


async def test_a_customer_is_suspended_and_resumed(
    environ: dict[str, str], customer: TenantOut
) -> None:
    tenant = str(customer.id)

    stopped = await sindico(environ, "tenant", "suspend", tenant, "--reason", "unpaid", "--json")
    again = await sindico(environ, "tenant", "resume", tenant, "--json")

    assert json.loads(stopped.stdout)["state_reason"] == "unpaid"
    assert [json.loads(said.stdout)["state"] for said in (stopped, again)] == [
        "suspended",
        "active",
    ]


async def test_an_unknown_customer_is_told_in_one_line(environ: dict[str, str]) -> None:
    said = await sindico(environ, "tenant", "show", "nobody.test")

    assert (said.exit_code, said.stderr) == (1, "Error: Check the tenant's id.\n")


async def test_without_an_integration_no_load_starts(
    environ: dict[str, str], customer: TenantOut
) -> None:
    started = await sindico(environ, "load", "start", customer.domain)
    listed = await sindico(environ, "load", "list", customer.domain)

    assert started.exit_code == 1
    assert "no default integration" in started.stderr
    assert (listed.exit_code, listed.stdout) == (0, "")
