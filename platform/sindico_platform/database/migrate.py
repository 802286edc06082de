"""Run Alembic from code, so that every way of migrating is the same one."""

import asyncio
import re
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg

import sindico_platform

if TYPE_CHECKING:
    from alembic.config import Config

_INSTALLED = Path(sindico_platform.__file__).parents[1] / "sindico_migrations"
_CHECKOUT = Path(sindico_platform.__file__).parents[2] / "migrations"
_REVISION = re.compile(r"""^(down_)?revision\s*(?::[^=]+)?=\s*["'](\w+)["']""", re.MULTILINE)


def scripts_directory() -> Path:
    """Where the migrations that ship with this release lie."""
    return _INSTALLED if _INSTALLED.is_dir() else _CHECKOUT


def alembic_config(owner_url: str) -> "Config":
    """Alembic's configuration for the migrations that ship with this release."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(scripts_directory()))
    config.attributes["url"] = owner_url
    return config


async def upgrade(owner_url: str, revision: str = "head") -> None:
    """Bring the schema to `revision`. Repeating the call changes nothing."""
    from alembic import command

    await asyncio.to_thread(command.upgrade, alembic_config(owner_url), revision)


def head_revision() -> str:
    """The newest revision this release knows, read from the scripts' text.

    Without Alembic, because importing that takes longer than a warm start of the product.
    """
    made: set[str] = set()
    followed: set[str] = set()
    for script in (scripts_directory() / "versions").glob("*.py"):
        for is_down, revision in _REVISION.findall(script.read_text()):
            (followed if is_down else made).add(revision)
    (head,) = made - followed
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
