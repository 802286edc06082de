from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import trustme

from sindico_platform.file_transport import Connection
from tests.support.file_servers import RunningServer, serving_ftp, serving_sftp


@pytest.fixture(scope="session")
def ca() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The user's own folder on the server."""
    made = tmp_path / "home"
    made.mkdir()
    return made


@pytest.fixture(params=list(Connection), ids=str)
async def running(
    request: pytest.FixtureRequest, folder: Path, ca: trustme.CA
) -> AsyncIterator[RunningServer]:
    """Each kind of server in turn."""
    async with AsyncExitStack() as stack:
        match request.param:
            case Connection.SFTP:
                yield await stack.enter_async_context(serving_sftp(folder))
            case Connection.FTPS:
                yield stack.enter_context(serving_ftp(folder, ca=ca, tls_control_required=True))
            case _:
                yield stack.enter_context(serving_ftp(folder))
