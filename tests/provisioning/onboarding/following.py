"""Loads of what changed in the ERP, and what the follow-up tells after them."""

from dataclasses import replace

from sindico_provisioning.connectors.schemas import Cursor, Page
from sindico_provisioning.loads.models import LoadKind
from sindico_provisioning.loads.service import start_load
from sindico_provisioning.onboarding import queries
from sindico_provisioning.onboarding.schemas import OnboardingOut, TableProgressOut
from tests.provisioning.loads.conftest import Site
from tests.provisioning.loads.erp import ERPS, MemoryErp

BAD_CNPJ = {"cod_empresa": "1", "cnpj": "11222333000182"}


class ChangesErp(MemoryErp):
    """Of `empresa` it gives what changed, and from where to read on, as a watermark does."""

    @property
    def snapshots(self) -> frozenset[str]:
        return frozenset()

    async def read_page(self, table: str, cursor: Cursor | None) -> Page:
        page = await super().read_page(table, cursor)
        if table == "empresa" and page.done:
            return replace(page, reached={"mark": 1}, is_whole=False)
        return page


async def look(site: Site) -> OnboardingOut:
    async with site.context.uow.begin(site.actor) as tx:
        return await queries.read_onboarding(tx, site.integration_id)


async def look_at(site: Site, table: str) -> TableProgressOut:
    return next(each for each in (await look(site)).tables if each.table == table)


async def load_changes(site: Site, *keys: str, **values: str) -> None:
    """A load by the way, in which the ERP only gives these customers."""
    erp = ERPS[site.tenant.tenant_id] = ChangesErp()
    erp.put("empresa_propria", "1")
    erp.put("empresa", *keys, **({"cod_empresa": "1"} | values))
    async with site.context.uow.begin(site.actor) as tx:
        await start_load(tx, integration_id=site.integration_id, kind=LoadKind.MANUAL)
    await site.run()
