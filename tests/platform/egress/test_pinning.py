"""Clients that would follow a server elsewhere are held back."""

import asyncio
import socket

import pytest

from sindico_platform.egress.pinning import SentElsewhere, only_to


def connect(address: str, port: int) -> None:
    socket.create_connection((address, port), timeout=2).close()


async def test_a_client_in_a_thread_reaches_the_pinned_address_and_no_other() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with only_to("127.0.0.1"):
            await asyncio.to_thread(connect, "127.0.0.1", port)
            with pytest.raises(SentElsewhere) as caught:
                await asyncio.to_thread(connect, "127.0.0.2", port)

        assert caught.value.address == "127.0.0.2"


async def test_others_are_not_held_meanwhile() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        other = asyncio.create_task(asyncio.to_thread(connect, "127.0.0.1", port))
        with only_to("192.0.2.1"):
            await other
        connect("127.0.0.1", port)
