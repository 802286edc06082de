"""What can go wrong between us and a host that a customer typed, each with its own code."""

import ssl
from collections.abc import Iterable

from sindico_platform.connection_tests.schemas import Mistake, Stage
from sindico_platform.errors import OutsideError
from sindico_platform.settings import Network

MALFORMED = Mistake(
    code="host-malformed",
    stage=Stage.RESOLVE,
    detail="{host} is not a host name or an IP address.",
    advice="Enter the name alone, such as server.example.com: no https://, no port, no spaces.",
)
ADDRESS_REFUSED = Mistake(
    code="egress-address-refused",
    stage=Stage.RESOLVE,
    detail="{host} is in {network}, a private or reserved range, so nothing was sent.",
    advice=(
        "Enter an address that the internet can reach, or ask whoever runs this system to allow "
        "the range."
    ),
)
DENIED = Mistake(
    code="egress-host-denied",
    stage=Stage.RESOLVE,
    detail="{host} belongs to the provider of this system and may not be used here.",
    advice="Enter a server of your own company or of the provider your company has contracted.",
)
DNS_NOT_FOUND = Mistake(
    code="dns-not-found",
    stage=Stage.RESOLVE,
    detail="The name {host} does not exist.",
    advice="Check its spelling and its DNS record.",
)
DNS_TIMED_OUT = Mistake(
    code="dns-timed-out",
    stage=Stage.RESOLVE,
    detail="The name {host} was not resolved within {seconds} seconds.",
    advice="Try again in a moment; if it stays so, the name servers of this domain do not answer.",
    passes=True,
)
DNS_FAILED = Mistake(
    code="dns-failed",
    stage=Stage.RESOLVE,
    detail="The name server could not say where {host} is.",
    advice="Try again in a moment; if it stays so, have the domain's DNS checked.",
    passes=True,
)
CONNECTION_TIMED_OUT = Mistake(
    code="connection-timed-out",
    stage=Stage.CONNECT,
    detail="{host} did not answer on port {port} within {seconds} seconds.",
    advice=(
        "A firewall may be dropping our connection: have it opened for this port, or correct the "
        "port."
    ),
    passes=True,
)
CONNECTION_REFUSED = Mistake(
    code="connection-refused",
    stage=Stage.CONNECT,
    detail="{host} refused the connection on port {port}.",
    advice="The machine answers, but nothing listens there: correct the port or start the service.",
    passes=True,
)
UNREACHABLE = Mistake(
    code="host-unreachable",
    stage=Stage.CONNECT,
    detail="There is no way to reach {host} on port {port}.",
    advice="Check the address; the machine may be off or its network disconnected.",
    passes=True,
)
CONNECTION_CLOSED = Mistake(
    code="connection-closed",
    stage=Stage.TLS,
    detail="{host} closed the connection on port {port} before it was set up.",
    advice=(
        "Check port and encryption; if both are right, the server may be refusing our address or "
        "have too many connections."
    ),
    passes=True,
)
TLS_TIMED_OUT = Mistake(
    code="tls-timed-out",
    stage=Stage.TLS,
    detail="{host} did not set up encryption on port {port} within {seconds} seconds.",
    advice="This port may not begin with TLS: correct the port or the kind of encryption.",
    passes=True,
)
NOT_TLS = Mistake(
    code="tls-not-spoken",
    stage=Stage.TLS,
    detail="{host} does not speak TLS on port {port}: it answered in plain text.",
    advice="Choose the kind of encryption that this port is for, or the port for encryption.",
)
TLS_FAILED = Mistake(
    code="tls-failed",
    stage=Stage.TLS,
    detail="{host} and we could not agree on encryption on port {port}: {reason}.",
    advice="The server must offer TLS 1.2 or newer; have it updated.",
)
CERTIFICATE_OTHER_NAME = Mistake(
    code="tls-certificate-other-name",
    stage=Stage.TLS,
    detail="The certificate that the server shows on port {port} is not for {host}.",
    advice=(
        "Enter the name that stands in the certificate, or have a certificate for this name "
        "installed on the server."
    ),
)
CERTIFICATE_EXPIRED = Mistake(
    code="tls-certificate-expired",
    stage=Stage.TLS,
    detail="The certificate of {host} on port {port} has expired.",
    advice="Have it renewed on the server; nothing can be sent safely until then.",
)
CERTIFICATE_NOT_YET_VALID = Mistake(
    code="tls-certificate-not-yet-valid",
    stage=Stage.TLS,
    detail="The certificate of {host} on port {port} is not valid yet.",
    advice="Check the server's certificate and the clock of the machine that issued it.",
)
CERTIFICATE_SELF_SIGNED = Mistake(
    code="tls-certificate-self-signed",
    stage=Stage.TLS,
    detail="The certificate of {host} on port {port} is self-signed: anybody can make such a one.",
    advice=(
        "Have a certificate of a public authority installed, or enter this certificate as the one "
        "to trust."
    ),
)
CERTIFICATE_REFUSED = Mistake(
    code="tls-certificate-refused",
    stage=Stage.TLS,
    detail="The certificate of {host} on port {port} is not trusted: {reason}.",
    advice=(
        "Have the whole chain of a public authority installed on the server, or enter the "
        "certificate of the server's own authority as the one to trust."
    ),
)
ANSWER_TIMED_OUT = Mistake(
    code="answer-timed-out",
    stage=Stage.READ,
    detail="{host} took the request but did not answer within {seconds} seconds.",
    advice="The service may be overloaded; try again later or have it looked at.",
    passes=True,
)
ANSWER_BROKEN = Mistake(
    code="answer-broken",
    stage=Stage.READ,
    detail="{host} broke off in the middle of its answer, or did not answer in HTTP.",
    advice="Check address and port; if both are right, a proxy between us may be interfering.",
    passes=True,
)
ANSWER_TOO_LARGE = Mistake(
    code="answer-too-large",
    stage=Stage.READ,
    detail="The answer of {host} is larger than {max_bytes} bytes.",
    advice="Check that the address is that of the service's programming interface.",
)
ENCODING_REFUSED = Mistake(
    code="answer-encoding-refused",
    stage=Stage.READ,
    detail="{host} answered in the encoding {encoding}, which was not asked for.",
    advice="Have the proxy in front of the service honour the header Accept-Encoding.",
)
SCHEME_REFUSED = Mistake(
    code="url-scheme-refused",
    stage=Stage.RESOLVE,
    detail="The address of {host} must start with https.",
    advice="Enter the address with https:// at its beginning.",
)
CA_MALFORMED = Mistake(
    code="ca-certificate-malformed",
    stage=Stage.TLS,
    detail="The CA certificate is not in PEM form.",
    advice=(
        "Paste the whole text that starts with -----BEGIN CERTIFICATE-----; it may hold several "
        "certificates."
    ),
)

_CERTIFICATE_FAULTS = {
    9: CERTIFICATE_NOT_YET_VALID,
    10: CERTIFICATE_EXPIRED,
    18: CERTIFICATE_SELF_SIGNED,
    62: CERTIFICATE_OTHER_NAME,
    64: CERTIFICATE_OTHER_NAME,
}
"""By OpenSSL's number (``X509_V_ERR_…``); its texts change between versions."""
_NOT_TLS_REASONS = {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"}


def host_malformed(text: str) -> OutsideError:
    return MALFORMED.error(host=text[:255])


def address_refused(host: str, ranges: Iterable[Network]) -> OutsideError:
    """Names the range and not the address, which may belong to our own network."""
    network = ", ".join(dict.fromkeys(str(network) for network in ranges))
    return ADDRESS_REFUSED.error(host=host, network=network)


def connection_failed(host: str, port: int, error: OSError) -> OutsideError:
    """What an `OSError` during connecting or the TLS handshake means."""
    if isinstance(error, ssl.SSLCertVerificationError):
        mistake = _CERTIFICATE_FAULTS.get(error.verify_code, CERTIFICATE_REFUSED)
        return mistake.error(host=host, port=port, reason=error.verify_message.rstrip("."))
    if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError):
        mistake = NOT_TLS if error.reason in _NOT_TLS_REASONS else TLS_FAILED
        return mistake.error(host=host, port=port, reason=error.reason or "unknown")
    if isinstance(error, ConnectionRefusedError):
        return CONNECTION_REFUSED.error(host=host, port=port)
    if isinstance(error, ConnectionError | ssl.SSLEOFError):
        return CONNECTION_CLOSED.error(host=host, port=port)
    return UNREACHABLE.error(host=host, port=port)
