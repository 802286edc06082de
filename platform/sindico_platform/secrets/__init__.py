"""Sealed values and the key ring that seals them."""

from sindico_platform.secrets.errors import SealBroken, SealingKeyUnknown, SealMalformed
from sindico_platform.secrets.key_ring import KeyRing, Mac, generate_key

__all__ = ["KeyRing", "Mac", "SealBroken", "SealMalformed", "SealingKeyUnknown", "generate_key"]
