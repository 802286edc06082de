"""Write `docs/connection-tests.md` from the mistakes that connection tests tell apart.

`make docs` brings the page up to date; a test refuses one that is not.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from sindico_api.i18n import Locale, Translator, translator
from sindico_platform.connection_tests.schemas import Mistake
from sindico_platform.egress import errors as way
from sindico_platform.file_transport import errors as files
from sindico_platform.mail_transport import errors as mail
from sindico_provisioning.connectors import errors as erps
from sindico_provisioning.connectors.erpx import errors as erpx
from sindico_provisioning.connectors.view import errors as views
from sindico_provisioning.webhooks import errors as webhooks

PAGE = Path(__file__).parents[1] / "docs/connection-tests.md"
KINDS: dict[str, ModuleType] = {
    "On the way to any server": way,
    "Mail servers": mail,
    "File servers": files,
    "ERPs": erps,
    "ERPX": erpx,
    "Databases with views": views,
    "Webhooks": webhooks,
}
HEAD = """# What connection tests tell apart

Made by `make docs` from the code that raises these failures; edit them there.

A test walks the very code that production uses, stage by stage, and ends at the first failure: its
code below, what it means and what to do, in the reader's language. Words in braces are filled in
with what was seen. Those marked *may pass* are repeated by themselves in production.
"""
COLUMNS = "| stage | code | what it means | what to do |\n|---|---|---|---|\n"


def render() -> str:
    """The whole page."""
    return "\n".join([HEAD, *_sections()])


def _sections() -> Iterator[str]:
    portuguese = translator(Locale.PORTUGUESE)
    for title, module in KINDS.items():
        rows = (_row(mistake, portuguese) for mistake in mistakes_of(module))
        yield f"## {title}\n\n{COLUMNS}{''.join(rows)}"


def mistakes_of(module: ModuleType) -> list[Mistake]:
    """A module's mistakes, in the order in which they were written down."""
    return [value for value in vars(module).values() if isinstance(value, Mistake)]


def _row(mistake: Mistake, portuguese: Translator) -> str:
    code = f"`{mistake.code}`" + (" *may pass*" if mistake.passes else "")
    texts = (f"{text}<br>*{portuguese(text)}*" for text in (mistake.detail, mistake.advice))
    return f"| {mistake.stage} | {code} | {' | '.join(texts)} |\n"


def main() -> int:
    PAGE.write_text(render(), encoding="utf-8")
    print(f"{PAGE.name}: {sum(len(mistakes_of(module)) for module in KINDS.values())} mistakes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
