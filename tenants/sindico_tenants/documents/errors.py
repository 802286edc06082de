"""What can go wrong with documents."""

from sindico_platform.errors import SindicoError, Transient
from sindico_platform.words import translatable


class DocumentNotFound(SindicoError):
    """No such document, or it is another tenant's, removed, or of a record that is hidden."""

    code, status, title = "document-not-found", 404, "There is no such document"
    detail = "No document has the id {document_id}."


class AttachedRecordNotFound(SindicoError):
    """What the document is to be attached to is not there."""

    code, status, title = "attached-record-not-found", 404, "There is no such record"
    detail = "Among the {resource} none has the id {record_id}."


class FileServerMissing(SindicoError):
    """No FTP settings count for the document."""

    code, status, title = "file-server-missing", 409, "No file server is configured"
    detail = (
        "{missing} Register one under Configure Company/Branch, tab FTP Parameters, or enter an "
        "external link, which needs none."
    )
    words = ("missing",)


MISSING = {
    "branch": translatable("Neither the branch nor its company nor the tenant has a file server."),
    "company": translatable("Neither the company nor the tenant has a file server."),
    "tenant": translatable("The tenant has no file server of its own."),
}
"""Who has none, by the level that was asked for."""


class FilesOnServer(SindicoError):
    """What would leave files behind on a server that nobody knows any more is refused."""

    code, status, title = "files-on-server", 409, "Documents lie on this server"
    detail = "Documents whose files lie on it: {count}. Nothing was changed. {advice}"
    words = ("advice",)


FILES_STAY = {
    "change": translatable(
        "If the same files are at the new address too, in the same folders, say so and save again; "
        "else register the new server for the companies or branches that are to use it, or remove "
        "the documents first."
    ),
    "delete": translatable(
        "Remove the documents first, or have their files moved to another server and enter its "
        "address here."
    ),
}
"""What can be done, by what was tried."""


def server_changed() -> Transient:
    """The configuration was changed while a file was carried: the next attempt goes by the new."""
    return Transient(
        "file-server-changed",
        "The FTP configuration was changed while the file was on its way.",
        retry_after_seconds=1,
    )


class DocumentIsLink(SindicoError):
    """Links have no bytes of ours."""

    code, status, title = "document-is-link", 409, "This document is a link"
    detail = "It lies at {url}."


class DocumentHeldByCustomer(SindicoError):
    """The customer's server fetched it, and no way to that server is known."""

    code, status, title = "document-held-by-customer", 409, "The customer's server has this file"
    detail = (
        "It was fetched as {stored_name}. To read it from here, add the address of the server to "
        "the FTP configuration."
    )


class DocumentNotFailed(SindicoError):
    """Only what was given up can be begun again."""

    code, status, title = "document-not-failed", 409, "This document did not fail"
    detail = "Only a file that could not be stored can be sent again."


class PickupNotFound(SindicoError):
    """Nothing of that id waits for the customer's server."""

    code, status, title = "pickup-not-found", 404, "Nothing waits under this address"
    detail = "No file with the id {document_id} waits to be fetched."


class PickupAddressExpired(SindicoError):
    """The signature is wrong or too old."""

    code, status, title = "pickup-address-expired", 403, "The address is no longer good"
    detail = "List what waits again, and use the address given there within the hour."


class PickupDiffers(SindicoError):
    """What arrived is not what waits."""

    code, status, title = "pickup-differs", 409, "What arrived is not what was sent"
    detail = "The file has the SHA-256 {sha256}. Fetch it again; it is kept until confirmed."
