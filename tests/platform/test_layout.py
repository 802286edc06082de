"""The layout's own traps."""

from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_source_roots_are_not_packages() -> None:
    """`platform/__init__.py` would shadow the standard library's `platform`."""
    for root in ("platform", "tenants", "provisioning", "api"):
        assert not (ROOT / root / "__init__.py").exists()
