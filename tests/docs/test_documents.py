"""The documents stay true: settings are listed, named paths exist."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from sindico_platform.settings import Settings

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/README.md")])
CODE = re.compile(r"`([\w./-]+/[\w./-]*|[\w-]+\.(?:md|py|toml|sh))`")
NOT_PATHS = {"__init__.py", "dist/", ".venv/", "node_modules/"}


def test_every_setting_is_documented_and_no_other() -> None:
    documented = set(
        re.findall(r"^\| `SINDICO_(\w+)`", (ROOT / "docs/config.md").read_text(), re.MULTILINE)
    )

    assert documented == {field.name.upper() for field in fields(Settings)}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_paths_named_in_a_document_exist(document: Path) -> None:
    named = {name for name in CODE.findall(document.read_text()) if name not in NOT_PATHS}
    missing = {name for name in named if not _exists(document, name)}

    assert not missing


def _exists(document: Path, name: str) -> bool:
    """A path from the root, from the document's folder, or an address of the product."""
    if name.startswith("/"):
        return True
    return any((base / name).exists() for base in (ROOT, document.parent))
