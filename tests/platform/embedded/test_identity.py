"""Who the servers run as: root hands over to somebody smaller, anybody else stays who they are."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sindico_platform.embedded import EmbeddedError, EmbeddedPostgres
from sindico_platform.embedded.exec_child import NOBODY, ORPHANED, UNREACHABLE
from sindico_platform.embedded.identity import EXEC_CHILD, Identity, choose_identity, give, wrap

pytestmark = pytest.mark.stack

AS_ORDINARY_USER = """
import os, pathlib, sys
from sindico_platform.embedded import EmbeddedPostgres
with EmbeddedPostgres(pathlib.Path(sys.argv[1]) / "pg", durable=False) as postgres:
    owner = postgres.cluster.stat().st_uid
    print(os.geteuid() != 0, owner == os.geteuid(), postgres.port > 0)
"""


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """A directory that everybody can enter, which pytest's own are not."""
    path = Path(tempfile.mkdtemp(prefix="sindico-test-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


def identities() -> list[Identity]:
    """What the user of this test run can hand over to."""
    if os.geteuid() != 0:
        return [Identity.SELF]
    anywhere = [Identity.NOBODY, Identity.NOBODY_WITH_DAC]
    may_unshare = subprocess.run(
        ["/usr/bin/unshare", "--user", "true"], capture_output=True, check=False
    )
    return [*anywhere, Identity.NAMESPACE] if may_unshare.returncode == 0 else anywhere


@pytest.mark.parametrize("identity", identities())
def test_postgres_runs_as_somebody_who_is_not_root(
    open_directory: Path, identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "sindico_platform.embedded.postgres.choose_identity", lambda *_args, **_more: identity
    )

    with EmbeddedPostgres(open_directory / "pg", durable=False) as postgres:
        owner, pid = postgres.cluster.stat().st_uid, postgres.pid

    assert owner == identity.owner
    assert pid is not None


@pytest.mark.parametrize("identity", identities())
def test_only_nobody_is_kept_out_of_what_is_closed_to_others(
    open_directory: Path, identity: Identity
) -> None:
    open_directory.chmod(0o700)
    command = wrap(
        ["/bin/true"], identity=identity, death_signal=signal.SIGKILL, reach=open_directory
    )

    ended = subprocess.run(command, check=False, cwd="/")

    assert ended.returncode == (UNREACHABLE if identity is Identity.NOBODY else 0)


def test_a_directory_that_is_not_there_cannot_be_entered(open_directory: Path) -> None:
    missing = open_directory / "missing"
    command = wrap(
        ["/bin/true"], identity=Identity.SELF, death_signal=signal.SIGKILL, reach=missing
    )

    ended = subprocess.run(command, capture_output=True, check=False, cwd="/")

    assert (ended.returncode, ended.stderr) == (UNREACHABLE, b"")


def test_an_ordinary_user_needs_nothing_special(open_directory: Path) -> None:
    program = [sys.executable, "-c", AS_ORDINARY_USER, str(open_directory)]
    identity = choose_identity([sys.executable, "--version"], reach=open_directory)
    give(open_directory, identity)

    said = subprocess.run(
        wrap(program, identity=identity, death_signal=signal.SIGKILL),
        capture_output=True,
        text=True,
        check=True,
        cwd="/",
    )

    assert said.stdout.split() == ["True", "True", "True"]


def test_root_chooses_nobody_where_everything_is_open(open_directory: Path) -> None:
    chosen = choose_identity(["/bin/true"], reach=open_directory)

    assert chosen is (Identity.NOBODY if os.geteuid() == 0 else Identity.SELF)


def test_a_private_parent_directory_is_passed_and_stays_private(open_directory: Path) -> None:
    private = open_directory / "home"
    private.mkdir(mode=0o700)

    with EmbeddedPostgres(private / "pg", durable=False) as postgres:
        assert postgres.cluster.stat().st_uid in {os.geteuid(), NOBODY}

    assert private.stat().st_mode & 0o777 == 0o700


def test_binaries_that_nobody_can_run_are_said_so(open_directory: Path) -> None:
    if os.geteuid() == 0:
        with pytest.raises(EmbeddedError, match="Run as an ordinary user"):
            choose_identity(["/nonexistent/postgres", "--version"], reach=open_directory)
    else:
        chosen = choose_identity(["/nonexistent/postgres"], reach=open_directory)
        assert chosen is Identity.SELF


def test_a_child_whose_parent_is_gone_does_not_start() -> None:
    somebody_else = "1"
    command = [sys.executable, "-I", "-S", str(EXEC_CHILD), "self", somebody_else, "9", ""]

    ended = subprocess.run([*command, "/bin/true"], check=False)

    assert ended.returncode == ORPHANED
