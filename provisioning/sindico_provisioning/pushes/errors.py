"""Why a push is refused as a whole. Nothing of it was taken."""

from collections.abc import Sequence
from typing import Any

from sindico_platform.errors import SindicoError
from sindico_provisioning.erp_tables.errors import TooMuchAtOnce


class EncodingNotSupported(SindicoError):
    """A Content-Encoding that is not undone here."""

    code, status, title = "encoding-not-supported", 415, "This Content-Encoding is not supported"
    detail = "Send the body as it is, or with gzip or zstd; {encoding} is not supported."


class MediaTypeNotSupported(SindicoError):
    """A Content-Type that rows cannot be read from."""

    code, status, title = "media-type-not-supported", 415, "This media type is not supported"
    detail = "Send application/json with an array of rows, or application/x-ndjson."


class BodyDamaged(SindicoError):
    """The compressed body ends too early or is no such compression."""

    code, status, title = "body-damaged", 422, "The compressed body is damaged"
    detail = "The body is not whole {encoding} data. Compress it anew and send it again."


class PushTooLarge(TooMuchAtOnce, SindicoError):
    """More bytes than one push may have, as sent or after undoing the compression."""

    code, status, title = "push-too-large", 413, "The push is too large"
    detail = (
        "One push may have {most_bytes} bytes, counted before any compression. Send the rows in"
        " several."
    )


class RowTooLarge(TooMuchAtOnce, SindicoError):
    """A row so long that it cannot be right."""

    code, status, title = "row-too-large", 413, "A row is too large"
    detail = "The row at index {index} has more than {most_bytes} bytes."


class TooManyPushes(SindicoError):
    """The tenant has as many pushes under way as it may."""

    code, status, title = "too-many-pushes", 429, "Too many pushes at once"
    detail = (
        "{most} pushes of this tenant are under way. Wait {retry_after_seconds} seconds, or send"
        " fewer at once."
    )


class TooManyRows(SindicoError):
    """The package's pushed rows of this minute are used up."""

    code, status, title = "too-many-rows", 429, "Too many rows in this minute"
    detail = (
        "The package {package} allows {allowed} pushed rows per minute. Wait"
        " {retry_after_seconds} seconds."
    )


class PushRefused(SindicoError):
    """An atomic push of which some row is wrong."""

    code, status, title = "push-refused", 422, "Some rows are wrong, so none was taken"
    detail = "{rejected} of {received} rows are wrong. With atomic=true that refuses all of them."

    def __init__(self, *, received: int, rejections: Sequence[dict[str, Any]]) -> None:
        super().__init__(received=received, rejected=len(rejections))
        self.rejections = rejections
        """As the ledger keeps them, for whoever renders the answer."""


class ErpFieldNotFound(SindicoError):
    """A filter names a field that the table has not."""

    code, status, title = "erp-field-not-found", 422, "The table has no such field"
    detail = "{table} has no field {field} to filter by."
