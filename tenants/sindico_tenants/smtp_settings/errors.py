"""What can go wrong with mail servers' settings."""

from sindico_platform.errors import SindicoError


class SmtpSettingsNotFound(SindicoError):
    """No such settings, or they are another tenant's."""

    code, status, title = "smtp-settings-not-found", 404, "There is no such SMTP configuration"
    detail = "No SMTP configuration has the id {settings_id}."


class MainServerTaken(SindicoError):
    """Somebody made another server the main one at the same moment."""

    code, status, title = "main-server-taken", 409, "Another server has just become the main one"
    detail = "Look at which one it is, and save again if yours is to be the main server."
