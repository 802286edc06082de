"""The sandbox's own certificate authority, kept in its directory so that it stays the same."""

import fcntl
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme

from sindico_provisioning.sandbox.faults import FaultKind, FaultScript

CA_FILE = "sandbox-ca.pem"
_KEY_FILE = "sandbox-ca-key.pem"
_LEAF_FILE = "sandbox-server.pem"
_LOCK_FILE = "sandbox-ca.lock"


class Certificates:
    """Certificates for a host, right ones and, when the script says so, wrong ones.

    Args:
        directory: where the authority is kept; None for one that ends with the process.
        host: name or address in the right certificate.
    """

    def __init__(self, directory: Path | None, host: str) -> None:
        self._ca = _ensure_ca(directory)
        self._host = host

    @property
    def ca_pem(self) -> str:
        return self._ca.cert_pem.bytes().decode()

    def server_context(self, script: FaultScript) -> ssl.SSLContext:
        """Build a context that shows the right certificate unless a fault strikes."""
        context = _context(self._ca.issue_cert(self._host))

        def choose(connection: ssl.SSLObject, _name: str | None, _: ssl.SSLContext) -> None:
            fault = script.take_for_handshake()
            if fault is not None:
                connection.context = _context(self._issue_wrong(fault.kind))

        context.sni_callback = choose
        return context

    def write_certificate(self, directory: Path) -> Path:
        """Write the right certificate with its key to one file, for servers that read files."""
        path = directory / _LEAF_FILE
        path.touch(mode=0o600)
        self._ca.issue_cert(self._host).private_key_and_cert_chain_pem.write_to_path(path)
        return path

    def _issue_wrong(self, kind: FaultKind) -> trustme.LeafCert:
        if kind is FaultKind.WRONG_NAME:
            return self._ca.issue_cert("another-host.invalid")
        if kind is FaultKind.EXPIRED:
            yesterday = datetime.now(UTC) - timedelta(days=1)
            return self._ca.issue_cert(self._host, not_after=yesterday)
        return trustme.CA().issue_cert(self._host)


def _context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def _ensure_ca(directory: Path | None) -> trustme.CA:
    if directory is None:
        return trustme.CA(organization_name="Síndico sandbox")
    directory.mkdir(parents=True, exist_ok=True)
    certificate, key = directory / CA_FILE, directory / _KEY_FILE
    with (directory / _LOCK_FILE).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several sandboxes start at once on one directory
        if certificate.exists() and key.exists():
            return trustme.CA.from_pem(certificate.read_bytes(), key.read_bytes())
        ca = trustme.CA(organization_name="Síndico sandbox")
        key.touch(mode=0o600)
        ca.private_key_pem.write_to_path(key)
        ca.cert_pem.write_to_path(certificate)
        return ca
