"""OpenSSH's sshd with internal-sftp, for the user the tests run as, by key."""

import getpass
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sindico_platform.embedded.ports import claim_port
from tests.support.servers.process import run_server

PROGRAM = Path("/usr/sbin/sshd")
PRIVILEGE_SEPARATION = Path("/run/sshd")

CONFIGURATION = """
Port {port}
ListenAddress 127.0.0.1
HostKey {host_key}
PidFile {root}/sshd.pid
AuthorizedKeysFile {root}/authorized_keys
StrictModes no
UsePAM no
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
Subsystem sftp internal-sftp {options}
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenSsh:
    """A running sshd; paths are the system's own."""

    port: int
    user: str
    private_key: str
    """PEM of the key that may sign in."""
    folder: Path
    fingerprint: str
    """``SHA256:…`` of the host key."""
    process_id: int


@contextmanager
def run_openssh(
    root: Path, *, read_only: bool = False, port: int | None = None
) -> Iterator[OpenSsh]:
    """Run sshd with everything it reads under `root`.

    Args:
        port: to come back on the same port; with another host key, unless `root` is the same.
    """
    folder = root / "documentos"
    folder.mkdir(parents=True, exist_ok=True)
    if getpass.getuser() == "root":
        PRIVILEGE_SEPARATION.mkdir(mode=0o755, exist_ok=True)
    host_key, user_key = _make_key(root / "host_key"), _make_key(root / "user_key")
    (root / "authorized_keys").write_text(user_key.with_suffix(".pub").read_text())
    port = port or claim_port(root / "port")
    configuration = CONFIGURATION.format(
        root=root, port=port, host_key=host_key, options="-R" if read_only else ""
    )
    (root / "sshd_config").write_text(configuration)
    command = [str(PROGRAM), "-D", "-e", "-f", str(root / "sshd_config")]
    with run_server(command, log_file=root / "sshd.log", port=port) as process_id:
        yield OpenSsh(
            port=port,
            user=getpass.getuser(),
            private_key=user_key.read_text(),
            folder=folder,
            fingerprint=_fingerprint(host_key),
            process_id=process_id,
        )


def _make_key(path: Path) -> Path:
    if path.exists():
        return path
    command = ["/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)]
    subprocess.run(command, check=True)
    return path


def _fingerprint(path: Path) -> str:
    command = ["/usr/bin/ssh-keygen", "-l", "-f", str(path.with_suffix(".pub"))]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return told.split()[1]
