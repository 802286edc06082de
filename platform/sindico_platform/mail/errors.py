"""What can go wrong between us and the product's own mail server."""

import ssl

import aiosmtplib

from sindico_platform.errors import OutsideError, Terminal, Transient

_TEMPORARY = range(400, 500)


def address_malformed() -> Terminal:
    return Terminal("mail-address-malformed", "The recipient is not one mail address.")


def login_needs_tls(host: str) -> Terminal:
    detail = (
        "{host} offers no encryption, so the password was not sent. Use smtps:// or a server with "
        "STARTTLS in SINDICO_MAIL_URL."
    )
    return Terminal("mail-login-needs-tls", detail, host=host)


def from_smtp(host: str, error: Exception) -> OutsideError:
    """What a failure means for a retry: replies 4xx and lost connections may pass, 5xx may not."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused) and error.recipients:
        error = error.recipients[0]
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return _from_reply(host, error)
    if (refused := _certificate_fault(error)) is not None:
        detail = "The certificate of the mail server {host} is not trusted: {reason}."
        reason = refused.verify_message
        return Terminal("mail-certificate-refused", detail, host=host, reason=reason)
    if isinstance(error, aiosmtplib.SMTPNotSupported):
        detail = "The mail server {host} lacks what this mail needs: {reason}"
        return Terminal("mail-not-supported", detail, host=host, reason=error.message)
    if isinstance(error, TimeoutError):
        return Transient("mail-timed-out", "The mail server {host} did not answer.", host=host)
    detail = "The mail server {host} cannot be reached or closed the connection."
    return Transient("mail-server-unreachable", detail, host=host)


def _from_reply(host: str, error: aiosmtplib.SMTPResponseException) -> OutsideError:
    # Told in one line: a reply may have many and belongs to somebody else.
    reply = f"{error.code} {' '.join(error.message.split())}"[:300]
    if error.code in _TEMPORARY:
        detail = "The mail server {host} asks to try again later: {reply}"
        return Transient("mail-deferred", detail, host=host, reply=reply)
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        detail = "The mail server {host} refused user or password of SINDICO_MAIL_URL: {reply}"
        return Terminal("mail-login-refused", detail, host=host, reply=reply)
    if isinstance(error, aiosmtplib.SMTPRecipientRefused):
        detail = "The mail server {host} does not take mail for this address: {reply}"
        return Terminal("mail-recipient-refused", detail, host=host, reply=reply)
    detail = "The mail server {host} refused the mail: {reply}"
    return Terminal("mail-refused", detail, host=host, reply=reply)


def _certificate_fault(error: BaseException | None) -> ssl.SSLCertVerificationError | None:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return error
        error = error.__cause__ or error.__context__
    return None
