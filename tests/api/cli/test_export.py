import json
from pathlib import Path

from click.testing import CliRunner

from sindico_api.cli.main import main


def test_the_openapi_document_is_written_without_a_server() -> None:
    result = CliRunner().invoke(main, ["openapi", "export"])

    assert json.loads(result.stdout)["openapi"].startswith("3.1")


def test_the_postman_files_name_the_address_given(tmp_path: Path) -> None:
    arguments = ["postman", "export", "--base-url", "https://crm.test", "--output-dir"]

    result = CliRunner().invoke(main, [*arguments, str(tmp_path)])

    environment = json.loads((tmp_path / "sindico-environment.json").read_text())
    assert result.exit_code == 0
    assert environment["values"][0]["value"] == "https://crm.test"
    assert (tmp_path / "sindico-collection.json").exists()
