"""What may be refused about notifications."""

from sindico_platform.errors import SindicoError


class NotificationNotFound(SindicoError):
    """No such notification, or one for somebody else."""

    code, status, title = "notification-not-found", 404, "There is no such notification"
    detail = "Check the notification's id."
