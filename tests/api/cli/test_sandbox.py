"""`sindico sandbox` as a person starts it."""

import json
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from sindico_api.cli.main import main
from sindico_platform.egress import EgressGuard, GuardedHttp
from sindico_platform.egress.ranges import LOOPBACK
from sindico_provisioning.connectors.service import open_connector

SINDICO = [sys.executable, "-m", "sindico_api.cli.main"]


def start(data_dir: Path, *options: str, kind: str = "mega") -> subprocess.Popen[str]:
    command = [*SINDICO, "sandbox", kind, "--port", "0", "--data-dir", str(data_dir), *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


async def test_it_says_where_it_is_answers_there_and_ends_cleanly(tmp_path: Path) -> None:
    with start(tmp_path, "--json", "--end", "2026-11-21", "--fault", "503:SignIn") as process:
        assert process.stdout is not None
        facts: dict[str, Any] = json.loads(process.stdout.readline())
        ca_pem = (tmp_path / "sandbox/sandbox-ca.pem").read_text()
        try:
            statuses = await sign_in_twice(facts, ca_pem)
        finally:
            process.send_signal(signal.SIGTERM)

    assert statuses == [503, 200]
    assert facts["ca_file"] == str(tmp_path / "sandbox/sandbox-ca.pem")
    assert process.returncode == 0


async def sign_in_twice(facts: dict[str, Any], ca_pem: str) -> list[int]:
    http = GuardedHttp(EgressGuard(allow=LOOPBACK))
    body = {"userName": facts["user"], "password": facts["password"]}
    async with http.client(facts["url"], ca_pem=ca_pem) as client:
        answers = [
            await client.post("/api/Auth/SignIn", json=body, headers={"grantType": "Api"})
            for _ in range(2)
        ]
    return [answer.status_code for answer in answers]


@pytest.mark.parametrize("option", [["--fault", "nada"], ["--scale", "huge"], ["--end", "hoje"]])
def test_a_wrong_option_is_explained(option: list[str]) -> None:
    result = CliRunner().invoke(main, ["sandbox", "mega", *option])

    assert result.exit_code == 2
    assert "Invalid value" in result.output


def test_people_are_told_what_it_holds(tmp_path: Path) -> None:
    today = datetime.now(UTC).date().isoformat()
    with start(tmp_path, "--user", "consultora", "--end", today) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(20)]
        process.send_signal(signal.SIGINT)

    assert lines[0] == "ready\n"
    assert any(line.split() == ["user", "consultora"] for line in lines)
    assert any(line.split() == ["pedido", "2000"] for line in lines)
    assert process.returncode == 0


def test_mail_and_file_servers_say_where_they_are(tmp_path: Path) -> None:
    ports = [f"--{name}-port=0" for name in ("starttls", "ssl", "open", "web", "ftp", "sftp")]
    command = [*SINDICO, "sandbox", "servers", "--json", "--data-dir", str(tmp_path), *ports]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        facts: dict[str, Any] = json.loads(process.stdout.readline())
        try:
            inbox = httpx.get(facts["mail"]["web_url"])
        finally:
            process.send_signal(signal.SIGTERM)

    assert "Nada chegou ainda" in inbox.text
    assert facts["files"]["folder"] == "/documentos"
    assert process.returncode == 0


async def test_an_erpx_says_which_properties_lead_there(tmp_path: Path) -> None:
    with start(tmp_path, "--json", kind="erpx") as process:
        assert process.stdout is not None
        facts: dict[str, Any] = json.loads(process.stdout.readline())
        facts["caCertificate"] = (tmp_path / "sandbox/sandbox-ca.pem").read_text()
        http = GuardedHttp(EgressGuard(allow=LOOPBACK))
        try:
            async with open_connector("erpx", facts, http=http, scope="a") as erp:
                page = await erp.read_page("filial", None)
        finally:
            process.send_signal(signal.SIGTERM)

    assert len(page.rows) == 5
    assert process.returncode == 0
