"""What the build brings: locked by content, from no named registry, and only once."""

import json
from pathlib import Path

import pytest
from hatch_build import VENDOR, digest, symbol

ROOT = Path(__file__).parents[1]


def test_the_npm_lock_names_no_registry_and_pins_every_package_by_content() -> None:
    lock = json.loads((ROOT / "web/package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}

    assert [name for name, entry in packages.items() if "resolved" in entry] == []
    assert [name for name, entry in packages.items() if "integrity" not in entry] == []


def test_the_installed_assets_are_those_of_the_lock() -> None:
    stamp = (ROOT / VENDOR / ".stamp").read_text()

    assert stamp == digest(ROOT), "run `make install`"


def test_third_party_files_come_with_their_licences() -> None:
    names = {path.name for path in (ROOT / VENDOR / "licenses").iterdir()}

    assert {"htmx.txt", "tabler.txt", "uplot.txt", "idiomorph.txt", "htmx-sse.txt"} <= names


def test_a_file_that_is_no_icon_stops_the_build() -> None:
    with pytest.raises(ValueError, match=r"broken\.svg"):
        symbol("<html></html>", "broken")
