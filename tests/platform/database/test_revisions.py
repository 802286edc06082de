"""The migrations are one chain, each file named after its revision."""

from pathlib import Path

from alembic.script import ScriptDirectory

from sindico_platform.database.migrate import alembic_config


def test_migrations_are_one_chain() -> None:
    scripts = ScriptDirectory.from_config(alembic_config(""))
    files = [path.name for path in Path(scripts.versions).glob("*.py")]

    chain = [str(script.revision) for script in scripts.walk_revisions()]

    assert sorted(name[:4] for name in files) == chain[::-1]
