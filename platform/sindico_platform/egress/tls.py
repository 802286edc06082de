"""TLS for connections to customers' hosts."""

import ssl

import certifi

from sindico_platform.egress import errors


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
        raise errors.ca_malformed() from error
    if not context.cert_store_stats()["x509"]:
        raise errors.ca_malformed()
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    # Customers' own authorities are often older than the strict profile, Python 3.13's default.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context
