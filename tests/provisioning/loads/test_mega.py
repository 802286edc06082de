"""Loads from the sandbox Mega over HTTPS: complete, and clear when something is wrong."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from sindico_api.context import Context
from sindico_platform.database.tx import Actor
from sindico_platform.egress import EgressGuard, GuardedHttp
from sindico_platform.egress.ranges import LOOPBACK
from sindico_provisioning.integrations import service as integrations
from sindico_provisioning.integrations.queries import find_of_kind
from sindico_provisioning.loads import queries, service
from sindico_provisioning.loads.errors import IntegrationNotConfigured
from sindico_provisioning.loads.models import LoadKind, LoadStatus
from sindico_provisioning.loads.schemas import LoadOut
from sindico_provisioning.sandbox.faults import CERTIFICATE_FAULTS, FaultKind
from sindico_provisioning.sandbox.mega.sandbox import MegaSandbox
from sindico_provisioning.service_properties import service as service_properties
from sindico_provisioning.staging.models import STAGING
from sindico_tenants.accounts.models import Account, Contact
from sindico_tenants.companies.models import Branch, Company
from tests.support.identity import MakeTenant
from tests.support.jobs import run_jobs
from tests.support.trade import TINY, recent_end


@pytest.fixture
async def mega(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[MegaSandbox]:
    directory = tmp_path_factory.mktemp("mega")
    async with MegaSandbox(scale=TINY, end=recent_end(), directory=directory) as sandbox:
        yield sandbox


@pytest.fixture
def reaching(context: Context) -> Context:
    """A process that may reach this machine."""
    return replace(context, http=GuardedHttp(EgressGuard(allow=LOOPBACK)))


@dataclass(frozen=True)
class MegaSite:
    """A tenant whose integration reads the sandbox."""

    context: Context
    tenant_id: UUID

    async def configure(self, **values: Any) -> None:
        async with self.context.uow.begin(Actor.system(self.tenant_id)) as tx:
            await service_properties.replace_properties(
                tx,
                self.context.secrets,
                domain="crm",
                name="integration_mega",
                values=values,
            )

    async def start(self) -> UUID:
        async with self.context.uow.begin(Actor.system(self.tenant_id)) as tx:
            integration = await find_of_kind(tx, "mega")
            assert integration is not None
            load = await service.start_load(
                tx, integration_id=integration.id, kind=LoadKind.INITIAL
            )
            return load.id

    async def load(self) -> LoadOut:
        load_id = await self.start()
        await run_jobs(self.context, self.tenant_id, at_once=True)
        async with self.context.uow.begin(Actor.system(self.tenant_id)) as tx:
            return await queries.get_load(tx, load_id)

    async def count(self, *tables: Any) -> list[int]:
        async with self.context.uow.begin(Actor.system(self.tenant_id)) as tx:
            return [
                await tx.session.scalar(select(func.count()).select_from(table)) or 0
                for table in tables
            ]


@pytest.fixture
async def mega_site(reaching: Context, make_tenant: MakeTenant, mega: MegaSandbox) -> MegaSite:
    tenant = await make_tenant()
    site = MegaSite(reaching, tenant.tenant_id)
    await site.configure(**mega.properties)
    return site


async def test_everything_the_erp_has_arrives(mega: MegaSandbox, mega_site: MegaSite) -> None:
    load = await mega_site.load()

    received = {phase.table: phase.received for phase in load.phases if phase.step == "fetch"}
    assert load.status == LoadStatus.SUCCEEDED, load.error
    assert received["pedido"] == TINY.orders
    assert await mega_site.count(Company, Branch, Contact) == [1, 2, TINY.contacts]
    assert all(
        phase.received == phase.created + phase.updated + phase.unchanged + phase.rejected
        for phase in load.phases
    )


async def test_a_second_load_finds_nothing_new(mega_site: MegaSite) -> None:
    first = await mega_site.load()

    second = await mega_site.load()

    assert second.status == LoadStatus.SUCCEEDED, second.error
    assert sum(phase.created + phase.updated for phase in second.phases) == 0
    assert [phase.received for phase in second.phases] == [phase.received for phase in first.phases]


WRONG: dict[str, tuple[FaultKind | None, dict[str, Any], str]] = {
    "password": (None, {"password": "wrong"}, "erp-login-refused"),
    "foreign certificate": (FaultKind.FOREIGN_CERTIFICATE, {}, "tls-certificate-refused"),
    "no authority": (None, {"caCertificate": None}, "tls-certificate-refused"),
    "nobody there": (None, {"url": "https://127.0.0.1:9/"}, "connection-refused"),
    "server error": (FaultKind.ERROR_500, {}, "erp-server-error"),
    "half a page": (FaultKind.MALFORMED_PAGE, {}, "erp-page-malformed"),
}


@pytest.mark.parametrize("case", WRONG)
async def test_what_is_wrong_ends_the_load_with_its_own_error(
    mega: MegaSandbox, mega_site: MegaSite, case: str
) -> None:
    fault, changes, code = WRONG[case]
    if changes:
        await mega_site.configure(**(mega.properties | changes))
    if fault:
        mega.fail_next(fault, times=0, route="" if fault in CERTIFICATE_FAULTS else "/global")

    load = await mega_site.load()

    assert load.status == LoadStatus.FAILED
    assert load.error is not None
    assert load.error.code == code
    assert await mega_site.count(*STAGING.values(), Account) == [0] * (len(STAGING) + 1)


async def test_a_wrong_password_is_tried_once(mega: MegaSandbox, mega_site: MegaSite) -> None:
    await mega_site.configure(**(mega.properties | {"password": "wrong"}))

    await mega_site.load()

    assert mega.sign_ins == {"refused": 1}


async def test_passing_faults_cost_nothing(mega: MegaSandbox, mega_site: MegaSite) -> None:
    mega.fail_next(FaultKind.ERROR_500, route="Pedido")
    mega.fail_next(FaultKind.MALFORMED_PAGE, route="NotaFiscal")

    load = await mega_site.load()

    assert load.status == LoadStatus.SUCCEEDED, load.error
    assert load.tries == 2


async def test_properties_that_are_not_complete_refuse_the_load(
    reaching: Context, make_tenant: MakeTenant, mega: MegaSandbox
) -> None:
    tenant = await make_tenant()
    site = MegaSite(reaching, tenant.tenant_id)
    async with reaching.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        await integrations.ensure_default(tx, kind="mega")

    with pytest.raises(IntegrationNotConfigured):
        await site.start()
