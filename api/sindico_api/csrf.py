"""The token that pages of the console return: other in every answer, always of the same session.

Answers are compressed, and what is compressed tells by its length how like its parts are. A secret
that stood in every page would so be guessed letter by letter, by who makes a browser search for
guesses (BREACH). Hence a page carries the token under a mask of its own.
"""

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode


def masked(token: str) -> str:
    """The token under a new mask, which stands before it."""
    plain = token.encode()
    mask = secrets.token_bytes(len(plain))
    return urlsafe_b64encode(mask + _xor(mask, plain)).decode()


def is_masked(given: str, token: str) -> bool:
    """Whether `given` is the token under any mask."""
    try:
        packed = urlsafe_b64decode(given.encode())
    except ValueError:
        return False
    half = len(packed) // 2
    return hmac.compare_digest(_xor(packed[:half], packed[half:]), token.encode())


def _xor(mask: bytes, data: bytes) -> bytes:
    return bytes(left ^ right for left, right in zip(mask, data, strict=False))
