"""Which PostgreSQL is taken."""

from pathlib import Path

import pytest

from sindico_platform.embedded import BinariesNotFound
from sindico_platform.embedded import binaries as module
from sindico_platform.embedded.binaries import find_postgres_binaries, find_valkey_binary


def make_binaries(directory: Path, *, version: str) -> Path:
    directory.mkdir(parents=True)
    for name in ("postgres", "initdb"):
        program = directory / name
        program.write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n")
        program.chmod(0o755)
    return directory


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Neither a wheel nor a system PostgreSQL nor a setting."""
    monkeypatch.delenv("SINDICO_PG_BIN", raising=False)
    monkeypatch.setattr(module, "_wheel_directory", lambda: None)
    monkeypatch.setattr(module, "_system_directories", lambda: iter(()))
    return monkeypatch


def test_the_setting_wins(tmp_path: Path, elsewhere: pytest.MonkeyPatch) -> None:
    named = make_binaries(tmp_path / "named", version="15.3")
    wheel = make_binaries(tmp_path / "wheel", version="18.6")
    elsewhere.setattr(module, "_wheel_directory", lambda: wheel)
    elsewhere.setenv("SINDICO_PG_BIN", str(named))

    found = find_postgres_binaries()

    assert (found.directory, found.major) == (named, 15)


def test_the_wheel_comes_before_a_newer_system(
    tmp_path: Path, elsewhere: pytest.MonkeyPatch
) -> None:
    wheel = make_binaries(tmp_path / "wheel", version="18.6")
    system = make_binaries(tmp_path / "system", version="19.1")
    elsewhere.setattr(module, "_wheel_directory", lambda: wheel)
    elsewhere.setattr(module, "_system_directories", lambda: iter([system]))

    assert find_postgres_binaries().directory == wheel


def test_the_newest_system_is_taken(tmp_path: Path, elsewhere: pytest.MonkeyPatch) -> None:
    installed = [
        make_binaries(tmp_path / version, version=version) for version in ("14.9", "17.2", "16.4")
    ]
    elsewhere.setattr(module, "_system_directories", lambda: iter(installed))

    assert find_postgres_binaries().major == 17


@pytest.mark.usefixtures("elsewhere")
def test_without_any_the_error_says_what_to_do() -> None:
    with pytest.raises(BinariesNotFound, match=r"Install sindico\[embedded\]"):
        find_postgres_binaries()


def test_a_setting_that_is_too_old_is_an_error_and_not_passed_over(tmp_path: Path) -> None:
    old = make_binaries(tmp_path / "old", version="14.9")

    with pytest.raises(BinariesNotFound, match="no PostgreSQL 15 or newer"):
        find_postgres_binaries(old)


def test_valkey_is_found() -> None:
    assert find_valkey_binary().exists()
