"""ProFTPD with explicit FTPS, users of its own and none of the system's."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sindico_platform.embedded.ports import claim_port
from tests.support.servers.process import run_server

USER, PASSWORD = "arquivos", "uma-senha"
PROGRAM = Path("/usr/sbin/proftpd")

CONFIGURATION = """
LoadModule mod_tls.c
ServerType standalone
ServerName "Arquivos"
DefaultAddress 127.0.0.1
Port {port}
SocketBindTight on
UseIPv6 off
User nobody
Group nogroup
PidFile {root}/proftpd.pid
ScoreboardFile {root}/scoreboard
SystemLog {root}/system.log
TransferLog none
WtmpLog off
DelayEngine off
UseReverseDNS off
RequireValidShell off
AuthOrder mod_auth_file.c
AuthUserFile {root}/users
AuthPAM off
DefaultRoot {root}/files
MaxLoginAttempts 10
AllowOverwrite on
AllowStoreRestart on
PassivePorts {first_passive} {last_passive}
TLSEngine on
TLSRequired {tls_required}
TLSRSACertificateFile {certificate}
TLSRSACertificateKeyFile {certificate}
TLSLog {root}/tls.log
<Directory {root}/files/somente-leitura>
  <Limit WRITE>
    DenyAll
  </Limit>
</Directory>
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class ProFtpd:
    """A running ProFTPD; ``documentos`` may be written to, ``somente-leitura`` may not."""

    port: int
    files: Path
    process_id: int


@contextmanager
def run_proftpd(
    root: Path, certificate: Path, *, tls_required: bool = False, port: int | None = None
) -> Iterator[ProFtpd]:
    """Run ProFTPD with everything it writes under `root`.

    Args:
        certificate: PEM file with key and chain.
        tls_required: whether logins in the clear are refused.
        port: to come back on the same port.
    """
    files = root / "files"
    for name in ("documentos", "somente-leitura"):
        (files / name).mkdir(parents=True, exist_ok=True)
    for folder in (root, files, *files.iterdir()):
        folder.chmod(0o777 if folder.parent == files else 0o755)
    port, passive = port or claim_port(root / "port"), claim_port(root / "passive")
    configuration = CONFIGURATION.format(
        root=root,
        port=port,
        first_passive=passive,
        last_passive=passive + 50,
        certificate=certificate,
        tls_required="on" if tls_required else "off",
    )
    (root / "proftpd.conf").write_text(configuration)
    _write_user(root / "users", files)
    command = [str(PROGRAM), "-n", "-q", "-c", str(root / "proftpd.conf")]
    with run_server(command, log_file=root / "proftpd.log", port=port) as process_id:
        yield ProFtpd(port=port, files=files, process_id=process_id)


def _write_user(path: Path, home: Path) -> None:
    digest = subprocess.run(
        ["/usr/bin/openssl", "passwd", "-6", PASSWORD], check=True, capture_output=True, text=True
    ).stdout.strip()
    path.write_text(f"{USER}:{digest}:65534:65534::{home}:/bin/false\n")
    path.chmod(0o600)
