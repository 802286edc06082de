"""What may be wrong with a sealed value. All are ours to mend, hence 500."""

from sindico_platform.errors import SindicoError


class SealMalformed(SindicoError):
    """The text is not a sealed value at all."""

    code, status, title = "seal-malformed", 500, "A stored secret cannot be read"
    detail = "What is stored for {field} is not a sealed value. Type the secret again."


class SealingKeyUnknown(SindicoError):
    """The key ring lacks the key that sealed or signed the value."""

    code, status, title = "sealing-key-unknown", 500, "A stored secret cannot be read"
    detail = "Key {key_id} is missing from SINDICO_KEY_RING. Put it back after the newest key."


class SealBroken(SindicoError):
    """The value was altered, moved from another row or field, or its key was replaced."""

    code, status, title = "seal-broken", 500, "A stored secret cannot be read"
    detail = (
        "What is stored for {field} was altered, was sealed for another tenant or field, or key "
        "{key_id} now has another value. Type the secret again."
    )
