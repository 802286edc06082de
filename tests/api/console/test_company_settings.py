"""CRM › System › Configure Company/Branch: the frame of its tabs."""

import re

import pytest

from sindico_api.console.company_settings import TABS, Tab
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant

FRAME = re.compile(r'<nav class="tabs" aria-label="Partes da configuração">(.*?)</nav>', re.DOTALL)
TAB = re.compile(r'<li><a href="([^"]+)"')
SCREEN = "/console/company-settings"


def tabs_of(page: str) -> list[str]:
    """The addresses of the frame's tabs, without the views that a tab has of its own."""
    (frame,) = FRAME.findall(page)
    return TAB.findall(frame)


async def test_the_screen_opens_from_the_menu_at_its_first_tab(
    make_tenant: MakeTenant, console_as: ClientAs
) -> None:
    browser = await console_as(await make_tenant(), "companies:access", "companies:view")

    home = await browser.get("/console")
    opened = await browser.get(SCREEN)

    assert f'<a class="menu-link" href="{SCREEN}"' in home.text
    assert "Configurar Empresa/Filial" in home.text
    assert (opened.status_code, opened.headers["location"]) == (303, TABS[0].href)


@pytest.mark.parametrize("tab", TABS, ids=lambda tab: tab.resource)
async def test_a_tab_shows_to_those_who_may_view_it(
    tab: Tab, make_tenant: MakeTenant, console_as: ClientAs
) -> None:
    tenant = await make_tenant()
    everything = await console_as(tenant, "admin", "crm-director")
    alone = await console_as(tenant, tab.permission)

    full = await everything.get(tab.href)
    lone = await alone.get(SCREEN, follow_redirects=True)

    assert tabs_of(full.text) == [each.href for each in TABS]
    assert tabs_of(lone.text) == [tab.href]


async def test_without_any_tab_the_screen_is_closed(
    make_tenant: MakeTenant, console_as: ClientAs
) -> None:
    browser = await console_as(await make_tenant(), "accounts:view")

    assert (await browser.get(SCREEN)).status_code == 403
    assert SCREEN not in (await browser.get("/console")).text
