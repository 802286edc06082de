"""Good and bad examples of every house rule."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "lint" / "house.py"


@pytest.fixture(scope="module")
def house() -> ModuleType:
    spec = importlib.util.spec_from_file_location("house", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["house"] = module
    spec.loader.exec_module(module)
    return module


LONG_BODY = "\n".join(f"    x = {n}" for n in range(60))

BAD = {
    "raw-session": ("tenants/sindico_tenants/a/service.py", "session.commit()"),
    "environment": ("api/sindico_api/app.py", "import os\nos.environ['A']"),
    "select-outside-queries": ("tenants/sindico_tenants/a/service.py", "select(Company)"),
    "wall-clock": ("tenants/sindico_tenants/a/service.py", "datetime.now(UTC)"),
    "unread-fields": ("api/sindico_api/console/users.py", "revision.isdigit()"),
    "vague-names": ("api/sindico_api/app.py", "def handle_tenant(): ..."),
    "long-files": ("api/sindico_api/app.py", "a = 1\n" * 501),
    "long-functions": ("api/sindico_api/app.py", f"def load():\n{LONG_BODY}\n"),
}

GOOD = {
    "raw-session": ("platform/sindico_platform/database/uow.py", "session.commit()"),
    "environment": ("platform/sindico_platform/settings.py", "import os\nos.environ['A']"),
    "select-outside-queries": ("tenants/sindico_tenants/a/queries.py", "select(Company)"),
    "wall-clock": ("tenants/sindico_tenants/a/service.py", "tx.now"),
    "unread-fields": ("api/sindico_api/console/users.py", "revision_in(revision)"),
    "vague-names": ("api/sindico_api/app.py", "def suspend_tenant(): ..."),
    "long-files": ("api/sindico_api/app.py", "a = 1\n" * 400),
    "long-functions": ("api/sindico_api/app.py", "def load():\n    return 1\n"),
}


def test_every_rule_has_examples(house: ModuleType) -> None:
    assert set(house.RULES) == set(BAD) == set(GOOD)


@pytest.mark.parametrize("rule", sorted(BAD))
def test_a_bad_example_is_found(house: ModuleType, rule: str) -> None:
    path, source = BAD[rule]

    assert rule in {finding.rule for finding in house.check(Path(path), source)}


@pytest.mark.parametrize("rule", sorted(GOOD))
def test_a_good_example_passes(house: ModuleType, rule: str) -> None:
    path, source = GOOD[rule]

    assert rule not in {finding.rule for finding in house.check(Path(path), source)}


def test_a_named_skip_with_a_reason_is_respected(house: ModuleType) -> None:
    source = "# lint-skip: raw-session (runs outside a request)\nsession.commit()"

    assert house.check(Path("api/sindico_api/a.py"), source) == []
