"""Rendering the mails that go through customers' own servers."""

from typing import Any

from sindico_platform.mail import MailContent, MailTemplates

_TEMPLATES = MailTemplates("sindico_tenants.mail_templates")


def render_mail(template: str, *, locale: str, signature: str, **facts: Any) -> MailContent:
    """A mail from ``templates/<language>/<template>.txt``.

    Args:
        signature: the tenant's name.
        facts: what the template names; dates are already written for the reader.

    Raises:
        jinja2.TemplateNotFound: no such template.
        jinja2.UndefinedError: a fact is missing.
    """
    return _TEMPLATES.render(template, locale=locale, signature=signature, **facts)
