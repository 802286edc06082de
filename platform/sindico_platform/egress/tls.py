"""TLS for connections to customers' hosts."""

import ssl
import time
from typing import Any

import certifi

from sindico_platform.connection_tests.walk import Seen
from sindico_platform.egress import errors

_SECONDS_PER_DAY = 86_400


def tls_context(ca_pem: str | None = None) -> ssl.SSLContext:
    """A verifying client context: TLS 1.2 or newer, host name checked.

    Args:
        ca_pem: PEM certificates to trust *instead* of the public authorities; a server's own
            certificate works too, so that a self-signed one can be pinned.

    Raises:
        Terminal: ``ca-certificate-malformed``.
    """
    if ca_pem is None:
        context = ssl.create_default_context(cafile=certifi.where())
        context.load_default_certs()  # what the operator has installed on this machine
        return context
    # Not create_default_context: given an empty text it would trust the public authorities.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_verify_locations(cadata=ca_pem)
    except (ssl.SSLError, ValueError, TypeError) as error:
        raise errors.CA_MALFORMED.error() from error
    if not context.cert_store_stats()["x509"]:
        raise errors.CA_MALFORMED.error()
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    # Customers' own authorities are often older than the strict profile, Python 3.13's default.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def note_tls(seen: Seen, tls: ssl.SSLObject) -> None:
    """Leave as evidence how a connection is encrypted, and for how long its certificate holds."""
    certificate: Any = tls.getpeercert() or {}
    ends_at = ssl.cert_time_to_seconds(certificate["notAfter"])
    seen.note(
        "{version}; certificate of {subject}, issued by {issuer}, valid until {valid_until}: "
        "{days_left} days left.",
        version=tls.version(),
        subject=_name_in(certificate, "subject") or _alternative_name(certificate),
        issuer=_name_in(certificate, "issuer"),
        valid_until=time.strftime("%Y-%m-%d", time.gmtime(ends_at)),
        days_left=int((ends_at - time.time()) // _SECONDS_PER_DAY),
    )


def _name_in(certificate: dict[str, Any], side: str) -> str:
    """The common name, else the organisation; the last of several is the most specific."""
    names = {key: value for part in certificate.get(side, ()) for key, value in part}
    return names.get("commonName") or names.get("organizationName") or ""


def _alternative_name(certificate: dict[str, Any]) -> str:
    return next((value for _, value in certificate.get("subjectAltName", ())), "")
