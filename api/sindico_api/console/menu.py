"""The menu: the product's paths, shown as far as the viewer may go."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sindico_api.console.company_settings import COMPANY_SETTINGS_PATH
from sindico_api.console.company_settings import TABS as COMPANY_SETTINGS_TABS
from sindico_api.console.viewer import Viewer
from sindico_platform.words import translatable


@dataclass(frozen=True, kw_only=True, slots=True)
class MenuItem:
    label: str
    about: str
    """One sentence for the start page."""
    href: str
    icon: str
    permission: str | None = None
    """Shown to those who have it; `None` shows to everybody signed in."""
    any_permission: tuple[str, ...] = ()
    """Shown to those who have one of them at least."""
    master_only: bool = False
    customers_only: bool = False
    """Not for the vendor's own people, who have another way to the same thing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MenuGroup:
    """A path such as ``Technology › Configuration`` and the screens under it."""

    path: tuple[str, ...]
    items: tuple[MenuItem, ...]


HOME = MenuItem(
    label=translatable("Home"),
    about=translatable("Where everything starts."),
    href="/console",
    icon="home",
)

MENU: tuple[MenuGroup, ...] = (
    MenuGroup(
        path=(translatable("Relationship Management | CRM"), translatable("Tenants")),
        items=(
            MenuItem(
                label=translatable("Tenant management"),
                about=translatable("Customers, their packages and how their deployment goes."),
                href="/console/tenants",
                icon="building-community",
                permission="tenants:access",
                master_only=True,
            ),
            MenuItem(
                label=translatable("Integrations of all tenants"),
                about=translatable(
                    "Which ones run, which fail or are late, and how large they are."
                ),
                href="/console/fleet",
                icon="gauge",
                permission="fleet:access",
                master_only=True,
            ),
        ),
    ),
    MenuGroup(
        path=(translatable("Relationship Management | CRM"), translatable("Records")),
        items=(
            MenuItem(
                label=translatable("Accounts"),
                about=translatable("Your customers, companies and people."),
                href="/console/accounts",
                icon="briefcase",
                permission="accounts:access",
                customers_only=True,
            ),
            MenuItem(
                label=translatable("Contacts"),
                about=translatable("The people you talk to."),
                href="/console/contacts",
                icon="users",
                permission="contacts:access",
                customers_only=True,
            ),
            MenuItem(
                label=translatable("Documents"),
                about=translatable("Files on your own servers, and links to what lies elsewhere."),
                href="/console/documents",
                icon="file-text",
                permission="documents:access",
                customers_only=True,
            ),
            MenuItem(
                label=translatable("Salespeople"),
                about=translatable("Who of the users each of the ERP's salespeople is."),
                href="/console/sellers",
                icon="user-circle",
                permission="sellers:access",
                customers_only=True,
            ),
            MenuItem(
                label=translatable("ABC curve"),
                about=translatable("Which customers make most of the revenue."),
                href="/console/abc-curve",
                icon="chart-bar",
                permission="abc_curve:access",
                customers_only=True,
            ),
        ),
    ),
    MenuGroup(
        path=(translatable("Relationship Management | CRM"), translatable("System")),
        items=(
            MenuItem(
                label=translatable("Configure Company/Branch"),
                about=translatable("Your own companies and branches, and what each one uses."),
                href=COMPANY_SETTINGS_PATH,
                icon="building",
                any_permission=tuple(f"{tab.resource}:access" for tab in COMPANY_SETTINGS_TABS),
                customers_only=True,
            ),
            MenuItem(
                label=translatable("Sent e-mails"),
                about=translatable("What was sent, what waits, what failed and why."),
                href="/console/outgoing-mails",
                icon="mail",
                permission="outgoing_mails:access",
                customers_only=True,
            ),
            MenuItem(
                label=translatable("Spreadsheet imports"),
                about=translatable("Companies and branches from .xlsx and .csv, and the way back."),
                href="/console/imports",
                icon="upload",
                permission="imports:access",
                customers_only=True,
            ),
        ),
    ),
    MenuGroup(
        path=(translatable("Technology"), translatable("Configuration")),
        items=(
            MenuItem(
                label=translatable("By tenant"),
                about=translatable(
                    "What each service needs to know, such as the address of an ERP."
                ),
                href="/console/service-properties",
                icon="adjustments-horizontal",
                permission="service_properties:access",
                customers_only=True,
            ),
            MenuItem(
                label=translatable("By tenant"),
                about=translatable(
                    "What each service needs to know, such as the address of an ERP."
                ),
                href="/console/configuration",
                icon="adjustments-horizontal",
                permission="provisioning:access",
                master_only=True,
            ),
        ),
    ),
    MenuGroup(
        path=(translatable("CRM Settings"), translatable("Integration")),
        items=(
            MenuItem(
                label=translatable("ERP data"),
                about=translatable(
                    "How the integration goes: schedule, runs, logs, and what the ERP sent."
                ),
                href="/console/erp-data",
                icon="database",
                permission="integrations:access",
                customers_only=True,
            ),
        ),
    ),
    MenuGroup(
        path=(translatable("Integration"),),
        items=(
            MenuItem(
                label=translatable("Loads"),
                about=translatable("What came from the ERP, when, and what was refused."),
                href="/console/loads",
                icon="database-import",
                permission="loads:access",
                customers_only=True,
            ),
            MenuItem(
                label=translatable("Incidents"),
                about=translatable("Integrations without success for too long, and silence."),
                href="/console/incidents",
                icon="alert-triangle",
                permission="integrations:access",
                customers_only=True,
            ),
            MenuItem(
                label=translatable("Database views"),
                about=translatable("The ERP's own database, read by its views."),
                href="/console/view-connections",
                icon="database",
                permission="integrations:access",
                customers_only=True,
            ),
            MenuItem(
                label=translatable("Webhooks"),
                about=translatable("Your own systems are told what happens, by signed messages."),
                href="/console/webhooks",
                icon="send",
                permission="webhooks:access",
                customers_only=True,
            ),
            MenuItem(
                label=translatable("Follow-up of the deployment"),
                about=translatable("Whether everything the ERP has arrived, table by table."),
                href="/console/onboarding",
                icon="clipboard-check",
                permission="onboarding:access",
                customers_only=True,
            ),
        ),
    ),
    MenuGroup(
        path=(translatable("Administration"),),
        items=(
            MenuItem(
                label=translatable("Users"),
                about=translatable("Who signs in, and what they may do."),
                href="/console/users",
                icon="users",
                permission="users:access",
            ),
            MenuItem(
                label=translatable("Roles"),
                about=translatable("Permissions, resource by resource, for people to hold."),
                href="/console/roles",
                icon="shield-check",
                permission="roles:access",
            ),
            MenuItem(
                label=translatable("API clients"),
                about=translatable("Credentials for the systems that call the API."),
                href="/console/api-clients",
                icon="api",
                permission="api_clients:access",
            ),
            MenuItem(
                label=translatable("Failed tasks"),
                about=translatable("Work that gave up, why, and the way to repeat or cancel it."),
                href="/console/failed-tasks",
                icon="alert-triangle",
                permission="dead_letters:access",
                master_only=True,
            ),
            MenuItem(
                label=translatable("Denied hosts"),
                about=translatable("Mail and file servers that no customer may use."),
                href="/console/denied-hosts",
                icon="ban",
                permission="denied_hosts:access",
                master_only=True,
            ),
            MenuItem(
                label=translatable("Audit"),
                about=translatable("Who changed what, and when."),
                href="/console/audit",
                icon="history",
                permission="audit:access",
            ),
        ),
    ),
)


def menu_of(viewer: Viewer) -> list[MenuGroup]:
    """The groups in which the viewer may open something."""
    groups = (replace(group, items=tuple(_open_to(viewer, group))) for group in MENU)
    return [group for group in groups if group.items]


def _open_to(viewer: Viewer, group: MenuGroup) -> Iterator[MenuItem]:
    for item in group.items:
        demanded = item.any_permission or ((item.permission,) if item.permission else ())
        allowed = not demanded or any(map(viewer.may, demanded))
        hidden = item.customers_only if viewer.is_master else item.master_only
        if allowed and not hidden:
            yield item


def is_current(item: MenuItem, path: str) -> bool:
    """Whether the screen at `path` is the item's or lies below it."""
    if item.href == HOME.href:
        return path.rstrip("/") == HOME.href
    return path == item.href or path.startswith(f"{item.href}/")
