"""What keeps a connection test from being made."""

from sindico_platform.errors import SindicoError


class TooManyConnectionTests(SindicoError):
    """Tests reach out to hosts that people type, so there is a limit to them."""

    code, status = "too-many-connection-tests", 429
    title = "Too many connection tests"
    detail = "Up to {allowed} tests a minute are made. Try again in {retry_after_seconds} seconds."


class TooManyDatabaseLooks(SindicoError):
    """Looking for views and columns reaches out too, again and again while views are mapped."""

    code, status = "too-many-database-looks", 429
    title = "The database has been looked at too often"
    detail = (
        "Up to {allowed} times a minute views and columns are looked for. Try again in"
        " {retry_after_seconds} seconds."
    )
