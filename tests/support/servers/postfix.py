"""Postfix with SASL and TLS, as customers run it. Needs root, as Postfix does."""

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import chown

from sindico_platform.embedded.ports import claim_port
from tests.support.servers.dovecot_auth import AuthServer
from tests.support.servers.process import run_server

USER, PASSWORD, ACCESS_TOKEN = "correio@empresa.example", "uma-senha", "um-token"
NEEDS_APP_PASSWORD, NEEDS_OAUTH = "aplicativo@empresa.example", "oauth@empresa.example"
"""Users whom it answers as the large providers do."""
APP_PASSWORD_REPLY = "Application-specific password required"
OAUTH_REPLY = "basic authentication is disabled"
NOBODY = "65534"
PROGRAM = Path("/usr/sbin/postfix")

MAIN = """
compatibility_level = 3.6
queue_directory = {root}/queue
data_directory = {root}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.empresa.example
mydestination =
mynetworks =
local_recipient_maps =
maillog_file = {root}/mail.log
maillog_file_prefixes = {root}
message_size_limit = 200000
mailbox_size_limit = 0
virtual_mailbox_limit = 0
virtual_mailbox_domains = empresa.example
virtual_mailbox_maps = texthash:{root}/etc/mailboxes
virtual_mailbox_base = {root}/mail
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
smtpd_sender_login_maps = texthash:{root}/etc/senders
smtpd_sender_restrictions = reject_sender_login_mismatch
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_recipient_restrictions = check_recipient_access texthash:{root}/etc/recipients
smtpd_sasl_type = dovecot
smtpd_sasl_path = {root}/auth
smtpd_sasl_auth_enable = yes
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_error_sleep_time = 0
smtpd_client_connection_count_limit = 0
"""
MAILBOXES = "correio@empresa.example inbox/\navisos@empresa.example inbox/\n"
SENDERS = "correio@empresa.example correio@empresa.example\n"
RECIPIENTS = (
    "mais-tarde@empresa.example 451 4.7.1 Greylisted, try again later\n"
    "cheia@empresa.example 552 5.2.2 Mailbox full\n"
)
_NO_SIGN_IN = "-o smtpd_sasl_auth_enable=no -o smtpd_sender_restrictions="
DOORS = {
    "starttls": "",
    "ssl": "-o smtpd_tls_wrappermode=yes",
    "plain": f"-o smtpd_tls_security_level=none {_NO_SIGN_IN}",
    "without_sign_in": _NO_SIGN_IN,
    "encrypted_only": "-o smtpd_tls_security_level=encrypt",
}
"""Options of the server process behind each port."""
DAEMONS = """
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
virtual unix - n n - - virtual
smtp unix - - n - - discard
retry unix - - n - - error
error unix - - n - - error
discard unix - - n - - discard
postlog unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Postfix:
    """A running Postfix: port by way in; ``mail`` holds what was delivered."""

    starttls: int
    ssl: int
    plain: int
    """Without TLS, and so without a login."""
    without_sign_in: int
    """With TLS, but without a login."""
    encrypted_only: int
    """Takes no mail before TLS began."""
    by_certificate: Mapping[str, int]
    """With TLS and a certificate other than the right one."""
    mail: Path

    def delivered(self) -> list[str]:
        """Texts of all delivered mails."""
        return [path.read_text() for path in sorted(self.mail.glob("inbox/new/*"))]


@contextmanager
def run_postfix(root: Path, certificate: Path, *, others: Sequence[Path] = ()) -> Iterator[Postfix]:
    """Run Postfix with everything it writes under `root`.

    Args:
        certificate: PEM file with key and chain.
        others: certificates that it shows on ports of their own, known by their file's stem.
    """
    for name in ("etc", "queue", "data", "mail", "ports"):
        (root / name).mkdir(parents=True)
    _open_to_others(root)
    chown(root / "data", "postfix")
    chown(root / "mail", int(NOBODY), int(NOBODY))
    doors = {**DOORS, **{each.stem: f"-o smtpd_tls_chain_files={each}" for each in others}}
    ports = {name: claim_port(root / "ports" / name) for name in doors}
    _configure(root, certificate, [(ports[name], options) for name, options in doors.items()])
    auth = AuthServer(
        root / "auth",
        user=USER,
        password=PASSWORD,
        access_token=ACCESS_TOKEN,
        refusals={NEEDS_APP_PASSWORD: APP_PASSWORD_REPLY, NEEDS_OAUTH: OAUTH_REPLY},
    )
    postfix = [str(PROGRAM), "-c", str(root / "etc")]
    log_file = root / "postfix.log"
    with auth, run_server([*postfix, "start-fg"], log_file=log_file, port=ports["starttls"]):
        try:
            by_certificate = {each.stem: ports[each.stem] for each in others}
            own = {name: ports[name] for name in DOORS}
            yield Postfix(mail=root / "mail", by_certificate=by_certificate, **own)
        finally:
            subprocess.run([*postfix, "stop"], check=True, capture_output=True)


def _configure(root: Path, certificate: Path, doors: Sequence[tuple[int, str]]) -> None:
    etc = root / "etc"
    tls = f"smtpd_tls_chain_files = {certificate}\n"
    (etc / "main.cf").write_text(MAIN.format(root=root) + tls)
    (etc / "mailboxes").write_text(MAILBOXES)
    (etc / "senders").write_text(SENDERS)
    (etc / "recipients").write_text(RECIPIENTS)
    lines = [f"127.0.0.1:{port} inet n - n - - smtpd {options}" for port, options in doors]
    (etc / "master.cf").write_text("\n".join(lines) + DAEMONS)


def _open_to_others(folder: Path) -> None:
    """Postfix's own users must reach what lies under the tests' private folders."""
    for path in (folder, *folder.parents):
        if path.stat().st_uid == 0 and path.parent != path:
            path.chmod(path.stat().st_mode | 0o011)
