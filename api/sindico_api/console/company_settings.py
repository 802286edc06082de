"""CRM › System › Configure Company/Branch: one screen with a tab for each thing to configure.

A tab is a line in `TABS`, a page whose template extends ``company_settings/frame.html`` and gets
`frame_of`, and nothing else.
"""

from dataclasses import dataclass
from typing import Any

from litestar import get
from litestar.response import Redirect

from sindico_api.console.view import ConsoleRequest, view_of
from sindico_api.dependencies import CurrentActor
from sindico_api.i18n import CONSOLE_PATH
from sindico_platform.identity.errors import NotAllowed
from sindico_platform.words import translatable
from sindico_tenants.imports.definitions import DEFINITIONS

COMPANY_SETTINGS_PATH = f"{CONSOLE_PATH}/company-settings"


@dataclass(frozen=True, kw_only=True, slots=True)
class Tab:
    """One tab of the screen; those who may view its resource see it."""

    path: str
    """Below the screen's own."""
    label: str
    resource: str

    @property
    def href(self) -> str:
        return f"{COMPANY_SETTINGS_PATH}{self.path}"

    @property
    def permission(self) -> str:
        return f"{self.resource}:view"


COMPANIES_TAB = Tab(path="/companies", label=translatable("Company"), resource="companies")
BRANCHES_TAB = Tab(path="/branches", label=translatable("Company branch"), resource="branches")
FTP_TAB = Tab(path="/ftp-settings", label=translatable("FTP parameters"), resource="ftp_settings")
SMTP_TAB = Tab(
    path="/smtp-settings", label=translatable("SMTP parameters"), resource="smtp_settings"
)
TABS = (COMPANIES_TAB, BRANCHES_TAB, SMTP_TAB, FTP_TAB)


def frame_of(request: ConsoleRequest, current: Tab) -> dict[str, Any]:
    """What the frame around every tab shows."""
    view = view_of(request)
    tabs = [
        {"label": view.translate(tab.label), "href": tab.href, "current": tab is current}
        for tab in TABS
        if view.viewer and view.viewer.may(tab.permission)
    ]
    return {"tabs": tabs, "tab_label": current.label, "import_href": import_href(request, current)}


def import_href(request: ConsoleRequest, tab: Tab) -> str | None:
    """Where a spreadsheet of the tab's records is sent, for those who may."""
    may = request.user.may
    wanted = [f"{tab.resource}:{access}" for access in ("include", "edit")]
    if tab.resource not in DEFINITIONS or not may("imports:include") or not any(map(may, wanted)):
        return None
    return f"{CONSOLE_PATH}/imports/new?resource={tab.resource}"


@get("/company-settings")
async def open_company_settings(actor: CurrentActor) -> Redirect:
    """Lead to the first tab that the viewer may see.

    Raises:
        NotAllowed: there is none.
    """
    for tab in TABS:
        if actor.may(tab.permission):
            return Redirect(tab.href, status_code=303)
    raise NotAllowed(permission=TABS[0].permission)
