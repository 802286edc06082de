"""Read an uploaded file batch by batch, in a child process that may die of it."""

import asyncio
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import msgspec

from sindico_platform.spreadsheets import limits
from sindico_platform.spreadsheets.child import LENGTH_BYTES
from sindico_platform.spreadsheets.errors import refusal
from sindico_platform.spreadsheets.schemas import SheetFacts, SheetFormat, SheetRow

CHILD = "sindico_platform.spreadsheets.child"


class Refused(msgspec.Struct):
    code: str
    facts: dict[str, object]


class Frame(msgspec.Struct):
    """What the child says; one of these at a time."""

    facts: SheetFacts | None = None
    rows: list[SheetRow] | None = None
    refused: Refused | None = None
    end: bool = False


_decode = msgspec.msgpack.Decoder(Frame).decode


class Reading:
    """A file being read."""

    def __init__(self, output: asyncio.StreamReader, facts: SheetFacts) -> None:
        self._output, self.facts = output, facts

    async def batches(self) -> AsyncGenerator[list[SheetRow], None]:
        """The rows that are not blank, `limits.BATCH_ROWS` at a time.

        Raises:
            InvalidInput: the file turned out to be more than is taken.
        """
        while not (frame := await _next(self._output)).end:
            yield frame.rows or []


@asynccontextmanager
async def open_reading(path: Path, kind: SheetFormat) -> AsyncIterator[Reading]:
    """Start reading a file that `inspection.inspect_upload` took.

    Raises:
        InvalidInput: naming the field ``file`` and why it cannot be read.
    """
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        CHILD,
        str(path),
        kind,
        str(limits.BATCH_ROWS),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    output = child.stdout
    assert output is not None  # noqa: S101  (a pipe was asked for)
    try:
        first = await _next(output)
        yield Reading(output, first.facts or SheetFacts())
    finally:
        with suppress(ProcessLookupError):
            child.kill()
        await child.communicate()


async def _next(output: asyncio.StreamReader) -> Frame:
    """The child's next frame; its death without one means that the file was too much for it."""
    try:
        async with asyncio.timeout(limits.BATCH_SECONDS):
            length = int.from_bytes(await output.readexactly(LENGTH_BYTES), "big")
            frame = _decode(await output.readexactly(length))
    except (asyncio.IncompleteReadError, TimeoutError) as fault:
        raise refusal("file-too-complex") from fault
    if frame.refused is not None:
        raise refusal(frame.refused.code, **frame.refused.facts)
    return frame
