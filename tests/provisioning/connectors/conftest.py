from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sindico_platform.egress import EgressGuard, GuardedHttp
from sindico_platform.egress.ranges import LOOPBACK
from sindico_provisioning.sandbox.erpx.sandbox import ErpxSandbox
from sindico_provisioning.sandbox.mega.sandbox import MegaSandbox
from sindico_provisioning.sandbox.scale import Scale
from tests.support.trade import END

FEW = Scale(
    name="few",
    sellers=5,
    suppliers=10,
    customers=150,
    contacts=40,
    quotations=1,
    orders=120,
)


@pytest.fixture(scope="session")
def http() -> GuardedHttp:
    """Clients that may reach this machine."""
    return GuardedHttp(EgressGuard(allow=LOOPBACK))


@pytest.fixture(scope="session")
def sandbox_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keeps rendered data, so that one test run renders them once."""
    return tmp_path_factory.mktemp("sandbox")


@pytest.fixture
async def mega(sandbox_directory: Path) -> AsyncIterator[MegaSandbox]:
    async with MegaSandbox(scale="small", end=END, directory=sandbox_directory) as sandbox:
        yield sandbox


@pytest.fixture
async def erpx(sandbox_directory: Path) -> AsyncIterator[ErpxSandbox]:
    async with ErpxSandbox(scale=FEW, end=END, directory=sandbox_directory) as sandbox:
        yield sandbox
