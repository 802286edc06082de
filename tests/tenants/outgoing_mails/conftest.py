from collections.abc import AsyncIterator

import pytest
from litestar import Litestar

from sindico_api.context import Context
from sindico_platform.tenancy.models import Tenant
from tests.support.identity import MakeTenant
from tests.support.mail_server import Mailbox, serving


@pytest.fixture
def nearby(served_nearby: Litestar) -> Context:
    """The installation that may reach servers on this machine."""
    context: Context = served_nearby.state.context
    return context


@pytest.fixture
async def tenant(make_tenant: MakeTenant) -> Tenant:
    return await make_tenant()


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
async def port(mailbox: Mailbox) -> AsyncIterator[int]:
    """A mail server that takes mail from anybody, without encryption."""
    async with serving(mailbox) as opened:
        yield opened
