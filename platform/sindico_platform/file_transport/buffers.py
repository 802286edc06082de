"""Chunks of any size to buffers of one size."""

from collections.abc import AsyncIterable, AsyncIterator


async def gather(chunks: AsyncIterable[bytes], *, size_bytes: int) -> AsyncIterator[bytes]:
    """The same bytes in buffers of at least `size_bytes`, but for the last."""
    parts: list[bytes] = []
    gathered = 0
    async for chunk in chunks:
        parts.append(chunk)
        gathered += len(chunk)
        if gathered >= size_bytes:
            yield b"".join(parts)
            parts, gathered = [], 0
    if gathered:
        yield b"".join(parts)
