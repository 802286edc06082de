"""The only writer of CRM settings."""

from sqlalchemy.dialects.postgresql import insert

from sindico_platform.database.base import table_of
from sindico_platform.database.tx import Tx
from sindico_tenants.crm_settings.catalogue import DEFAULT_STAGES
from sindico_tenants.crm_settings.models import CrmSettings, FunnelStage

ENSURE_SETTINGS = insert(table_of(CrmSettings)).on_conflict_do_nothing()
ENSURE_STAGE = insert(table_of(FunnelStage)).on_conflict_do_nothing()


async def ensure_defaults(tx: Tx) -> None:
    """Make what is missing of the settings and the six stages; leave what the customer changed."""
    await tx.session.execute(
        ENSURE_SETTINGS,
        {
            "tenant_id": tx.tenant_id,
            "opportunity_required_fields": [],
            "occurrence_required_fields": [],
            "shows_quantitative_goals": False,
            "shows_foreign_currency": False,
            "responsibility_centre_when_closed": False,
            "revision": 1,
        },
    )
    await tx.session.execute(
        ENSURE_STAGE,
        [
            {
                "tenant_id": tx.tenant_id,
                "position": stage.position,
                "name": stage.name,
                "probability_percent": stage.probability_percent,
                "promotes_account_to": stage.promotes_account_to,
                "shown_in_charts": False,
            }
            for stage in DEFAULT_STAGES
        ],
    )
