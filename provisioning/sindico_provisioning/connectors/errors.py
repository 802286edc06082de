"""What an ERP may answer instead of data, each with its own code.

Failures on the way there (name, connection, certificate, time) have theirs in
`sindico_platform.egress`.
"""

from sindico_platform.connection_tests.schemas import Mistake, Stage
from sindico_platform.errors import OutsideError, SindicoError

_MAX_QUOTED = 80


class ConnectorNotFound(SindicoError):
    """No connector has that name."""

    code, status, title = "connector-not-found", 404, "There is no such connector"
    detail = "There is no connector {kind}."


class TableNotOffered(SindicoError):
    """The connector cannot read that table at this site."""

    code, status, title = "table-not-offered", 409, "The ERP does not offer this table"
    detail = "The integration does not offer the table {table}."


LOGIN_REFUSED = Mistake(
    code="erp-login-refused",
    stage=Stage.AUTHENTICATE,
    detail="The ERP did not accept the user {user} with this password.",
    advice=(
        "Correct user and password. It is not tried again by itself, because repeated attempts "
        "lock the account."
    ),
)
TOKEN_REFUSED = Mistake(
    code="erp-token-refused",
    stage=Stage.READ,
    detail="The ERP issued a token and refused it at once.",
    advice="Check the user's permissions in the ERP.",
)
ACCESS_DENIED = Mistake(
    code="erp-access-denied",
    stage=Stage.READ,
    detail="The ERP's user may not read {path}.",
    advice="Grant it in the ERP.",
)
ROUTE_MISSING = Mistake(
    code="erp-route-missing",
    stage=Stage.READ,
    detail="The ERP has no route {path}.",
    advice="Correct it in the property {setting}.",
)
REQUEST_REFUSED = Mistake(
    code="erp-request-refused",
    stage=Stage.READ,
    detail="The ERP refused the request {path} with status {status}.",
    advice="Ask the ERP's people what this status means there.",
)
REDIRECTED = Mistake(
    code="erp-redirected",
    stage=Stage.AUTHENTICATE,
    detail="The ERP redirected {path} to another address, which is not followed.",
    advice="Enter the address it redirects to as the URL.",
)
TOO_MANY_REQUESTS = Mistake(
    code="erp-too-many-requests",
    stage=Stage.READ,
    detail="The ERP asks for fewer requests; it is tried again in {seconds} seconds.",
    advice="Wait, or have the ERP's limit for this user raised.",
    passes=True,
)
SERVER_ERROR = Mistake(
    code="erp-server-error",
    stage=Stage.READ,
    detail="The ERP failed to answer {path}: it reports an error of its own, status {status}.",
    advice="Try again later; if it stays so, have the ERP's log looked at.",
    passes=True,
)
TEXT_ANSWER = Mistake(
    code="erp-text-answer",
    stage=Stage.READ,
    detail="The ERP answered {path} with text instead of data: {text}",
    advice="What the ERP says may tell why; if not, have its log looked at.",
    passes=True,
)
PAGE_MALFORMED = Mistake(
    code="erp-page-malformed",
    stage=Stage.READ,
    detail="The answer to {path} is broken: it is not well-formed JSON.",
    advice="Try again later; if it stays so, have the ERP's log looked at.",
    passes=True,
)
PAGE_TOO_LARGE = Mistake(
    code="erp-page-too-large",
    stage=Stage.READ,
    detail="The answer to {path} holds more than {most} values.",
    advice="Check that the URL and the routes are those of the ERP.",
)
PAGE_UNEXPECTED = Mistake(
    code="erp-page-unexpected",
    stage=Stage.READ,
    detail="The answer to {path} is not a list of records.",
    advice="Check that the URL and the routes are those of the ERP.",
    passes=True,
)


def text_answer(path: str, text: str) -> OutsideError:
    return TEXT_ANSWER.error(path=path, text=" ".join(text.split())[:_MAX_QUOTED])


def too_many_requests(retry_after_seconds: int) -> OutsideError:
    return TOO_MANY_REQUESTS.error(
        retry_after_seconds=retry_after_seconds, seconds=retry_after_seconds
    )
