"""Parts of requests in Postman's form."""

from typing import Any

POLL_EVERY_MS = 2000
MOST_POLLS = 900
"""Half an hour; a load that takes longer is followed on the console."""

ISSUED_TEST = """
pm.test('token issued', () => pm.response.to.have.status(200));
const token = pm.response.json();
pm.environment.set('access_token', token.access_token);
pm.environment.set('refresh_token', token.refresh_token);
"""


def script(text: str) -> list[str]:
    """A script's lines, with the numbers filled in."""
    filled = text % {"most_polls": MOST_POLLS, "poll_every_ms": POLL_EVERY_MS}
    return filled.strip().splitlines()


def event(listen: str, text: str) -> dict[str, Any]:
    return {"listen": listen, "script": {"type": "text/javascript", "exec": script(text)}}


def address(path: str) -> dict[str, Any]:
    return {
        "raw": f"{{{{base_url}}}}{path}",
        "host": ["{{base_url}}"],
        "path": path.lstrip("/").split("/"),
    }


def json_body(raw: str) -> dict[str, Any]:
    return {"mode": "raw", "raw": raw, "options": {"raw": {"language": "json"}}}


def make_token(name: str) -> dict[str, Any]:
    """Sign in with the environment's user; every request after it carries the token."""
    fields = {
        "grant_type": "password",
        "username": "{{username}}",
        "password": "{{password}}",
    }
    return {
        "name": name,
        "event": [event("test", ISSUED_TEST)],
        "request": {
            "auth": {"type": "noauth"},
            "method": "POST",
            "header": [],
            "url": address("/api/v1/auth/token"),
            "body": {
                "mode": "urlencoded",
                "urlencoded": [
                    {"key": key, "value": value, "type": "text"} for key, value in fields.items()
                ],
            },
        },
    }
