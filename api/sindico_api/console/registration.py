"""What the pages of companies and of branches share: fields with their pins, and what was sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sindico_api.console.forms import Form
from sindico_api.console.submitted import sent_texts
from sindico_api.console.view import ConsoleRequest, View
from sindico_api.grid import GRID
from sindico_api.i18n import Translator
from sindico_api.readers import formats
from sindico_platform.brazil.states import STATES
from sindico_platform.errors import InvalidInput
from sindico_platform.texts import squeeze
from sindico_provisioning.erp_values.schemas import BranchDetail, CompanyDetail
from sindico_tenants.companies.errors import TakenBy
from sindico_tenants.companies.linked.schemas import LinkedOut
from sindico_tenants.companies.registration.fields import ABROAD, REQUIRED, TEXTS, Value

CHECKED = "true"
LINKED_LISTS = {
    "branches": "/console/company-settings/branches",
    "accounts": "/console/accounts",
    "contacts": "/console/contacts",
}
"""Where to see what is linked, if there is a screen for it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldView:
    """One field as a page shows it, in the reader's language."""

    name: str
    label: str
    text: str
    is_pinned: bool
    erp_text: str | None
    """What the ERP says; None if it has no such record."""

    @property
    def differs(self) -> bool:
        """Whether the ERP says otherwise."""
        return self.erp_text is not None and self.erp_text != self.text


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkedView:
    """One kind of linked records."""

    label: str
    count: int
    href: str | None


def fields_of(
    record: CompanyDetail | BranchDetail, labels: Mapping[str, str], view: View
) -> dict[str, FieldView]:
    """The record's fields by name, in the order of their labels."""
    _ = view.translate
    return {
        name: FieldView(
            name=name,
            label=_(label),
            text=say(name, getattr(record, name), _),
            is_pinned=name in record.pinned_fields,
            erp_text=say(name, record.erp_values.get(name), _) if record.erp_values else None,
        )
        for name, label in labels.items()
    }


def say(name: str, value: Value, _: Translator) -> str:
    """A value as people read it."""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if name in formats.BRAZILIAN:
        return formats.BRAZILIAN[name](value)
    return value or formats.MISSING


def form_of(record: CompanyDetail | BranchDetail) -> Form:
    """A form that holds what is stored, as people write it."""
    values: dict[str, Any] = {name: typed(name, getattr(record, name)) for name in TEXTS}
    values["is_active"] = record.is_active
    if isinstance(record, BranchDetail):
        values["is_head_office"] = record.is_head_office
    return Form(values)


def typed(name: str, value: str | None) -> str:
    """A stored text as people type it; a browser drops line breaks, so they show as spaces."""
    if value and name in formats.BRAZILIAN:
        return squeeze(formats.BRAZILIAN[name](value))
    return squeeze(value or "")


async def sent_values(request: ConsoleRequest, *flags: str) -> dict[str, Any]:
    """The fields of a sent form: texts as typed, and whether each flag was marked."""
    texts: dict[str, Any] = dict(await sent_texts(request, *TEXTS))
    data = await request.form()
    return texts | {flag: data.get(flag) == CHECKED for flag in flags}


def asked(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same for the API's struct: an empty field is none, unless it must be filled in."""
    return {name: text if text != "" or name in REQUIRED else None for name, text in values.items()}


def refused(form: Form, error: InvalidInput | TakenBy, _: Translator) -> Form:
    """The form with what is wrong beside its field."""
    if isinstance(error, InvalidInput):
        return form.refused(error, _)
    return form.with_error(error.field, _.detail(error))


def state_options(_: Translator) -> list[tuple[str, str]]:
    """The states by name, then abroad."""
    named = sorted((state.name, code) for code, state in STATES.items())
    return [(code, f"{name} ({code})") for name, code in named] + [(ABROAD, _("Abroad (EX)"))]


def linked_views(view: View, linked: list[LinkedOut], query: str) -> list[LinkedView]:
    """What is linked, with a link for those who may see it.

    Args:
        query: what the lists are filtered by, such as ``company=…``.
    """
    labels = {each.code: each.label for each in GRID.resources(master=False)}
    found = []
    for each in linked:
        may_see = view.viewer is not None and view.viewer.may(f"{each.resource}:view")
        href = LINKED_LISTS.get(each.resource) if may_see else None
        label = view.translate(labels.get(each.resource, each.resource))
        address = f"{href}?{query}" if href else None
        found.append(LinkedView(label=label, count=each.count, href=address))
    return found
