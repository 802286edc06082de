"""Templates to mails, in Portuguese and English.

A template sets a subject, a body of paragraphs apart by blank lines, and perhaps an action with a
link. The plain text is that body; the HTML is the same paragraphs in `layout.html`, escaped there.
"""

import re
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from sindico_platform.mail.schemas import MailContent

LANGUAGES = {"pt": "pt-BR", "en": "en"}


def render_mail(template: str, *, locale: str, **facts: Any) -> MailContent:
    """A mail from ``templates/<language>/<template>.txt``; other languages get English.

    Args:
        template: ``invitation``, ``password_reset`` or ``alert``.
        facts: what the template names; dates are already written for the reader.

    Raises:
        jinja2.UndefinedError: a fact is missing.
    """
    language = LANGUAGES.get(locale.replace("_", "-").split("-")[0], "en")
    folder = language.replace("-", "_")
    # In one line each: what people typed must not add paragraphs of its own.
    facts = {name: " ".join(str(fact).split()) for name, fact in facts.items()}
    parts = _environment().get_template(f"{folder}/{template}.txt").make_module(facts)
    subject = str(parts.subject)  # type: ignore[attr-defined]  # set by the template
    paragraphs = _paragraphs(str(parts.body))  # type: ignore[attr-defined]  # set by the template
    action = getattr(parts, "action", None)
    link = facts.get("link") if action else None
    layout = {
        "language": language,
        "subject": subject,
        "paragraphs": paragraphs,
        "action": action,
        "link": link,
    }
    return MailContent(
        template=template,
        language=language,
        subject=subject,
        text=_environment().get_template("layout.txt").render(layout).strip() + "\n",
        html=_environment().get_template("layout.html").render(layout),
    )


def _paragraphs(body: str) -> list[str]:
    return [part.strip() for part in re.split(r"\n\s*\n", body) if part.strip()]


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("sindico_platform.mail"),
        autoescape=select_autoescape(["html"], default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
