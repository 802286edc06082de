"""The data directory of one machine's stack: what lies where, and the settings that follow.

What the environment sets wins; what it leaves open is made once and kept in the directory.
"""

import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import click
import msgspec

from sindico_api.cli.release_mark import release_mark
from sindico_api.cli.settings import default_data_dir, environment
from sindico_platform.database.inspection import has_master_tenant
from sindico_platform.database.migrate import head_revision, read_revision
from sindico_platform.database.roles import APP, FLEET, OWNER, RoleUrls, ensure_roles, role_urls
from sindico_platform.embedded import EmbeddedError, EmbeddedPostgres, EmbeddedValkey
from sindico_platform.embedded.files import make_directory, write_private
from sindico_platform.secrets import KeyRing, generate_key
from sindico_platform.secrets.probe import ensure_probe, find_probe_faults
from sindico_platform.settings import Settings, load_settings

DATABASE = "sindico"
MAINTENANCE_DATABASES = {"", "postgres", "defaultdb"}
LOOPBACK = "127.0.0.0/8,::1/128"

REFUSALS = (
    OSError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
)

Command = Callable[..., Any]


def data_dir_option(command: Command) -> Command:
    """Add ``--data-dir`` to a command that works on one machine's stack."""
    return click.option(
        "--data-dir",
        type=click.Path(file_okay=False, path_type=Path),
        default=default_data_dir,
        envvar="SINDICO_DATA_DIR",
        show_default="$XDG_DATA_HOME/sindico",
        help="Where everything this machine keeps lies.",
    )(command)


class Stack:
    """One machine's services and settings, from its data directory and the environment."""

    def __init__(self, data_dir: Path, *, environ: Mapping[str, str] | None = None) -> None:
        self.data_dir = data_dir.expanduser().absolute()
        self.given = environment() if environ is None else environ
        self.logs = self.data_dir / "logs"
        self.postgres = None if self._admin_or_app_url else self._embedded_postgres()
        self.valkey = None if self.given.get("SINDICO_REDIS_URL") else self._embedded_valkey()

    def make_directories(self) -> None:
        """Make the directory and what must be private in it. Repeatable."""
        make_directory(self.data_dir)
        for path in (self.logs, self.data_dir / "blobs", self.data_dir / "run"):
            path.mkdir(mode=0o700, exist_ok=True)

    def require(self) -> None:
        """Refuse to invent a stack where there is none.

        Raises:
            EmbeddedError: neither the directory nor the environment says where the data are.
        """
        if not self._admin_or_app_url and not (self.data_dir / "roles.json").exists():
            raise EmbeddedError(
                f"There is no stack in {self.data_dir}. Name its --data-dir, start one with"
                " `sindico up`, or set SINDICO_DATABASE_URL."
            )

    def settings(self, **overrides: Any) -> Settings:
        """Settings of a process of this stack."""
        return load_settings(self.environ(), **overrides)

    def remember(self, **chosen: str) -> None:
        """Keep how this start was asked for; other commands on the directory find it there."""
        self._chosen_file.write_bytes(msgspec.json.encode(chosen))

    def environ(self) -> dict[str, str]:
        """The environment of a process of this stack.

        The owner's URL is left out: no process that serves may change the schema.
        """
        urls = self.urls()
        defaults = {
            "SINDICO_KEY_RING": self._key_ring,
            "SINDICO_BLOB_URL": (self.data_dir / "blobs").as_uri(),
            **self._chosen,
        }
        if self.valkey:
            defaults["SINDICO_REDIS_URL"] = self.valkey.url
        database = {"SINDICO_DATABASE_URL": urls.app, "SINDICO_DATABASE_FLEET_URL": urls.fleet}
        merged = {**defaults, **self.given, **database}
        merged.pop("SINDICO_DATABASE_OWNER_URL", None)
        return merged

    def urls(self) -> RoleUrls:
        """URLs of the three roles: those given, or those made under an administrator's."""
        if fleet := self.given.get("SINDICO_DATABASE_FLEET_URL"):
            owner = self.given.get("SINDICO_DATABASE_OWNER_URL", "")
            return RoleUrls(app=self._admin_or_app_url, fleet=fleet, owner=owner)
        return role_urls(self._admin_url, database=self._database, passwords=self._passwords)

    async def ensure_schema(self) -> None:
        """Make roles, database and schema as this release needs them, as far as we may.

        Raises:
            EmbeddedError: the schema is another release's and no owner's URL is given, or the key
                ring is not the one that sealed the data.
        """
        try:
            if "SINDICO_DATABASE_FLEET_URL" not in self.given:
                await self._ensure_roles()
            urls = self.urls()
            await self._ensure_revision(urls)
            await self._ensure_key_ring(urls)
        except REFUSALS as error:
            raise EmbeddedError(f"The database cannot be used: {error}") from error

    async def has_operator(self) -> bool:
        """Whether the vendor's tenant is there; before, nobody can sign in."""
        connection = await asyncpg.connect(self.urls().fleet)
        try:
            return await has_master_tenant(connection)
        finally:
            await connection.close()

    async def _ensure_revision(self, urls: RoleUrls) -> None:
        wanted, found = head_revision(), await read_revision(urls.app)
        if urls.owner:
            await self._migrate(urls.owner, is_at_head=found == wanted)
        elif found != wanted:
            raise EmbeddedError(
                f"The database is at revision {found} and this release needs {wanted}."
                " Set SINDICO_DATABASE_OWNER_URL and run `sindico migrate`."
            )

    async def _migrate(self, owner_url: str, *, is_at_head: bool) -> None:
        """Bring schema and declared data to this release, unless it has done so here before."""
        memory, mark = self.data_dir / "release", release_mark(owner_url)
        if is_at_head and memory.exists() and memory.read_text() == mark:
            return
        from sindico_provisioning.release.service import migrate

        await migrate(owner_url)
        memory.write_text(mark)

    async def _ensure_key_ring(self, urls: RoleUrls) -> None:
        """Notice a wrong key ring before anything is sealed with it."""
        ring = KeyRing.parse(self.settings().key_ring)
        connection = await asyncpg.connect(urls.app)
        try:
            faults = await find_probe_faults(connection, ring)
        finally:
            await connection.close()
        if faults:
            raise EmbeddedError(f"The key ring does not fit the data: {'; '.join(faults)}.")
        if urls.owner:
            await ensure_probe(urls.owner, ring)

    async def _ensure_roles(self) -> None:
        try:
            await ensure_roles(self._admin_url, database=self._database, passwords=self._passwords)
        except asyncpg.InsufficientPrivilegeError as error:
            raise EmbeddedError(
                f"The role in SINDICO_DATABASE_URL may not create roles or the database ({error})."
                " Give an administrator's URL, or set SINDICO_DATABASE_FLEET_URL and"
                " SINDICO_DATABASE_OWNER_URL too."
            ) from error

    @property
    def _admin_or_app_url(self) -> str:
        return self.given.get("SINDICO_DATABASE_URL", "")

    @property
    def _admin_url(self) -> str:
        return self.postgres.admin_url if self.postgres else self._admin_or_app_url

    @property
    def _database(self) -> str:
        named = urlsplit(self._admin_or_app_url).path.lstrip("/")
        return DATABASE if named in MAINTENANCE_DATABASES else named

    @property
    def _chosen_file(self) -> Path:
        return self.data_dir / "run" / "chosen.json"

    @property
    def _chosen(self) -> dict[str, str]:
        if not self._chosen_file.exists():
            return {}
        return msgspec.json.decode(self._chosen_file.read_bytes(), type=dict[str, str])

    @property
    def _passwords(self) -> dict[str, str]:
        """The roles' passwords, made once."""
        path = self.data_dir / "roles.json"
        if not path.exists():
            made = {role: secrets.token_urlsafe(24) for role in (OWNER, APP, FLEET)}
            write_private(path, msgspec.json.encode(made).decode())
        return msgspec.json.decode(path.read_bytes(), type=dict[str, str])

    @property
    def _key_ring(self) -> str:
        """The keys, newest first, one per line in the file; the first is made once."""
        if not self.keys_file.exists():
            write_private(self.keys_file, generate_key().reveal() + "\n")
        return ",".join(self.keys_file.read_text().split())

    @property
    def keys_file(self) -> Path:
        """Where the key ring lies, unless the environment gives it."""
        return self.data_dir / "keys"

    @property
    def keeps_keys(self) -> bool:
        """Whether the key ring is the data directory's."""
        return not self.given.get("SINDICO_KEY_RING")

    def write_keys(self, ring: str) -> None:
        """Replace the file's keys, whole or not at all."""
        write_private(self.keys_file, "\n".join(ring.split(",")) + "\n")

    def _embedded_postgres(self) -> EmbeddedPostgres:
        return EmbeddedPostgres(self.data_dir / "postgres", log_file=self.logs / "postgres.log")

    def _embedded_valkey(self) -> EmbeddedValkey:
        return EmbeddedValkey(self.data_dir / "valkey", log_file=self.logs / "valkey.log")
