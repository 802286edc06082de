"""The product's own mail: invitations, resets and alerts. Never a tenant's server."""

from sindico_platform.mail.mailer import Mailer
from sindico_platform.mail.rendering import MailTemplates, render_mail
from sindico_platform.mail.route import MailRoute
from sindico_platform.mail.schemas import MailContent, Message

__all__ = ["MailContent", "MailRoute", "MailTemplates", "Mailer", "Message", "render_mail"]
