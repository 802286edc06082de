"""What can go wrong with accounts and contacts."""

from sindico_platform.errors import SindicoError


class AccountNotFound(SindicoError):
    """No such account, or it is another tenant's."""

    code, status, title = "account-not-found", 404, "There is no such account"
    detail = "No account has the id {account_id}."


class ContactNotFound(SindicoError):
    """No such contact, or it is another tenant's."""

    code, status, title = "contact-not-found", 404, "There is no such contact"
    detail = "No contact has the id {contact_id}."
