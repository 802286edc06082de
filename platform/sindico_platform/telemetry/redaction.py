"""Keeps secrets out of the logs, by the names of keys and the shapes of values."""

import re
from collections.abc import Mapping
from typing import Any

from structlog.typing import EventDict, WrappedLogger

MASK = "***"
_MAX_DEPTH = 6

_SECRET_KEY = re.compile(
    r"pass(word|wd|phrase)|senha|secret|token|authori[sz]ation|cookie|credential"
    r"|(api|private|access|refresh|sealing|signing)[_-]?key|key[_-]?ring|client[_-]?key",
    re.IGNORECASE,
)
# What such names often end in when they only tell about a secret.
_ABOUT_A_SECRET = re.compile(
    r"(_id|_ids|_count|_seconds|_bytes|_at|_kind|_type|_url|_set)$", re.IGNORECASE
)
_IN_TEXT = (
    (re.compile(r"(\w+://[^/\s:@]*:)[^/\s@]+(@)"), rf"\1{MASK}\2"),
    (re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]{8,}", re.IGNORECASE), rf"\1 {MASK}"),
    # Our own credentials: tenant.selector.secret
    (re.compile(r"\b([0-9a-f]{32}\.[\w-]+\.)[\w-]{16,}"), rf"\1{MASK}"),
    (
        re.compile(r"([?&](?:access_)?(?:token|password|secret|key)=)[^&\s]+", re.IGNORECASE),
        rf"\1{MASK}",
    ),
)


def redact_event(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A structlog processor: masks secrets anywhere in the event."""
    return {key: _redact(key, value, 0) for key, value in event.items()}


def redact_text(text: str) -> str:
    """`text` with passwords in URLs, bearer headers and our own credentials masked."""
    for pattern, replacement in _IN_TEXT:
        text = pattern.sub(replacement, text)
    return text


def _redact(key: str, value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if _SECRET_KEY.search(key) and not _ABOUT_A_SECRET.search(key):
        return MASK
    if isinstance(value, str):
        return redact_text(value)
    return _redact_inside(value, depth + 1)


def _redact_inside(value: Any, depth: int) -> Any:
    if not isinstance(value, Mapping | list | tuple | set | frozenset):
        return value
    if depth > _MAX_DEPTH:
        return MASK
    if isinstance(value, Mapping):
        return {key: _redact(str(key), item, depth) for key, item in value.items()}
    return [_redact("", item, depth) for item in value]
