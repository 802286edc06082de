"""Rendering the mails that go through customers' own servers."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sindico_platform.mail import MailContent, MailTemplates

DATE_FORMS = {"pt": "%d/%m/%Y %H:%M", "en": "%Y-%m-%d %H:%M"}
THOUSANDS = {"pt": ".", "en": ","}
_TEMPLATES = MailTemplates("sindico_tenants.mail_templates")


def render_mail(
    template: str, *, locale: str, signature: str, public_url: str = "", **facts: Any
) -> MailContent:
    """A mail from ``templates/<language>/<template>.txt``.

    Args:
        signature: the tenant's name.
        public_url: where the console is; a fact `path` leads there.
        facts: what the template names; dates are already written for the reader.

    Raises:
        jinja2.TemplateNotFound: no such template.
        jinja2.UndefinedError: a fact is missing.
    """
    if path := facts.pop("path", None):
        facts["link"] = f"{public_url}{path}"
    return _TEMPLATES.render(template, locale=locale, signature=signature, **facts)


def write_fact(fact: Any, *, locale: str, timezone: str) -> str:
    """A fact as the reader writes it: instants in their zone, whole numbers in groups."""
    language = locale[:2] if locale[:2] in DATE_FORMS else "en"
    if isinstance(fact, datetime):
        return fact.astimezone(ZoneInfo(timezone)).strftime(DATE_FORMS[language])
    if isinstance(fact, int):
        return f"{fact:,}".replace(",", THOUSANDS[language])
    return str(fact)
