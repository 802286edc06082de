"""TLS for connections to customers' hosts."""

import socket
import ssl
import time
from typing import Any

import certifi
from cryptography import x509
from cryptography.x509.oid import NameOID

from sindico_platform.connection_tests.walk import Seen
from sindico_platform.egress import errors

_SECONDS_PER_DAY = 86_400
_MAX_NAMES = 5


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


class NamedContext(ssl.SSLContext):
    """Verifies one name, whatever address the client that uses it was told to connect to."""

    name: str
    shaken: ssl.SSLObject | ssl.SSLSocket | None
    """The latest connection made with it."""

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,  # noqa: FBT001, FBT002 (the base's signature)
        server_hostname: str | bytes | None = None,  # noqa: ARG002 (the base's signature)
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        self.check_hostname = True  # a client may have switched it off, for the address's sake
        shaken = super().wrap_bio(incoming, outgoing, server_side, self.name, session)
        self.shaken = shaken
        return shaken

    def wrap_socket(self, sock: socket.socket, *args: Any, **kwargs: Any) -> ssl.SSLSocket:
        self.check_hostname = True
        shaken = super().wrap_socket(sock, *args, **kwargs | {"server_hostname": self.name})
        self.shaken = shaken
        return shaken


def named_context(name: str, ca_pem: str | None = None) -> NamedContext:
    """As `tls_context`, for clients that are given an address and must verify `name`.

    Raises:
        Terminal: ``ca-certificate-malformed``.
    """
    context: Any = tls_context(ca_pem)
    context.__class__ = NamedContext
    context.name, context.shaken = name, None
    named: NamedContext = context
    return named


def unverified_context() -> ssl.SSLContext:
    """Takes any certificate: only for looking at a server that a test found wanting.

    Nothing may be sent over such a connection.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def note_shown_certificate(seen: Seen, tls: ssl.SSLObject) -> None:
    """Leave as evidence the certificate of a connection by `unverified_context`."""
    der = tls.getpeercert(binary_form=True)
    if der is None:
        return
    certificate = x509.load_der_x509_certificate(der)
    seen.note(
        "The server shows a certificate for {names}, issued by {issuer}, valid until "
        "{valid_until}.",
        names=", ".join(_names_in(certificate)[:_MAX_NAMES]) or "–",
        issuer=_issuer_of(certificate) or "–",
        valid_until=f"{certificate.not_valid_after_utc:%Y-%m-%d}",
    )


def note_tls(seen: Seen, tls: ssl.SSLObject | ssl.SSLSocket) -> None:
    """Leave as evidence how a connection is encrypted, and for how long its certificate holds."""
    certificate: Any = tls.getpeercert()
    if not certificate:  # it was not verified
        return
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


def _names_in(certificate: x509.Certificate) -> list[str]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (x509.ExtensionNotFound, ValueError):
        return _common_names(certificate.subject)
    names = extension.value
    addresses = map(str, names.get_values_for_type(x509.IPAddress))
    return [*names.get_values_for_type(x509.DNSName), *addresses]


def _issuer_of(certificate: x509.Certificate) -> str:
    organisations = certificate.issuer.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    named = [*_common_names(certificate.issuer), *(str(item.value) for item in organisations)]
    return next(iter(named), "")


def _common_names(name: x509.Name) -> list[str]:
    return [str(item.value) for item in name.get_attributes_for_oid(NameOID.COMMON_NAME)]


def _name_in(certificate: dict[str, Any], side: str) -> str:
    """The common name, else the organisation; the last of several is the most specific."""
    names = {key: value for part in certificate.get(side, ()) for key, value in part}
    return names.get("commonName") or names.get("organizationName") or ""


def _alternative_name(certificate: dict[str, Any]) -> str:
    return next((value for _, value in certificate.get("subjectAltName", ())), "")
