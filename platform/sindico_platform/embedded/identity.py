"""Which user a database server runs as: PostgreSQL refuses to run as root."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

from sindico_platform.embedded.errors import EmbeddedError
from sindico_platform.embedded.exec_child import NOBODY

EXEC_CHILD = Path(__file__).with_name("exec_child.py")


class Identity(StrEnum):
    """How a child's user is set; see exec_child.py."""

    SELF = "self"
    """The launcher's own user."""
    NOBODY = "nobody"
    """Launched by root, the least privileged user."""
    NAMESPACE = "namespace"
    """Launched by root, an ordinary user inside a user namespace; its files stay root's."""
    NOBODY_WITH_DAC = "nobody-with-dac"
    """Launched by root, nobody with the one capability that passes closed directories."""

    @property
    def owner(self) -> int:
        """The user id that the child's files must have."""
        return NOBODY if self in {Identity.NOBODY, Identity.NOBODY_WITH_DAC} else os.geteuid()


def choose_identity(probe: Sequence[str | Path], *, reach: Path) -> Identity:
    """Find the least privileged identity that can run `probe` and enter the directory `reach`.

    Raises:
        EmbeddedError: root was the launcher and no identity works.
    """
    if os.name != "posix" or os.geteuid() != 0:
        return Identity.SELF
    for identity in (Identity.NOBODY, Identity.NAMESPACE, Identity.NOBODY_WITH_DAC):
        if _works(identity, probe, reach):
            return identity
    raise EmbeddedError(
        f"As root, the server must run as another user, and none can both run {probe[0]} and enter"
        f" {reach}. Run as an ordinary user, or install and choose a data directory outside of"
        " private directories, such as /var/lib/sindico."
    )


def wrap(
    argv: Sequence[str | Path],
    *,
    identity: Identity,
    death_signal: signal.Signals,
    reach: Path | None = None,
) -> list[str]:
    """Build the command that becomes `argv` under `identity` and dies with this process."""
    head = [sys.executable, "-I", "-S", str(EXEC_CHILD), identity.value, str(os.getpid())]
    return [*head, str(int(death_signal)), str(reach or ""), *map(str, argv)]


def give(path: Path, identity: Identity) -> None:
    """Make the identity own `path` and all below it; nothing is touched if it already does."""
    if os.name != "posix" or path.stat().st_uid == identity.owner:
        return
    os.chown(path, identity.owner, -1)
    for directory, _, files in os.walk(path):
        for name in (directory, *(os.path.join(directory, file) for file in files)):  # noqa: PTH118 - a cluster has many files
            os.chown(name, identity.owner, -1, follow_symlinks=False)


def _works(identity: Identity, probe: Sequence[str | Path], reach: Path) -> bool:
    command = wrap(probe, identity=identity, death_signal=signal.SIGKILL, reach=reach)
    outcome = subprocess.run(  # noqa: S603 - a list, no shell
        command, capture_output=True, timeout=30, check=False, cwd="/"
    )
    return outcome.returncode == 0
