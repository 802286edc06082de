"""Mail addresses as people type them, to what may stand in a command and in a header."""

import re
from dataclasses import dataclass

from sindico_platform.egress.hosts import find_literal, normalise_host
from sindico_platform.errors import OutsideError
from sindico_platform.mail_transport import errors

# Quoted local parts exist on paper alone; refusing them refuses every special character, and
# with them whatever could end a command or a header.
_LOCAL_PART = re.compile(r"[^\s@\"(),:;<>\[\]\\\x00-\x1f\x7f\u2028\u2029]{1,64}").fullmatch
_MAX_LENGTH = 254


@dataclass(frozen=True, slots=True)
class MailAddress:
    """One bare address; the domain in ASCII form, the local part as it was typed."""

    local: str
    domain: str

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"

    @property
    def needs_utf8(self) -> bool:
        """Whether only a server with SMTPUTF8 can take it."""
        return not self.local.isascii()


def parse_address(text: str) -> MailAddress:
    """Read one bare address; domains with accents come out in IDNA form.

    Raises:
        Terminal: ``mail-address-malformed``: no address, several, or with characters that could
            end a line.
    """
    local, _, domain = text.strip(" \t").rpartition("@")
    if not _LOCAL_PART(local) or local.startswith(".") or local.endswith(".") or ".." in local:
        raise _malformed(text)
    try:
        host = normalise_host(domain)
    except OutsideError as error:
        raise _malformed(text) from error
    if find_literal(host) or "." not in host or len(local) + len(host) >= _MAX_LENGTH:
        raise _malformed(text)
    return MailAddress(local, host)


def _malformed(text: str) -> OutsideError:
    return errors.ADDRESS_MALFORMED.error(address=" ".join(text.split())[:_MAX_LENGTH])
