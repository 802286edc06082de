"""The console's small parts: formats, listings, labels, menu, forms."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sindico_api.console.forms import Form
from sindico_api.console.labels import status_label
from sindico_api.console.listing import Listing
from sindico_api.console.menu import MENU, is_current, menu_of
from sindico_api.console.problem_pages import say_in_general
from sindico_api.console.role_words import describe_role
from sindico_api.console.session import local_path
from sindico_api.console.view import Flash, flash_of
from sindico_api.console.viewer import Viewer
from sindico_api.i18n import Locale, translator
from sindico_api.readers import formats
from sindico_api.readers.telling import Telling
from sindico_platform.errors import InvalidInput, field_error
from sindico_platform.identity.default_roles import ADMIN, OPERATOR, DefaultRole
from sindico_tenants.default_roles import CRM_ROLES

PT, EN = Locale.PORTUGUESE, Locale.ENGLISH
VIEWER = Viewer(
    name="Ana Maria Souza",
    login="ana@ipe.example",
    tenant_name="Ipê",
    permissions=frozenset({"loads:access"}),
)


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (formats.number(1234567, PT), "1.234.567"),
        (formats.number(1234567, EN), "1,234,567"),
        (formats.number(2.5, PT, digits=2), "2,50"),
        (formats.number(None, PT), formats.MISSING),
        (formats.percent(12.4, PT), "12%"),
        (formats.percent_below(79.99, PT), "79,9%"),
        (formats.percent_below(80, EN), "80%"),
        (formats.money(123456, PT), "R$\xa01.234,56"),
        (formats.size(999, PT), "999 B"),
        (formats.size(1_482_331, PT), "1,5 MB"),
        (formats.duration(8.24, PT), "8,2 s"),
        (formats.duration(timedelta(minutes=2, seconds=5), EN), "2 min 05 s"),
        (formats.duration(3840, EN), "1 h 04 min"),
    ],
)
def test_numbers_are_written_as_the_reader_writes_them(shown: str, text: str) -> None:
    assert shown == text


def test_an_instant_is_shown_in_the_readers_zone() -> None:
    at = datetime(2026, 11, 21, 2, 30, tzinfo=UTC)

    assert formats.instant(at, PT, "America/Sao_Paulo") == "20/11/2026 23:30"


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        formats.instant(datetime(2026, 11, 21, 2, 30), PT, "America/Sao_Paulo")  # noqa: DTZ001  (on purpose)


def test_a_past_instant_reads_as_ago() -> None:
    now = datetime(2026, 11, 21, 2, 30, tzinfo=UTC)

    assert formats.ago(now - timedelta(minutes=3), PT, now=now) == "há 3 minutos"


def test_sorting_again_turns_the_order_and_starts_at_the_first_page() -> None:
    listing = Listing(path="/console/tenants", query={"q": "ipê", "sort": "name", "after": "x"})

    assert listing.sorted_by("name") == "/console/tenants?q=ip%C3%AA&sort=-name"
    assert listing.direction("name") == "ascending"
    assert listing.direction("package") is None
    assert not listing.is_first_page


def test_only_filters_count_as_filters() -> None:
    listing = Listing(path="/", query={"q": "", "sort": "name", "after": "x", "state": "active"})

    assert listing.filters == {"state": "active"}


def test_a_status_nobody_listed_shows_as_itself() -> None:
    assert status_label("brand-new").text == "brand-new"
    assert status_label("succeeded").tone == "good"


def test_the_menu_shows_what_the_viewer_may_open() -> None:
    labels = [item.label for group in menu_of(VIEWER) for item in group.items]

    assert labels == ["Loads"]


def test_the_vendors_screens_are_not_in_a_customers_menu_even_with_the_permission() -> None:
    everything = frozenset(
        item.permission for group in MENU for item in group.items if item.permission
    )
    customer = replace(VIEWER, permissions=everything)

    labels = {item.label for group in menu_of(customer) for item in group.items}

    assert "Tenant management" not in labels
    assert "Audit" in labels


def test_a_screen_below_an_item_marks_the_item() -> None:
    tenants = MENU[0].items[0]

    assert is_current(tenants, "/console/tenants/1234")
    assert not is_current(tenants, "/console/tenants-of-others")


def test_two_reasons_for_one_field_stand_together() -> None:
    faults = InvalidInput(
        field_error("name", "required", "This field is required."),
        field_error("name", "unknown-field", "There is no such field."),
    )

    form = Form({"name": ""}).refused(faults, translator(EN))

    assert form.error("name") == "This field is required. There is no such field."


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ("/console/tenants?q=a", "/console/tenants?q=a"),
        ("/console", "/console"),
        ("https://evil.example/console", "/console"),
        ("//evil.example", "/console"),
        ("/console.evil.example", "/console"),
        ("/console/\\evil.example", "/console"),
        ("/console/a\nSet-Cookie: b", "/console"),
    ],
)
def test_one_returns_only_to_the_console(asked: str, path: str) -> None:
    assert local_path(asked) == path


@pytest.mark.parametrize("value", ["", "garbage", "e30=", "WzFd", "bnVsbA=="])
def test_a_flash_cookie_that_is_not_ours_shows_nothing(value: str) -> None:
    assert flash_of({"sindico_flash": value}) is None


def test_a_flash_survives_its_cookie() -> None:
    cookie: Any = Flash(text="Tenant “Ipê” salvo.", tone="info").cookie(secure=False)

    assert flash_of({"sindico_flash": cookie.value}) == Flash(
        text="Tenant “Ipê” salvo.", tone="info"
    )


def test_initials_are_of_the_first_and_last_name() -> None:
    assert VIEWER.initials == "AS"
    assert replace(VIEWER, name="").initials == "?"


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        ({"value": 20348}, "20.348"),
        ({"value": 1.5}, "1.5"),
        ({"value": "2026-11-21"}, "21/11/2026"),
        ({"value": "2026-11-21T12:00:00Z"}, "21/11/2026 08:00"),
        ({"value": "2026-11-21 was a Saturday"}, "2026-11-21 was a Saturday"),
        ({"uf": "2026-99-99"}, "2026-99-99"),
        ({"uf": "202\u0666-11-21"}, "202\u0666-11-21"),
        ({"value": "0001-01-01T00:00:00Z"}, "0001-01-01T00:00:00Z"),
        ({"port": 27415}, "27415"),
        ({"package": "freemium"}, "Freemium"),
        ({"resource": "contacts"}, "Contatos"),
        ({"requested_by": "provisioning_runs.walk_run"}, "Síndico (implantação)"),
    ],
    ids=[
        *("count", "fraction", "day", "instant", "sentence"),
        *("no day", "no digits", "no instant", "port", "package", "table", "job"),
    ],
)
def test_facts_are_told_as_people_write_them(facts: dict[str, Any], text: str) -> None:
    tell = Telling(translator(PT), "America/Manaus")

    assert tell(f"{{{next(iter(facts))}}}", **facts) == text


@pytest.mark.parametrize(
    ("detail", "text"),
    [
        ("Check the address.", "Check the address."),
        ("The load {load_id} has not ended.", "The load … has not ended."),
        ("{limit}: with {package} it is {allowed}.", None),
    ],
    ids=["whole", "a-fact", "facts-alone"],
)
def test_a_problem_is_told_in_general_where_that_says_something(
    detail: str, text: str | None
) -> None:
    assert say_in_general(detail, translator(EN)) == text


@pytest.mark.parametrize("role", [ADMIN, OPERATOR, *CRM_ROLES], ids=lambda role: role.code)
def test_roles_of_the_product_are_described_in_either_language(role: DefaultRole) -> None:
    assert describe_role(role.description, translator(PT)) == role.description
    assert describe_role(role.description, translator(EN)) != role.description
    assert describe_role("Nossa equipe.", translator(EN)) == "Nossa equipe."


@pytest.mark.parametrize("locale", [PT, EN], ids=str)
def test_a_zone_has_a_name_for_people(locale: Locale) -> None:
    assert formats.zone_name("America/Sao_Paulo", locale) == (
        "Horário de Brasília (America/Sao_Paulo)"
        if locale is PT
        else "Brasilia Time (America/Sao_Paulo)"
    )
