"""What an ERP may answer instead of data, each with its own code.

Failures on the way there (name, connection, certificate, time) have theirs in
`sindico_platform.egress`.
"""

from sindico_platform.errors import SindicoError, Terminal, Transient
from sindico_platform.words import translatable

_MAX_QUOTED = 80


class ConnectorNotFound(SindicoError):
    """No connector has that name."""

    code, status, title = "connector-not-found", 404, "There is no such connector"
    detail = "There is no connector {kind}."


class TableNotOffered(SindicoError):
    """The connector cannot read that table at this site."""

    code, status, title = "table-not-offered", 409, "The ERP does not offer this table"
    detail = "The integration does not offer the table {table}."


def login_refused(user: str) -> Terminal:
    detail = translatable(
        "The ERP did not accept the user {user} with this password. It is not tried again by "
        "itself, because repeated attempts lock the account."
    )
    return Terminal("erp-login-refused", detail, user=user)


def token_refused() -> Terminal:
    detail = translatable(
        "The ERP issued a token and refused it at once. Check the user's permissions there."
    )
    return Terminal("erp-token-refused", detail)


def access_denied(path: str) -> Terminal:
    detail = translatable("The ERP's user may not read {path}. Grant it there.")
    return Terminal("erp-access-denied", detail, path=path)


def route_missing(path: str, setting: str) -> Terminal:
    detail = translatable("The ERP has no route {path}. Correct it in the property {setting}.")
    return Terminal("erp-route-missing", detail, path=path, setting=setting)


def request_refused(path: str, status: int) -> Terminal:
    detail = translatable("The ERP refused the request {path} with status {status}.")
    return Terminal("erp-request-refused", detail, path=path, status=status)


def redirected(path: str) -> Terminal:
    detail = translatable(
        "The ERP redirected {path} to another address, which is not followed. Enter the address "
        "it redirects to as the URL."
    )
    return Terminal("erp-redirected", detail, path=path)


def too_many_requests(retry_after_seconds: int) -> Transient:
    detail = translatable(
        "The ERP asks for fewer requests; it is tried again in {seconds} seconds."
    )
    return Transient(
        "erp-too-many-requests",
        detail,
        retry_after_seconds=retry_after_seconds,
        seconds=retry_after_seconds,
    )


def server_error(path: str, status: int) -> Transient:
    detail = translatable(
        "The ERP failed to answer {path}: it reports an error of its own, status {status}."
    )
    return Transient("erp-server-error", detail, path=path, status=status)


def text_answer(path: str, text: str) -> Transient:
    detail = translatable("The ERP answered {path} with text instead of data: {text}")
    quoted = " ".join(text.split())[:_MAX_QUOTED]
    return Transient("erp-text-answer", detail, path=path, text=quoted)


def page_malformed(path: str) -> Transient:
    detail = translatable("The answer to {path} is broken: it is not well-formed JSON.")
    return Transient("erp-page-malformed", detail, path=path)


def page_unexpected(path: str) -> Transient:
    detail = translatable("The answer to {path} is not a list of records.")
    return Transient("erp-page-unexpected", detail, path=path)
