"""Classifying what a test has just written, before it commits."""

from sindico_platform.database.tx import Tx
from sindico_provisioning.classification import service
from sindico_tenants.portfolios import service as portfolios
from sindico_tenants.portfolios.schemas import Kind


async def classify_accounts(tx: Tx) -> None:
    """Draw every curve and categorise by it, as the job does, here in one transaction."""
    await service.draw_curves(tx)
    for kind in Kind:
        await portfolios.place_accounts(tx, kind)
