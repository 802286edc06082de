"""What may be refused about the ledger."""

from sindico_platform.errors import SindicoError


class ExchangeNotFound(SindicoError):
    """No such exchange in this tenant, or it is no longer kept."""

    code, status, title = "exchange-not-found", 404, "There is no such exchange"
    detail = "Exchanges are kept for seven days."
