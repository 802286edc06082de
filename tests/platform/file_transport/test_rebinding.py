"""Connections go to the address that was checked, whatever its name says a moment later."""

from contextlib import AsyncExitStack
from ipaddress import ip_network
from pathlib import Path

import pytest
import trustme

from sindico_platform.connection_tests.schemas import Stage
from sindico_platform.egress import EgressGuard
from sindico_platform.file_transport import Connection
from tests.platform.egress.conftest import ScriptedResolver
from tests.platform.file_transport.reports import diagnose, expect
from tests.support.file_servers import serving_ftp, serving_sftp

CHECKED, ELSEWHERE = "127.0.0.2", "127.0.0.1"


@pytest.mark.parametrize("connection", list(Connection), ids=str)
async def test_a_name_that_resolves_elsewhere_the_second_time_is_not_followed(
    connection: Connection, folder: Path, ca: trustme.CA
) -> None:
    """Files have connections of their own in FTP: these too go where the first one went."""
    resolver = ScriptedResolver([CHECKED], [ELSEWHERE])
    guard = EgressGuard(allow=[ip_network(f"{CHECKED}/32")], resolver=resolver)
    async with AsyncExitStack() as stack:
        if connection is Connection.SFTP:
            running = await stack.enter_async_context(serving_sftp(folder, address=CHECKED))
        else:
            tls = ca if connection is Connection.FTPS else None
            running = stack.enter_context(serving_ftp(folder, ca=tls, address=CHECKED))
        first = await diagnose(running.settings(), guard=guard)
        second = await diagnose(running.settings(), guard=guard)

    assert first is None
    expect(second, Stage.RESOLVE, "egress-address-refused")
    assert resolver.calls == ["localhost", "localhost"]
