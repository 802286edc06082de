"""Addresses of static files, with a digest of their content so that browsers keep them for good."""

from functools import cache
from hashlib import sha256
from pathlib import Path

STATIC_DIR = Path(__file__).parent / "static"
STATIC_PATH = "/console/static"


@cache
def asset(name: str) -> str:
    """The address of `name`, a path inside ``static/``, such as ``vendor/htmx.min.js``.

    Raises:
        FileNotFoundError: no such file; for ``vendor/``, `make install` brings it.
    """
    digest = sha256((STATIC_DIR / name).read_bytes()).hexdigest()
    return f"{STATIC_PATH}/{name}?v={digest[:12]}"
