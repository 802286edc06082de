"""What may be refused about comparisons."""

from sindico_platform.errors import SindicoError


class ReconciliationNotFound(SindicoError):
    """There is no such comparison."""

    code, status, title = "reconciliation-not-found", 404, "There is no such reconciliation"
    detail = "There is no reconciliation with this id."


class ReconciliationRunning(SindicoError):
    """Another comparison of the same integration has not ended."""

    code, status, title = "reconciliation-running", 409, "A reconciliation is under way"
    detail = "A reconciliation of this integration is under way; wait until it ends."
