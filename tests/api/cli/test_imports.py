"""What a command does not need, it does not import: several processes start at once."""

import subprocess
import sys
from importlib import import_module

import click
import pytest
from click.testing import CliRunner

from sindico_api.cli.main import COMMANDS, main

SERVER = ["litestar", "granian", "sindico_api.console"]
TOOLS = ["alembic", "faker", "trustme"]
DATABASE = ["sqlalchemy", "redis", "sindico_platform.identity"]


@pytest.mark.parametrize(
    ("module", "unneeded"),
    [
        ("sindico_api.cli.main", ["asyncio", "msgspec", *SERVER, *TOOLS, *DATABASE]),
        ("sindico_api.cli.api", [*TOOLS, *DATABASE]),
        ("sindico_api.cli.worker", [*SERVER, *TOOLS]),
        ("sindico_api.cli.clock", [*SERVER, *TOOLS]),
        ("sindico_api.cli.up", ["rich", *SERVER, *TOOLS, *DATABASE]),
        ("sindico_api.cli.demo", ["rich", *SERVER, *TOOLS, *DATABASE]),
        ("sindico_api.demo.setup", [*SERVER, *DATABASE]),
        ("sindico_api.cli.sandbox", ["faker", *SERVER, *DATABASE]),
    ],
)
def test_a_module_leaves_unneeded_ones_alone(module: str, unneeded: list[str]) -> None:
    code = f"import sys, {module}; print(*sys.modules)"

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert not set(said.stdout.split()) & set(unneeded)


def test_the_list_of_commands_names_each_and_imports_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sindico_api.cli.main.import_module", None)

    said = CliRunner().invoke(main, ["--help"]).output

    assert all(f"  {name} " in said and entry.summary in said for name, entry in COMMANDS.items())


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_listed_command_exists_under_its_name(name: str) -> None:
    entry = COMMANDS[name]

    command = getattr(import_module(entry.module), entry.attribute)

    assert isinstance(command, click.Command)
    assert command.name == name
