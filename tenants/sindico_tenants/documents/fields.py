"""What the fields of documents may hold, and the names that files get on servers."""

import re
import unicodedata
from urllib.parse import urlsplit
from uuid import UUID

from sindico_platform.errors import FieldError, InvalidInput, field_error

MAX_NAME, MAX_DESCRIPTION, MAX_URL = 200, 2000, 2000
MAX_STORED_NAME = 100
MAX_SUFFIX = 12
_CONTENT_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}")
OCTETS = "application/octet-stream"


def demand_fields(
    *, name: str | None = None, description: str | None = None, url: str | None = None
) -> None:
    """Refuse what cannot be stored or shown; None is not looked at.

    Raises:
        InvalidInput: listing every field that is wrong.
    """
    faults: list[FieldError] = []
    if name is not None:
        faults += _text_faults("name", name, most=MAX_NAME)
        if not name.strip():
            faults.append(field_error("name", "required", "This field is required."))
    if description is not None:
        plain = description.replace("\n", " ").replace("\r", " ").replace("\t", " ")
        faults += _text_faults("description", plain, most=MAX_DESCRIPTION)
    if url is not None:
        faults += _url_faults(url)
    if faults:
        raise InvalidInput(*faults)


def _text_faults(field: str, text: str, *, most: int) -> list[FieldError]:
    if len(text) > most:
        detail = "At most {most} characters are kept."
        return [field_error(field, "too-long", detail, most=most)]
    if not is_plain(text):
        detail = "Line breaks and other control characters are not kept."
        return [field_error(field, "control-character", detail)]
    return []


def _url_faults(url: str) -> list[FieldError]:
    if faults := _text_faults("url", url, most=MAX_URL):
        return faults
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in {"http", "https"} or re.search(r"[\s\\]", url):
        detail = "Expected a whole address that begins with http:// or https://."
        return [field_error("url", "url-malformed", detail)]
    if parts.username is not None or parts.password is not None:
        detail = "An address must not carry a user or password: everybody would see them."
        return [field_error("url", "url-with-credentials", detail)]
    return []


def is_plain(text: str) -> bool:
    """Without control characters, lone surrogates, and what reverses the reading."""
    return not any(unicodedata.category(letter) in {"Cc", "Cf", "Cs"} for letter in text)


def clean_filename(filename: str | None) -> str:
    """The last part of an uploaded file's name, in one line and short enough; never empty."""
    last = re.split(r"[/\\]", filename or "")[-1]
    shown = "".join(letter if is_plain(letter) else " " for letter in last)
    text = " ".join(shown.split()).strip(". ") or "document"
    stem, suffix = _parts_of(text)
    return stem[: MAX_NAME - len(suffix)] + suffix


def stored_name_of(document_id: UUID, filename: str) -> str:
    """A name no other file has, of letters, digits, dots, hyphens and underlines."""
    stem, suffix = _parts_of(filename)
    safe = f"{_safe(stem)[: MAX_STORED_NAME - len(suffix)]}{_safe(suffix)}".strip("-.")
    return f"{document_id}-{safe or 'document'}"


def _safe(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9._]+", "-", re.sub(r"\.{2,}", ".", plain))


def _parts_of(filename: str) -> tuple[str, str]:
    stem, dot, suffix = filename.rpartition(".")
    if not stem or len(suffix) > MAX_SUFFIX:
        return filename, ""
    return stem, dot + suffix


def clean_content_type(content_type: str | None) -> str:
    """The type that was named, without parameters; of what is none, plain bytes."""
    bare = (content_type or "").partition(";")[0].strip().lower()
    return bare if _CONTENT_TYPE.fullmatch(bare) else OCTETS
