"""Ids, revisions and numbers as no browser of ours sends them."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from uuid import UUID

import pytest

from sindico_api.console.submitted import id_in, number_in, revision_in
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.revisions import ChangedMeanwhile
from tests.api.test_tenant_isolation import ELSEWHERE
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant
from tests.support.routes import every_route
from tests.support.rows import FACTORIES, make_row

PAGES = [
    route
    for route in every_route()
    if route.method == "GET"
    and route.path.startswith("/console")
    and route.guards
    and str(route) not in ELSEWHERE
    and not route.path.endswith(("/events", "/stream"))
]
READ_BY_US = re.compile(
    r"(?:^|[._])id$|^revision$|^port$|_minutes$|_hours$|_seconds$|^connections$"
)
NO_NUMBERS = ("²", "\u0661", "9" * 5000, "-1", "um", "0x10", "1e3")
NO_IDS = ("²", "", "um", "{}", "9" * 5000, "urn:uuid:")


@dataclass(kw_only=True)
class SentForm:
    """A form of a page as a browser would send it."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)


class Forms(HTMLParser):
    """The posting forms of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[SentForm] = []
        self._open: SentForm | None = None
        self._select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and given.get("method", "").lower() == "post":
            self._open = SentForm(action=given.get("action", ""))
            self.found.append(self._open)
        if self._open is None:
            return
        name = given.get("name", "")
        if tag in {"input", "textarea"} and name:
            is_unmarked = given.get("type") in {"checkbox", "radio"} and "checked" not in given
            if not is_unmarked:
                self._open.fields[name] = given.get("value", "")
        elif tag == "select":
            self._select = name
            self._open.fields.setdefault(name, "")
        elif tag == "option" and self._select and "selected" in given:
            self._open.fields[self._select] = given.get("value", "")
        if tag == "button" and given.get("formaction"):
            self.found.append(SentForm(action=given["formaction"], fields=self._open.fields))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        if tag == "select":
            self._select = None


def forms_of(page: str) -> list[SentForm]:
    parser = Forms()
    parser.feed(page)
    return parser.found


@pytest.mark.parametrize("text", NO_IDS)
def test_what_is_no_id_names_nothing(text: str) -> None:
    assert id_in(text) is None


def test_an_id_is_read() -> None:
    assert id_in("018f4c00-0000-7000-8000-000000000001") == UUID(
        int=0x018F4C00000070008000000000000001
    )


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_what_is_no_number_is_no_revision_either(text: str) -> None:
    assert number_in(text) is None
    with pytest.raises(ChangedMeanwhile):
        revision_in(text)


def test_a_revision_is_read_and_an_empty_one_expects_nothing() -> None:
    assert revision_in("12") == 12
    assert revision_in("") is None


@pytest.mark.parametrize("vendor", [False, True], ids=["customer", "vendor"])
async def test_no_form_breaks_by_what_stands_in_its_ids_and_numbers(
    uow: UnitOfWork, make_tenant: MakeTenant, console_as: ClientAs, *, vendor: bool
) -> None:
    tenant = await make_tenant(master=vendor)
    browser = await console_as(tenant, "admin")
    walked: set[tuple[str, str]] = set()
    broken: list[tuple[str, str, str]] = []
    for route in PAGES:
        if vendor is not any(guard.vendor for guard in route.guards):
            continue
        own = {name: await make_row(uow, tenant, name) for name in route.ids if name in FACTORIES}
        address = route.address(**own)
        for form in forms_of((await browser.get(address)).text):
            for name in filter(READ_BY_US.search, form.fields):
                if (form.action, name) in walked:
                    continue
                walked.add((form.action, name))
                for text in ("²", "9" * 5000):
                    sent = form.fields | {name: text}
                    answer = await browser.post(form.action or address, data=sent)
                    if answer.status_code >= 500:
                        broken.append((form.action, name, text[:9]))

    assert broken == []
    fields = {name for _, name in walked}
    assert fields >= ({"tenant_id"} if vendor else {"revision", "settings_id", "port"})
