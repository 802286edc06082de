"""Routes of Mega's interface and how each is walked."""

from dataclasses import dataclass
from enum import StrEnum

from sindico_provisioning.connectors.schemas import Route


class Span(StrEnum):
    """Which days a windowed route is asked for."""

    REGISTERS = "registers"
    """By time of last change: from the beginning of the ERP until today."""
    HISTORY = "history"
    """By date of issue: the last two years."""
    BILLS = "bills"
    """By due date: from years overdue to years ahead."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MegaRoute(Route):
    """A route in whose path ``{inicio}`` and ``{fim}`` stand for the days of a window.

    One without them answers everything at once.
    """

    span: Span = Span.REGISTERS


_SALES = "/api/VendaMovimentacao"

ROUTES = {
    route.table: route
    for route in (
        MegaRoute(table="empresa_propria", path="/api/global/Empresa"),
        MegaRoute(table="filial", path="/api/global/Filial"),
        MegaRoute(table="vendedor", path="/api/global/Vendedor"),
        MegaRoute(table="fornecedor", path="/api/globalagente/AgenteFornecedor"),
        MegaRoute(table="empresa", path="/api/globalagente/AgenteCliente/Periodo/{inicio}/{fim}"),
        MegaRoute(table="empresa_marca", path="/api/globalagente/AgenteMarca"),
        MegaRoute(table="contato", path="/api/globalagente/AgenteContato/Periodo/{inicio}/{fim}"),
        MegaRoute(table="cotacao", path=f"{_SALES}/Cotacao/{{inicio}}/{{fim}}", span=Span.HISTORY),
        MegaRoute(
            table="itens_cotacao",
            path=f"{_SALES}/CotacaoItem/{{inicio}}/{{fim}}",
            span=Span.HISTORY,
        ),
        MegaRoute(table="pedido", path=f"{_SALES}/Pedido/{{inicio}}/{{fim}}", span=Span.HISTORY),
        MegaRoute(
            table="itens_pedido", path=f"{_SALES}/PedidoItem/{{inicio}}/{{fim}}", span=Span.HISTORY
        ),
        MegaRoute(table="nota", path=f"{_SALES}/NotaFiscal/{{inicio}}/{{fim}}", span=Span.HISTORY),
        MegaRoute(
            table="itens_nota",
            path=f"{_SALES}/NotaFiscalItem/{{inicio}}/{{fim}}",
            span=Span.HISTORY,
        ),
        MegaRoute(
            table="fatura",
            path="/api/FinanceiroMovimentacao/FaturaReceber/Saldo/{inicio}/{fim}",
            span=Span.BILLS,
            verified=True,
        ),
    )
}
"""By table; every one may be corrected by a service property."""

SIGN_IN = "/api/Auth/SignIn"
MAX_WINDOW_DAYS = 730
"""Mega refuses ranges over two years."""
