"""What may be refused about messages to webhooks."""

from sindico_platform.errors import SindicoError


class DeliveryNotFound(SindicoError):
    """No such message to this webhook, or no longer."""

    code, status, title = "delivery-not-found", 404, "There is no such message"
    detail = "Messages are kept for 30 days."
