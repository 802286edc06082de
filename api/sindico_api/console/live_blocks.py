"""A block of a page, rendered anew with every change of what it shows."""

from collections.abc import AsyncIterator
from typing import Any

from litestar.response import ServerSentEventMessage

from sindico_api.console.rendering import render_block
from sindico_api.console.view import View


async def stream_block(
    states: AsyncIterator[dict[str, Any] | None], view: View, template: str, block: str
) -> AsyncIterator[ServerSentEventMessage]:
    """Render each state as the block's event; `end` tells the page to stop listening.

    Args:
        states: what the block shows, with ``is_ended``; None when nothing changed for a while.
    """
    is_ended = False
    async for shown in states:
        if shown is None:
            yield ServerSentEventMessage(data=None, comment="nothing new")
        else:
            is_ended = shown["is_ended"]
            text = render_block(view, template, block, **{**shown, "is_streamed": True})
            yield ServerSentEventMessage(event=block, data=text)
    if is_ended:
        yield ServerSentEventMessage(event="end", data="")
