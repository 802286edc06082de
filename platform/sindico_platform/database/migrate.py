"""Run Alembic from code, so that every way of migrating is the same one."""

import asyncio
from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

import sindico_platform

_INSTALLED = Path(sindico_platform.__file__).parents[1] / "sindico_migrations"
_CHECKOUT = Path(sindico_platform.__file__).parents[2] / "migrations"


def alembic_config(owner_url: str) -> Config:
    """Alembic's configuration for the migrations that ship with this release."""
    config = Config()
    location = _INSTALLED if _INSTALLED.is_dir() else _CHECKOUT
    config.set_main_option("script_location", str(location))
    config.attributes["url"] = owner_url
    return config


async def upgrade(owner_url: str, revision: str = "head") -> None:
    """Bring the schema to `revision`. Repeating the call changes nothing."""
    await asyncio.to_thread(command.upgrade, alembic_config(owner_url), revision)


def head_revision() -> str:
    """The newest revision this release knows."""
    head = ScriptDirectory.from_config(alembic_config("")).get_current_head()
    if head is None:
        raise RuntimeError("the release has no migrations")
    return head


async def read_revision(url: str) -> str | None:
    """The revision that the database of any of our roles is at; `None` for an empty one."""
    connection = await asyncpg.connect(url)
    try:
        found = await connection.fetchval("SELECT version_num FROM control.alembic_version")
    except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError):
        return None
    finally:
        await connection.close()
    return str(found) if found else None
