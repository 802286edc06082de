"""Packages and integrations as people know and choose them: value, title, and what one gets."""

from sindico_api.i18n import Translator
from sindico_provisioning.integrations.service import NAMES
from sindico_provisioning.packages.catalogue import PACKAGES, Package

DEFAULT_INTEGRATIONS = ("mega", "erpx")


def package_choices(_: Translator) -> list[tuple[str, str, str]]:
    """Every package for `ui.choice_field`."""
    return [(item.code, item.title, package_summary(item, _)) for item in PACKAGES.values()]


def package_options() -> list[tuple[str, str]]:
    return [(item.code, item.title) for item in PACKAGES.values()]


def package_title(code: str | None) -> str | None:
    """The name a package is sold by; one that is sold no more shows its code."""
    package = PACKAGES.get(code or "")
    return package.title if package else code


def package_summary(package: Package, _: Translator) -> str:
    """What people ask about first: users, integrations, loads."""
    users, integrations = package.limits["active_users"], package.limits["integrations"]
    runs = package.limits["runs_per_day"]
    parts = (
        _("Any number of users")
        if users is None
        else _.ngettext("{count} active user", "{count} active users", users),
        _("any number of integrations")
        if integrations is None
        else _.ngettext("{count} integration", "{count} integrations", integrations),
        _("any number of loads per day")
        if runs is None
        else _.ngettext("{count} load per day", "{count} loads per day", runs),
    )
    return ", ".join(parts)


def integration_options() -> list[tuple[str, str]]:
    """What a tenant may be provisioned with."""
    return [(kind, title) for kind, title in NAMES.items() if kind in DEFAULT_INTEGRATIONS]


def integration_title(kind: str | None) -> str | None:
    return next((title for known, title in NAMES.items() if known == kind), kind)
