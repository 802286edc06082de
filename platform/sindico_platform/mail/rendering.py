"""Templates to mails, in Portuguese and English.

A template sets a subject, a body of paragraphs apart by blank lines, and perhaps an action with a
link. The plain text is that body; the HTML is the same paragraphs in `layout.html`, escaped there.
"""

import re
from functools import cached_property
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, select_autoescape

from sindico_platform.mail.schemas import MailContent

LANGUAGES = {"pt": "pt-BR", "en": "en"}
PLATFORM = "sindico_platform.mail"


class MailTemplates:
    """The mails of one package, from ``templates/<language>/<template>.txt`` below it.

    The layout is the platform's.
    """

    def __init__(self, package: str) -> None:
        self._package = package

    def render(
        self, template: str, *, locale: str, signature: str = "Síndico", **facts: Any
    ) -> MailContent:
        """A mail in the reader's language; other languages than ours get English.

        Args:
            signature: whose mail it is, under the text.
            facts: what the template names; dates are already written for the reader.

        Raises:
            jinja2.UndefinedError: a fact is missing.
        """
        language = LANGUAGES.get(locale.replace("_", "-").split("-")[0], "en")
        folder = language.replace("-", "_")
        # In one line each: what people typed must not add paragraphs of its own.
        facts = {name: " ".join(str(fact).split()) for name, fact in facts.items()}
        parts: Any = self._environment.get_template(f"{folder}/{template}.txt").make_module(facts)
        action = getattr(parts, "action", None)
        subject = " ".join(str(parts.subject).split())
        layout = {
            "language": language,
            "subject": subject,
            "paragraphs": _paragraphs(str(parts.body)),
            "action": action,
            "link": facts.get("link") if action else None,
            "signature": " ".join(signature.split()),
        }
        return MailContent(
            template=template,
            language=language,
            subject=subject,
            text=self._environment.get_template("layout.txt").render(layout).strip() + "\n",
            html=self._environment.get_template("layout.html").render(layout),
        )

    @cached_property
    def _environment(self) -> Environment:
        packages = dict.fromkeys((self._package, PLATFORM))
        return Environment(
            loader=ChoiceLoader([PackageLoader(package) for package in packages]),
            autoescape=select_autoescape(["html"], default=False),
            undefined=StrictUndefined,
            auto_reload=False,  # else it looks at the files of every template of every mail
            trim_blocks=True,
            lstrip_blocks=True,
        )


TEMPLATES = MailTemplates(PLATFORM)


def render_mail(template: str, *, locale: str, **facts: Any) -> MailContent:
    """One of the product's own mails.

    Args:
        template: ``invitation``, ``password_reset`` or ``alert``.
        facts: what the template names; dates are already written for the reader.

    Raises:
        jinja2.UndefinedError: a fact is missing.
    """
    return TEMPLATES.render(template, locale=locale, **facts)


def _paragraphs(body: str) -> list[str]:
    return [part.strip() for part in re.split(r"\n\s*\n", body) if part.strip()]
