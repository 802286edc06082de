"""What may be refused about webhooks, and what goes wrong on the way to one."""

from sindico_platform.connection_tests.schemas import Mistake, Stage
from sindico_platform.errors import SindicoError


class WebhookNotFound(SindicoError):
    """No such endpoint in this tenant."""

    code, status, title = "webhook-not-found", 404, "There is no such webhook"
    detail = "Check the webhook's id."


class WebhookExists(SindicoError):
    """The tenant has an endpoint with this address."""

    code, status, title = "webhook-exists", 409, "There is a webhook with this address"
    detail = "Change the webhook that is there, or enter another address."


class TooManyWebhooks(SindicoError):
    """The tenant has as many endpoints as there may be."""

    code, status, title = "too-many-webhooks", 409, "There are too many webhooks"
    detail = "There may be {most}. Remove one that is no longer needed."


class WebhookSwitchedOff(SindicoError):
    """Nothing is sent to an endpoint that is switched off."""

    code, status, title = "webhook-switched-off", 409, "The webhook is switched off"
    detail = "Activate it first."


REFUSED = Mistake(
    code="webhook-refused",
    stage=Stage.DATA,
    detail="{host} answered the message with the status {status}.",
    advice=(
        "Let the receiver answer with a status from 200 to 299 once it has the message; its log"
        " says why it did not."
    ),
    passes=True,
)
REDIRECTED = Mistake(
    code="webhook-redirected",
    stage=Stage.DATA,
    detail="{host} leads to another address, with the status {status}. Webhooks follow none.",
    advice="Enter the address that answers itself.",
    passes=True,
)
GONE = Mistake(
    code="webhook-gone",
    stage=Stage.DATA,
    detail="{host} says that it wants no more messages.",
    advice="Nothing more is sent. Activate the webhook again when the receiver is back.",
)
