"""The start page: where things stand, what needs attention, where to go."""

from dataclasses import dataclass, field
from typing import Any

from litestar import Response, get

from sindico_api.console.company_settings import BRANCHES_TAB, COMPANIES_TAB
from sindico_api.console.labels import status_label
from sindico_api.console.rendering import page
from sindico_api.console.view import ConsoleRequest, View, view_of
from sindico_api.dependencies import CurrentActor, Uow
from sindico_api.grid import GRID
from sindico_api.readers import formats
from sindico_platform.database.tx import Actor, Tx
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.jobs import queries as jobs
from sindico_platform.paging.schemas import PageRequest
from sindico_platform.words import translatable
from sindico_provisioning.loads import queries as loads
from sindico_provisioning.loads.schemas import LoadFilters
from sindico_provisioning.packages import service as packages
from sindico_provisioning.packages.models import CrmState
from sindico_provisioning.packages.queries import find_subscription
from sindico_provisioning.packages.schemas import UsageOut
from sindico_provisioning.tenant_registry import queries as tenants
from sindico_tenants.accounts import queries as accounts
from sindico_tenants.companies import queries as companies

MOST_COUNTED = 100_000
"""Counting further would make the start page slow; beyond it a plus sign stands."""
RECORDS = (
    (COMPANIES_TAB.href, "companies", "building", companies.count_companies),
    (BRANCHES_TAB.href, "branches", "buildings", companies.count_branches),
    ("/console/accounts", "accounts", "briefcase", accounts.count_accounts),
    ("/console/contacts", "contacts", "users", accounts.count_contacts),
)
"""Address of the list, resource of the grid, icon, and what counts them."""
TENANT_STATES = {
    "active": translatable("Active tenants"),
    "suspended": translatable("Suspended tenants"),
    "closing": translatable("Tenants being closed"),
}
CRM_STATES = {
    CrmState.PROVISIONING: translatable("Deployments under way"),
    CrmState.FAILED: translatable("Failed deployments"),
}


@dataclass(slots=True)
class Overview:
    """What the page shows: keyword maps for `ui.stat`, sentences with a link, and limits."""

    stats: list[dict[str, Any]] = field(default_factory=list)
    attention: list[dict[str, str]] = field(default_factory=list)
    usage: list[UsageOut] = field(default_factory=list)


@get("/")
async def show_home(request: ConsoleRequest, actor: CurrentActor, uow: Uow) -> Response[str]:
    """Where the viewer may go, and what needs attention."""
    view, overview = view_of(request), Overview()
    if actor.is_master:
        await add_fleet(overview, uow, actor, view)
    else:
        async with uow.begin(actor) as tx:
            await add_crm(overview, tx, view)
            await add_last_load(overview, tx, view)
            await add_records(overview, tx, view)
            if actor.may("users:view"):  # who administers; the others cannot change what is used
                overview.usage = await packages.list_usage(tx)
    return page(
        request,
        "home.html",
        stats=overview.stats,
        attention=overview.attention,
        usage=overview.usage,
    )


async def add_fleet(overview: Overview, uow: UnitOfWork, actor: Actor, view: View) -> None:
    """For operators: tenants by state, deployments, work that gave up."""
    if not actor.may("tenants:view"):
        return
    _ = view.translate
    async with uow.begin_fleet(actor, reason="home") as fleet:
        counted = await tenants.count_tenants(fleet)
        dead = await jobs.count_dead(fleet)
    figures = [
        (text, state, counted.by_state.get(state, 0), f"state={state}")
        for state, text in TENANT_STATES.items()
    ] + [
        (text, str(state), counted.by_crm_state.get(state, 0), f"crm_state={state}")
        for state, text in CRM_STATES.items()
    ]
    for text, state, count, query in figures:
        label = status_label(state)
        overview.stats.append(
            {
                "label": _(text),
                "value": formats.number(count, view.locale),
                "icon": label.icon,
                "tone": label.tone if count else "neutral",
                "href": f"/console/tenants?{query}",
            }
        )
    if actor.may("dead_letters:view"):
        overview.stats.append(
            {
                "label": _("Failed tasks"),
                "value": formats.number(dead, view.locale),
                "icon": "alert-triangle",
                "tone": "bad" if dead else "neutral",
                "href": "/console/failed-tasks",
            }
        )


async def add_crm(overview: Overview, tx: Tx, view: View) -> None:
    """Whether the tenant's CRM can be used."""
    subscription = await find_subscription(tx)
    if subscription is None:
        return
    _, label = view.translate, status_label(subscription.crm_state)
    overview.stats.append(
        {
            "label": _("CRM"),
            "value": _(label.text),
            "hint": formats.ago(subscription.crm_state_at, view.locale, now=tx.now),
            "icon": label.icon,
            "tone": label.tone,
        }
    )


async def add_last_load(overview: Overview, tx: Tx, view: View) -> None:
    """The newest load, how it ended, and how long ago."""
    if not tx.actor.may("loads:view"):
        return
    _ = view.translate
    newest = await loads.list_loads(tx, request=PageRequest(limit=1), filters=LoadFilters())
    if not newest.items:
        return
    load = newest.items[0]
    label, href = status_label(load.status), f"/console/loads/{load.id}"
    overview.stats.append(
        {
            "label": _("Last load"),
            "value": _(label.text),
            "hint": formats.ago(load.finished_at or load.created_at, view.locale, now=tx.now),
            "icon": label.icon,
            "tone": label.tone,
            "href": href,
        }
    )
    if load.status == "failed":
        text = _("The last load has failed; its page says why and what to do.")
        overview.attention.append({"text": text, "href": href, "tone": "bad"})


async def add_records(overview: Overview, tx: Tx, view: View) -> None:
    """How many of each record there are, for those who may see them."""
    for href, resource, icon, count in RECORDS:
        if not tx.actor.may(f"{resource}:view"):
            continue
        found = await count(tx, most=MOST_COUNTED)
        text = formats.number(found, view.locale)
        overview.stats.append(
            {
                "label": view.translate(GRID.resource_of(f"{resource}:view").label),
                "value": f"{text}+" if found == MOST_COUNTED else text,
                "icon": icon,
                "href": href,
            }
        )
