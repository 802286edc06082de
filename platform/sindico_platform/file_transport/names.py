"""Names of files and folders that may reach a server: no way out of the folder, no commands."""

import unicodedata

from sindico_platform.file_transport import errors

MAX_NAME_BYTES = 200
"""Leaves room for the suffix of a temporary name below the usual 255."""
MAX_FOLDER_BYTES = 1000
_TEMPORARY = ".part"


def normalise_folder(text: str) -> str:
    """A folder as customers type it, without empty parts and a slash at the end.

    Raises:
        Terminal: ``folder-malformed``.
    """
    folder = text.strip()
    parts = [part for part in folder.split("/") if part]
    if len(folder.encode(errors="replace")) > MAX_FOLDER_BYTES or any(map(_fault_of, parts)):
        raise errors.FOLDER_MALFORMED.error(folder=visible(folder))
    return ("/" if folder.startswith("/") else "") + "/".join(parts)


def check_path(path: str) -> str:
    """A file below the configured folder, perhaps in folders of its own; gives it back.

    Raises:
        Terminal: ``file-name-malformed``.
    """
    parts = path.split("/")
    if any(_fault_of(part) or len(part.encode()) > MAX_NAME_BYTES for part in parts):
        raise errors.NAME_MALFORMED.error(name=visible(path))
    return path


def temporary(path: str) -> str:
    """Under which name a file is written before it is complete.

    One name per file, so that the next attempt replaces what an interrupted one left.
    """
    return path + _TEMPORARY


def visible(text: str, *, most: int = 200) -> str:
    """`text` in one line, fit to be shown: control characters become ``�``."""
    clean = "".join("�" if _is_control(letter) else letter for letter in text)
    return clean if len(clean) <= most else clean[: most - 1] + "…"


def _fault_of(part: str) -> bool:
    return part in {"", ".", ".."} or "\\" in part or any(map(_is_control, part))


def _is_control(letter: str) -> bool:
    """Also of lone surrogates, which no encoding takes, and of what reverses the reading."""
    return unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
