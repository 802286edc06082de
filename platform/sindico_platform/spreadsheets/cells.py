"""One cell as text, the way it is shown in a spreadsheet, and texts that no program may run."""

from datetime import date, datetime, time
from typing import Any

WHOLE_BELOW = 1e15
"""Up to here a double holds whole numbers digit by digit."""
MIDNIGHT = time()
RUNNABLE = ("=", "+", "-", "@", "\t", "\r")
"""How a text begins that a spreadsheet program would run as a formula."""


def text_of(value: Any) -> str:
    """The text of a cell's value; dates as ``2026-01-31``."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < WHOLE_BELOW else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == MIDNIGHT else value.isoformat(" ")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)


def defuse(text: str) -> str:
    """Keep a spreadsheet program from running a text of a CSV file as a formula."""
    return f"'{text}" if text.startswith(RUNNABLE) else text


def restore(text: str) -> str:
    """Undo `defuse`, so that what was downloaded can be uploaded again."""
    return text[1:] if text.startswith("'") and text[1:2] in RUNNABLE else text
