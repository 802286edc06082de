"""Routes of ERPX's entities, and where the platform signs in."""

from dataclasses import dataclass
from enum import StrEnum

from sindico_provisioning.connectors.schemas import Route

BRIDGE = "/t/senior.com.br/bridge/1.0"
"""Where the platform's services begin, in production and in its test environment."""
LOGIN = "/rest/platform/authentication/actions/login"
KEY_LOGIN = "/anonymous/rest/platform/authentication/actions/loginWithKey"
REFRESH = "/rest/platform/authentication/actions/refreshToken"

SINCE_MARK = "{inicio}"
"""In a route, stands for the first day that is read."""
HISTORY_DAYS, OVERDUE_DAYS = 730, 5 * 365
DEFAULT_PAGE_ROWS, MAX_PAGE_ROWS = 500, 5_000


class Access(StrEnum):
    """Ways of signing in."""

    KEY = "chave"
    """As an application, by a key and a secret that do not expire."""
    USER = "usuario"
    """As a person, ``user@tenant-domain``, by a password."""


class Paging(StrEnum):
    """Ways of walking an entity."""

    IDS = "id"
    """From the last id on, so that no page grows slow and no change shifts rows between pages."""
    PAGES = "pagina"
    """By page number."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ErpxRoute(Route):
    """A route whose path is an entity's, from ``/rest`` on.

    ``?filter=`` and an expression follow if not all rows are meant. The path is empty where nothing
    public tells how they are told apart.
    """

    days: int = HISTORY_DAYS
    """How far back `SINCE_MARK` lies."""


_PERSON = "/erpx_fnd/pessoa/entities/e001pes"
_ORDER = "/erpx_com_ven/pedido/entities"
_NOTE = "/erpx_com_ven/notafiscal/entities"

ROUTES = {
    route.table: route
    for route in (
        ErpxRoute(table="empresa_propria", path="/erpx_fnd/empresa/entities/e070emp"),
        ErpxRoute(table="filial", path="/erpx_fnd/empresa/entities/e070fil"),
        ErpxRoute(table="vendedor", path="/erpx_com_ven/representante/entities/e090rep"),
        ErpxRoute(table="fornecedor", path=""),
        ErpxRoute(table="empresa", path=f"{_PERSON}?filter=tipPes eq 'VJ'", verified=True),
        ErpxRoute(table="contato", path=f"{_PERSON}?filter=tipPes eq 'VF'", verified=True),
        ErpxRoute(table="pedido", path=f"{_ORDER}/e120ped?filter=datEmi ge {SINCE_MARK}"),
        ErpxRoute(
            table="itens_pedido", path=f"{_ORDER}/e120ipd?filter=e120ped.datEmi ge {SINCE_MARK}"
        ),
        ErpxRoute(table="nota", path=f"{_NOTE}/e140nfv?filter=datEmi ge {SINCE_MARK}"),
        ErpxRoute(
            table="itens_nota", path=f"{_NOTE}/e140ipv?filter=e140nfv.datEmi ge {SINCE_MARK}"
        ),
        ErpxRoute(
            table="fatura",
            path=f"/erpx_fin/titulo/entities/e301tcr?filter=vctPro ge {SINCE_MARK}",
            days=OVERDUE_DAYS,
        ),
    )
}
"""By table; every one may be corrected by a service property. Of quotations and brands neither an
entity nor an older ERP's table is known, so they are not among them."""
