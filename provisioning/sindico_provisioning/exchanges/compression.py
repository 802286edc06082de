"""zstd for what the ledger keeps."""

import zstandard

LEVEL = 1
"""Of the quick levels, the one that still halves what the next would cost in space."""


def compress(body: bytes | memoryview) -> bytes:
    return zstandard.ZstdCompressor(level=LEVEL).compress(body)


def decompress(body: bytes) -> bytes:
    """Give back what `compress` was given."""
    return zstandard.ZstdDecompressor().decompress(body)
