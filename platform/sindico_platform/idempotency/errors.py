"""Why a request with an `Idempotency-Key` is not carried out."""

from sindico_platform.errors import SindicoError


class KeyOfAnotherRequest(SindicoError):
    """The key was used for a request with another body."""

    code, status, title = "idempotency-key-reused", 422, "The key belongs to another request"
    detail = "This Idempotency-Key was sent with another body. Use a new key for a new request."


class StillRunning(SindicoError):
    """The first request with this key has not ended yet, or another one took it over."""

    code, status, title = "request-still-running", 409, "The same request is still running"
    detail = "Send it again in {retry_after_seconds} seconds to get its answer."
