"""What can go wrong with mails besides what their servers say."""

from sindico_platform.connection_tests.schemas import Mistake, Stage
from sindico_platform.errors import SindicoError


class OutgoingMailNotFound(SindicoError):
    """No such mail, or it is another tenant's."""

    code, status, title = "outgoing-mail-not-found", 404, "There is no such e-mail"
    detail = "No outgoing e-mail has the id {mail_id}."


class MailOnItsWay(SindicoError):
    """It waits or is being sent, so there is nothing to repeat."""

    code, status, title = "mail-on-its-way", 409, "The e-mail is on its way"
    detail = "It is tried again by itself. To stop it, cancel it."


class MailNotWaiting(SindicoError):
    """Only what waits can be cancelled."""

    code, status, title = "mail-not-waiting", 409, "The e-mail no longer waits"
    detail = "Its state is {state}; there is nothing left to be stopped."


NO_SERVER = Mistake(
    code="mail-no-server",
    stage=Stage.RESOLVE,
    detail="There is no mail server for it, so it was not sent.",
    advice="Register a mail server for the branch, the company or everybody, then send it again.",
)
TEMPLATE_BROKEN = Mistake(
    code="mail-template-broken",
    stage=Stage.DATA,
    detail="The e-mail could not be written from its template {template}.",
    advice="It was queued by another release; what it is about stands in its record.",
)
GIVEN_UP = Mistake(
    code="mail-given-up",
    stage=Stage.DATA,
    detail="No server took it within {hours} hours.",
    advice="Test the mail server, mend what the test shows, then send it again.",
)
