"""PostgreSQL under one directory, from binaries that need no installation."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from sindico_platform.embedded.binaries import PostgresBinaries, find_postgres_binaries
from sindico_platform.embedded.child import POLL_SECONDS, ChildSpec
from sindico_platform.embedded.errors import ChildFailed, EmbeddedError
from sindico_platform.embedded.files import ensure_password, make_directory, write_private
from sindico_platform.embedded.identity import Identity, choose_identity, give, wrap
from sindico_platform.embedded.ports import HOST, claim_port, read_port
from sindico_platform.embedded.postgres_settings import render_settings
from sindico_platform.embedded.service import EmbeddedService

SUPERUSER = "postgres"
SETTINGS_FILE = "sindico.conf"
LONGEST_SOCKET_DIRECTORY = 80
"""Bytes; systems allow 100 or so for the whole path of a Unix-domain socket."""
BUILTIN_LOCALES_SINCE = 17
ORPHAN_SECONDS = 15


class EmbeddedPostgres(EmbeddedService):
    """A PostgreSQL server on 127.0.0.1 whose cluster lies in ``data_dir/cluster``.

    As a context manager it is ready when the block begins, and stopped cleanly after it.

    Args:
        data_dir: made if missing; holds the cluster, the superuser's password (mode 0600) and the
            port, which stays the same from start to start where it is free.
        bin_dir: binaries to use instead of those found; by default what ``SINDICO_PG_BIN`` names.
        durable: if false, nothing survives a crash of the machine; for tests.
    """

    name = "postgres"

    def __init__(
        self,
        data_dir: Path,
        *,
        bin_dir: Path | None = None,
        durable: bool = True,
        log_file: Path | None = None,
    ) -> None:
        super().__init__(data_dir, log_file=log_file)
        self._bin_dir, self._durable = bin_dir, durable
        self.cluster = self.data_dir / "cluster"

    @property
    def port(self) -> int:
        """The port of the present or the last start; 0 before the first."""
        return read_port(self.data_dir / "port") or 0

    @property
    def password(self) -> str:
        """The superuser's, made at the first use."""
        make_directory(self.data_dir)
        return ensure_password(self.data_dir / "password")

    @property
    def admin_url(self) -> str:
        """The superuser's URL, with its password."""
        return self.url(SUPERUSER, self.password, "postgres")

    def url(self, user: str, password: str, database: str) -> str:
        """Build a URL of this server; user and password must need no quoting."""
        return f"postgresql://{user}:{password}@{HOST}:{self.port}/{database}"

    def _make_spec(self) -> ChildSpec:
        binaries = find_postgres_binaries(self._bin_dir)
        probe = (binaries.path("postgres"), "--version")
        identity = choose_identity(probe, reach=self.data_dir)
        if not self.cluster.exists():
            self._initialise(binaries, identity)
        self._check_major(binaries)
        self._stop_orphan()
        port = claim_port(self.data_dir / "port")
        sockets = self._make_socket_directory(identity)
        settings = render_settings(binaries, port=port, sockets=sockets, durable=self._durable)
        (self.cluster / SETTINGS_FILE).write_text(settings)
        give(self.cluster, identity)
        return ChildSpec(
            name=self.name,
            argv=(str(binaries.path("postgres")), "-D", str(self.cluster)),
            log_file=self.log_file,
            environ=_environ(),
            is_ready=self._is_ready,
            before_start=self._stop_orphan,
            identity=identity,
            stop_signal=signal.SIGINT,  # the fast shutdown: sessions end, nothing is lost
            stop_seconds=20,
        )

    def _initialise(self, binaries: PostgresBinaries, identity: Identity) -> None:
        """Make the cluster beside its place and move it there when it is whole."""
        draft = self.data_dir / "cluster.draft"
        if draft.exists():  # of a start that was killed
            shutil.rmtree(draft)
        draft.mkdir(mode=0o700)
        password_file = self.data_dir / "initdb.password"
        write_private(password_file, self.password)
        for path in (draft, password_file):
            give(path, identity)
        try:
            self._run_initdb(binaries, identity, draft, password_file)
        finally:
            password_file.unlink()
        with (draft / "postgresql.conf").open("a") as conf:
            conf.write(f"\ninclude_if_exists = '{SETTINGS_FILE}'\n")
        draft.rename(self.cluster)

    def _run_initdb(
        self, binaries: PostgresBinaries, identity: Identity, draft: Path, password_file: Path
    ) -> None:
        argv = [
            *(str(binaries.path("initdb")), "-D", str(draft), "-U", SUPERUSER),
            *("-A", "scram-sha-256", f"--pwfile={password_file}", "-E", "UTF8"),
            *("--locale=C.UTF-8", "--no-instructions"),
        ]
        if binaries.major >= BUILTIN_LOCALES_SINCE:
            argv += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        if not self._durable:
            argv.append("--no-sync")
        command = wrap(argv, identity=identity, death_signal=signal.SIGKILL)
        done = subprocess.run(  # noqa: S603 - a list, no shell
            command, capture_output=True, text=True, check=False, env=_environ(), cwd="/"
        )
        if done.returncode:
            said = f"{done.stdout}{done.stderr}".strip()
            raise ChildFailed("initdb", f"ended with exit code {done.returncode}", log_tail=said)

    def _check_major(self, binaries: PostgresBinaries) -> None:
        made_by = int((self.cluster / "PG_VERSION").read_text())
        if made_by != binaries.major:
            raise EmbeddedError(
                f"{self.cluster} was made by PostgreSQL {made_by}, and PostgreSQL {binaries.major}"
                f" was found in {binaries.directory}. Point SINDICO_PG_BIN at version {made_by},"
                " or choose another data directory."
            )

    def _make_socket_directory(self, identity: Identity) -> Path | None:
        path = self.data_dir / "run"
        if len(os.fsencode(path)) > LONGEST_SOCKET_DIRECTORY:
            return None
        make_directory(path)
        give(path, identity)
        return path

    def _is_ready(self, pid: int) -> bool:
        """Read what the server itself writes about its state, as pg_ctl does."""
        lines = self._pid_lines()
        return len(lines) > 7 and lines[0] == str(pid) and lines[7].strip() == "ready"  # noqa: PLR2004 - the format's eighth line

    def _pid_lines(self) -> list[str]:
        try:
            return (self.cluster / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []

    def _stop_orphan(self) -> None:
        """Clear away the server of a launcher that was killed, and its stale pid file.

        The lock is ours, so a server that still runs here has nobody any more. A pid file whose
        process is not a server of this cluster would, after a reboot, hinder the start.
        """
        lines = self._pid_lines()
        pid = int(lines[0]) if lines and lines[0].isdigit() else 0
        for number in (signal.SIGINT, signal.SIGQUIT):
            if not self._serves_cluster(pid):
                break
            os.kill(pid, number)
            self._wait_for_end(pid)
        if not self._serves_cluster(pid):
            (self.cluster / "postmaster.pid").unlink(missing_ok=True)

    def _wait_for_end(self, pid: int) -> None:
        deadline = time.monotonic() + ORPHAN_SECONDS
        while self._serves_cluster(pid) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)

    def _serves_cluster(self, pid: int) -> bool:
        return pid > 0 and str(self.cluster) in _command_line(pid)


def _command_line(pid: int) -> str:
    """Read a process's command; empty when there is no such process, or only its corpse."""
    try:
        return (
            Path(f"/proc/{pid}/cmdline")
            .read_bytes()
            .replace(b"\0", b" ")
            .decode("utf-8", "replace")
        )
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return ""
    said = subprocess.run(  # noqa: S603 - a list, no shell
        ["/bin/ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return said.stdout


def _environ() -> dict[str, str]:
    """A small environment: nothing secret, no locale of the person's."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
