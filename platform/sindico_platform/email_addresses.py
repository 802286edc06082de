"""The form of mail addresses; nothing is looked up."""

import re
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

MAX_ADDRESS, MAX_LOCAL_PART = 254, 64
PLAIN_LOCAL_PART = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*").fullmatch


def is_email_address(text: str) -> bool:
    """Whether mail can be addressed to it; fast enough for whole files, whose domains are few."""
    local, _, domain = text.rpartition("@")
    if (
        len(text) <= MAX_ADDRESS
        and len(local) <= MAX_LOCAL_PART
        and domain.isascii()
        and PLAIN_LOCAL_PART(local)
        and _is_mail_domain(domain)
    ):
        return True
    return _is_valid(text)


@lru_cache(maxsize=1024)
def _is_mail_domain(domain: str) -> bool:
    return _is_valid(f"a@{domain}")


def _is_valid(text: str) -> bool:
    try:
        validate_email(text, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        return False
    return True
