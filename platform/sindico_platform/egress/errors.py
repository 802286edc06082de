"""What can go wrong between us and a host that a customer typed, each with its own code."""

import ssl
from collections.abc import Iterable

from sindico_platform.errors import OutsideError, Terminal, Transient
from sindico_platform.settings import Network


def host_malformed(text: str) -> Terminal:
    detail = "{host} is not a host name or an IP address."
    return Terminal("host-malformed", detail, host=text[:255])


def address_refused(host: str, ranges: Iterable[Network]) -> Terminal:
    """Names the range and not the address, which may belong to our own network."""
    detail = (
        "{host} is in {network}, a private or reserved range, so nothing was sent. Use an address "
        "that the internet can reach."
    )
    network = ", ".join(dict.fromkeys(str(network) for network in ranges))
    return Terminal("egress-address-refused", detail, host=host, network=network)


def host_denied(host: str) -> Terminal:
    detail = "{host} belongs to the provider of this system and may not be used here."
    return Terminal("egress-host-denied", detail, host=host)


def dns_not_found(host: str) -> Terminal:
    detail = "The name {host} does not exist. Check its spelling and its DNS record."
    return Terminal("dns-not-found", detail, host=host)


def dns_timed_out(host: str, seconds: float) -> Transient:
    detail = "The name {host} was not resolved within {seconds} seconds."
    return Transient("dns-timed-out", detail, host=host, seconds=round(seconds))


def dns_failed(host: str) -> Transient:
    detail = "The name server could not say where {host} is."
    return Transient("dns-failed", detail, host=host)


def connection_timed_out(host: str, port: int, seconds: float) -> Transient:
    detail = (
        "{host} did not answer on port {port} within {seconds} seconds. A firewall may be dropping "
        "our connection."
    )
    return Transient("connection-timed-out", detail, host=host, port=port, seconds=round(seconds))


def connection_failed(host: str, port: int, error: OSError) -> OutsideError:
    """What an `OSError` during connecting or the TLS handshake means."""
    if isinstance(error, ssl.SSLCertVerificationError):
        detail = "The certificate of {host} on port {port} is not trusted: {reason}."
        reason = error.verify_message
        return Terminal("tls-certificate-refused", detail, reason=reason, host=host, port=port)
    if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError):
        detail = "{host} does not speak TLS as expected on port {port}: {reason}."
        return Terminal(
            "tls-failed", detail, reason=error.reason or "unknown", host=host, port=port
        )
    if isinstance(error, ConnectionRefusedError):
        detail = "{host} refused the connection on port {port}. Nothing may be listening there."
        return Transient("connection-refused", detail, host=host, port=port)
    if isinstance(error, ConnectionError | ssl.SSLEOFError):
        detail = "{host} closed the connection on port {port} before it was set up."
        return Transient("connection-closed", detail, host=host, port=port)
    return Transient(
        "host-unreachable", "There is no way to reach {host} on port {port}.", host=host, port=port
    )


def answer_timed_out(host: str, seconds: float) -> Transient:
    detail = "{host} took the request but did not answer within {seconds} seconds."
    return Transient("answer-timed-out", detail, host=host, seconds=round(seconds))


def answer_broken(host: str) -> Transient:
    detail = "{host} broke off in the middle of its answer, or did not answer in HTTP."
    return Transient("answer-broken", detail, host=host)


def answer_too_large(host: str, max_bytes: int) -> Terminal:
    detail = "The answer of {host} is larger than {max_bytes} bytes."
    return Terminal("answer-too-large", detail, host=host, max_bytes=max_bytes)


def encoding_refused(host: str, encoding: str) -> Terminal:
    detail = "{host} answered in the encoding {encoding}, which was not asked for."
    return Terminal("answer-encoding-refused", detail, host=host, encoding=encoding[:40])


def scheme_refused(host: str) -> Terminal:
    return Terminal("url-scheme-refused", "The address of {host} must start with https.", host=host)


def ca_malformed() -> Terminal:
    detail = (
        "The CA certificate is not in PEM form: it starts with -----BEGIN CERTIFICATE----- and "
        "may hold several certificates."
    )
    return Terminal("ca-certificate-malformed", detail)
