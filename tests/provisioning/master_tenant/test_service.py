from pathlib import Path

from sindico_api.context import open_context
from sindico_api.grid import GRID
from sindico_platform.database.roles import RoleUrls
from sindico_platform.settings import Settings
from sindico_provisioning.master_tenant.service import MasterTenant, ensure_master_tenant
from tests.conftest import settings_for


async def bootstrap(settings: Settings) -> MasterTenant:
    async with open_context(settings, process="test") as context:
        return await ensure_master_tenant(
            context.uow,
            grid=GRID,
            name="Fornecedor",
            domain="fornecedor",
            operator_login="operador",
            operator_name="Operação",
        )


async def test_the_master_tenant_is_made_once(
    fresh_database: RoleUrls, redis_url: str, tmp_path: Path
) -> None:
    own = settings_for(fresh_database, redis_url, tmp_path)

    first = await bootstrap(own)
    second = await bootstrap(own)

    assert first == second
