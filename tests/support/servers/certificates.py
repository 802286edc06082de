"""Certificates of test servers: the right one, and those that people have by mistake."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme

HOST = "127.0.0.1"


class Certificates:
    """One authority, its right certificate for loopback, and four wrong ones, as PEM files."""

    def __init__(self, folder: Path) -> None:
        self._ca = trustme.CA(organization_name="Tests")
        self._folder = folder
        self.ca_pem = self._ca.cert_pem.bytes().decode()

    def right(self) -> Path:
        return self._write("right", self._ca.issue_cert(HOST, "localhost"))

    def for_another_name(self) -> Path:
        return self._write("another-name", self._ca.issue_cert("mail.another.example"))

    def expired(self) -> Path:
        yesterday = datetime.now(UTC) - timedelta(days=1)
        return self._write("expired", self._ca.issue_cert(HOST, not_after=yesterday))

    def of_a_stranger(self) -> Path:
        """Signed by an authority that nobody trusts."""
        return self._write("stranger", trustme.CA().issue_cert(HOST))

    def self_signed(self) -> Path:
        """Made by the server itself."""
        path, made = self._folder / "self-signed.pem", trustme.CA()
        made.private_key_pem.write_to_path(path)
        made.cert_pem.write_to_path(path, append=True)
        return path

    def _write(self, name: str, certificate: trustme.LeafCert) -> Path:
        path = self._folder / f"{name}.pem"
        certificate.private_key_and_cert_chain_pem.write_to_path(path)
        return path
