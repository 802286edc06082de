"""Collect every text people read and bring the Portuguese catalogue up to date with it.

`make messages` keeps translations, adds new ids empty, drops ids no longer used, and lists what
still needs Portuguese. Ids come from templates, from `_()`, `ngettext()` and `translatable()`
calls, from errors' titles and details, and from what `error_texts.py` finds.
"""

import importlib
import pkgutil
import re
import sys
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from string import Formatter

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po
from scripts.error_texts import Found, find_error_texts

from sindico_api.i18n import LOCALE_DIR
from sindico_platform.errors import SindicoError

ROOT = Path(__file__).parents[1]
CATALOGUE = LOCALE_DIR / "pt_BR/LC_MESSAGES/messages.po"
PACKAGES = ("sindico_platform", "sindico_tenants", "sindico_provisioning", "sindico_api")
Calls = dict[str, tuple[int, ...] | None]
PYTHON_CALLS: Calls = {
    "_": None,
    "ngettext": (1, 2),
    "translatable": (1,),
}
TEMPLATE_CALLS: Calls = {"_": None, "gettext": None, "ngettext": (1, 2)}
HEADER = "# Portuguese of every text in Síndico; `make messages` keeps it in step with the code.\n"
VOLATILE = re.compile(
    r'^"(POT-Creation-Date|PO-Revision-Date|Last-Translator|Generated-By):.*\n', re.MULTILINE
)

MessageId = str | tuple[str, ...]


def collect_ids() -> set[MessageId]:
    """Every id in use; a pair is singular and plural."""
    return {*_ids_in_sources(), *_ids_of_errors(), *error_texts().texts}


def error_texts() -> Found:
    folders = [ROOT / package.removeprefix("sindico_") / package for package in PACKAGES]
    return find_error_texts([path for folder in folders for path in folder.rglob("*.py")])


def _ids_in_sources() -> Iterator[MessageId]:
    for package in PACKAGES:
        folder = ROOT / package.removeprefix("sindico_") / package
        for path in folder.rglob("*.py"):
            yield from _extract("python", path, PYTHON_CALLS)
        for path in folder.rglob("templates/**/*.*"):
            yield from _extract("jinja2", path, TEMPLATE_CALLS)


def _extract(method: str, path: Path, calls: Calls) -> Iterator[MessageId]:
    options = {"newstyle_gettext": "true", "silent": "false"}
    for _line, message, _comments, _context in extract_from_file(
        method, path, keywords=calls, options=options
    ):
        if message:
            yield message


def _ids_of_errors() -> Iterator[str]:
    for package in PACKAGES:
        root = importlib.import_module(package)
        for module in pkgutil.walk_packages(root.__path__, f"{package}."):
            importlib.import_module(module.name)
    for error in _subclasses(SindicoError):
        if error.__module__.startswith(PACKAGES):
            yield from (error.title, error.detail)


def _subclasses(base: type[SindicoError]) -> Iterator[type[SindicoError]]:
    for child in base.__subclasses__():
        yield child
        yield from _subclasses(child)


def read_catalogue() -> Catalog:
    with CATALOGUE.open("rb") as source:
        return read_po(source, locale="pt_BR")


def updated(old: Catalog, ids: set[MessageId]) -> Catalog:
    """The catalogue of exactly `ids`, with the translations `old` has."""
    new = Catalog(
        locale="pt_BR", project="sindico", charset="utf-8", fuzzy=False, header_comment=""
    )
    for message in sorted(ids, key=str):
        known = old.get(message if isinstance(message, str) else message[0])
        new.add(message, known.string if known and known.id == message else None)
    return new


def write_catalogue(catalogue: Catalog) -> None:
    """Write without dates and places, which would make every merge a conflict."""
    text = BytesIO()
    write_po(text, catalogue, width=0, no_location=True, sort_output=True)
    body = VOLATILE.sub("", text.getvalue().decode())
    CATALOGUE.write_text(HEADER + body.lstrip("#\n "), encoding="utf-8")


def faults(catalogue: Catalog) -> list[str]:
    """One line per id without Portuguese, or whose Portuguese has other facts."""
    lines = []
    for message in list(catalogue)[1:]:  # the first is the header
        strings = _forms(message.string)
        if message.fuzzy or not all(strings):
            lines.append(f"no Portuguese: {message.id!r}")
        elif any(_facts(text) != _facts(_forms(message.id)[-1]) for text in strings):
            lines.append(f"other facts than in English: {message.id!r} -> {message.string!r}")
    return lines


def _forms(text: str | Sequence[str] | None) -> list[str]:
    return [text or ""] if isinstance(text, str | None) else list(text)


def _facts(text: str) -> set[str]:
    braces = {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    return braces | set(re.findall(r"%\(\w+\)[sd]", text))


def main() -> int:
    catalogue = updated(read_catalogue(), collect_ids())
    write_catalogue(catalogue)
    remaining = faults(catalogue) + sorted(error_texts().unknown)
    print("\n".join(remaining) or f"{len(catalogue)} messages, all in Portuguese.")
    return 1 if remaining else 0


if __name__ == "__main__":
    sys.exit(main())
