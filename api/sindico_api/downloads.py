"""Lists as files: the one way in which rows leave the product by the thousand.

A test sees to it that nothing else streams rows, so that none forgets the package's limit.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol, TypeVar

import msgspec
from litestar.response import Stream

from sindico_platform.blobs.schemas import content_disposition
from sindico_platform.database.tx import Actor, Tx
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.paging.schemas import MAX_LIMIT, Page, PageRequest
from sindico_provisioning.packages import service as packages

NDJSON = "application/x-ndjson"
LIMIT = "export_rows"

T = TypeVar("T")
CountRows = Callable[[Tx], Awaitable[int]]


class ReadPage(Protocol[T]):
    """Reads one page in a transaction of its own."""

    async def __call__(self, request: PageRequest, /) -> Page[T]: ...


async def export_rows(
    uow: UnitOfWork,
    actor: Actor,
    *,
    name: str,
    media_type: str,
    count: CountRows,
    pieces: AsyncIterator[bytes],
) -> Stream:
    """Answer with a file of rows.

    Args:
        name: of the file.
        count: how many rows there will be.

    Raises:
        PackageLimitReached: more than the tenant may export at once; not a byte is sent.
    """
    async with uow.begin(actor) as tx:
        await demand_exportable(tx, count)
    return send_file(name, media_type, pieces)


def send_file(name: str, media_type: str, pieces: AsyncIterator[bytes]) -> Stream:
    """Answer with a file that holds no rows of the tenant's; rows go by `export_rows`."""
    headers = {"Content-Disposition": content_disposition(name)}
    return Stream(pieces, media_type=media_type, headers=headers)


async def demand_exportable(tx: Tx, count: CountRows) -> None:
    """Refuse more rows than the tenant may export at once; nothing is counted without a limit.

    Raises:
        PackageLimitReached: naming limit and package.
    """
    if await packages.find_allowance(tx, LIMIT):
        await packages.enforce(tx, LIMIT, 0, adding=await count(tx))


async def as_ndjson(read: ReadPage[T]) -> AsyncIterator[bytes]:
    """One JSON object per line."""
    async for page in all_pages(read):
        yield b"".join(msgspec.json.encode(item) + b"\n" for item in page.items)


async def all_pages(read: ReadPage[T]) -> AsyncIterator[Page[T]]:
    """Page after page, so that no transaction stays open while a client is slow."""
    after: str | None = None
    while True:
        page = await read(PageRequest(limit=MAX_LIMIT, after=after))
        yield page
        if (after := page.next_cursor) is None:
            return
