"""Routes of Mega's interface and how each is walked."""

from dataclasses import dataclass
from enum import StrEnum


class Span(StrEnum):
    """Which days a windowed route is asked for."""

    REGISTERS = "registers"
    """By time of last change: from the beginning of the ERP until today."""
    HISTORY = "history"
    """By date of issue: the last two years."""
    BILLS = "bills"
    """By due date: from years overdue to years ahead."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """Where a table's rows come from."""

    table: str
    path: str
    """``{inicio}`` and ``{fim}`` stand for the first and last day of a window; a route without
    them answers everything at once.
    """
    span: Span = Span.REGISTERS
    verified: bool = False
    """A public source shows this very route; otherwise it is our proposal."""

    @property
    def setting(self) -> str:
        """Name of the service property that corrects the path: ``rotaItensPedido``."""
        return "rota" + "".join(part.capitalize() for part in self.table.split("_"))


_SALES = "/api/VendaMovimentacao"

ROUTES = {
    route.table: route
    for route in (
        Route(table="empresa_propria", path="/api/global/Empresa"),
        Route(table="filial", path="/api/global/Filial"),
        Route(table="vendedor", path="/api/global/Vendedor"),
        Route(table="fornecedor", path="/api/globalagente/AgenteFornecedor"),
        Route(table="empresa", path="/api/globalagente/AgenteCliente/Periodo/{inicio}/{fim}"),
        Route(table="empresa_marca", path="/api/globalagente/AgenteMarca"),
        Route(table="contato", path="/api/globalagente/AgenteContato/Periodo/{inicio}/{fim}"),
        Route(table="cotacao", path=f"{_SALES}/Cotacao/{{inicio}}/{{fim}}", span=Span.HISTORY),
        Route(
            table="itens_cotacao",
            path=f"{_SALES}/CotacaoItem/{{inicio}}/{{fim}}",
            span=Span.HISTORY,
        ),
        Route(table="pedido", path=f"{_SALES}/Pedido/{{inicio}}/{{fim}}", span=Span.HISTORY),
        Route(
            table="itens_pedido", path=f"{_SALES}/PedidoItem/{{inicio}}/{{fim}}", span=Span.HISTORY
        ),
        Route(table="nota", path=f"{_SALES}/NotaFiscal/{{inicio}}/{{fim}}", span=Span.HISTORY),
        Route(
            table="itens_nota",
            path=f"{_SALES}/NotaFiscalItem/{{inicio}}/{{fim}}",
            span=Span.HISTORY,
        ),
        Route(
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
