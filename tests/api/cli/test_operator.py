"""`sindico operator`: how the first person comes in."""

import json
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.api.cli.conftest import RunningStack, bare_environ, sindico
from tests.processes import DEADLINE_SECONDS

pytestmark = pytest.mark.stack
PASSWORD = "um-cavalo-azul-correndo"


def invite(data_dir: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        sindico("operator", "invite", "ana", "--data-dir", str(data_dir), *options),
        capture_output=True,
        text=True,
        check=False,
        env=bare_environ(),
        timeout=DEADLINE_SECONDS,
    )


def test_the_first_operator_chooses_a_password_and_sees_the_customers(
    ready_stack: RunningStack,
) -> None:
    first = invite(ready_stack.data_dir, "--domain", "vendor.example")
    made = json.loads(invite(ready_stack.data_dir, "--json", "--domain", "ignored.example").stdout)
    with httpx.Client(base_url=ready_stack.url, trust_env=False) as http:
        chosen = http.post(
            "/api/v1/auth/accept-invitation",
            json={"token": made["url"].rpartition("token=")[2], "password": PASSWORD},
        )
        form = {"grant_type": "password", "username": made["login"], "password": PASSWORD}
        token = http.post("/api/v1/auth/token", data=form).json()["access_token"]
        seen = http.get("/api/v1/tenants", headers={"Authorization": f"Bearer {token}"})
    again = json.loads(invite(ready_stack.data_dir, "--json").stdout)

    assert "ana@vendor.example chooses a password here" in first.stdout
    assert made["login"] == "ana@vendor.example"
    assert made["url"].startswith(ready_stack.url)
    assert (chosen.status_code, seen.status_code) == (200, 200)
    assert "reset" in again["url"]


def test_without_a_stack_nobody_is_made(tmp_path: Path) -> None:
    said = invite(tmp_path / "nothing")

    assert (said.returncode, said.stdout) == (1, "")
    assert "There is no stack in" in said.stderr
