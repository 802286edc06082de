"""Every SELECT on CRM settings."""

from sqlalchemy import select

from sindico_platform.database.tx import Tx
from sindico_tenants.crm_settings.models import CrmSettings


async def find_settings(tx: Tx) -> CrmSettings | None:
    """The bound tenant's settings; None before its CRM is provisioned."""
    settings: CrmSettings | None = await tx.session.scalar(
        select(CrmSettings).where(CrmSettings.tenant_id == tx.tenant_id)
    )
    return settings
