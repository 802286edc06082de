"""What can be wrong with a blob or the place it lies in."""

from sindico_platform.errors import SindicoError, Terminal, Transient


class BlobNotFound(SindicoError):
    """No such blob in this tenant, not written to its end, or expired."""

    code, status, title = "blob-not-found", 404, "There is no such file"
    detail = "It may have expired; make it anew."


class BlobTooLarge(SindicoError):
    """More bytes came than are taken. Nothing is kept."""

    code, status, title = "blob-too-large", 413, "The file is too large"
    detail = "A file may have up to {max_bytes} bytes."


class BlobDamaged(SindicoError):
    """The bytes are not those that were written."""

    code, status, title = "blob-damaged", 500, "The file is damaged"
    detail = "What is stored is not what was written. Make or upload the file anew."


def missing(key: str) -> Terminal:
    return Terminal("blob-bytes-missing", "The stored bytes of {key} are missing.", key=key)


def store_failed(reason: str) -> Transient:
    return Transient("blob-store-failed", "The file store failed: {reason}.", reason=reason)


def store_refused(reason: str) -> Terminal:
    detail = "The file store refused our credentials or request: {reason}."
    return Terminal("blob-store-refused", detail, reason=reason)
