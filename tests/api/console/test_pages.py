"""Pages as HTML: headers, languages, problems, and what templates may not hold."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from sindico_api.console.assets import STATIC_DIR, asset
from sindico_api.console.labels import STATUSES
from sindico_api.console.menu import MENU
from sindico_api.console.rendering import TEMPLATE_DIR, component_files
from tests.browser.gallery import TEMPLATES, gallery_app

ROOT = Path(__file__).parents[3]
ALL_TEMPLATES = [*TEMPLATE_DIR.rglob("*.html"), *TEMPLATES.rglob("*.html")]
PAGES = ("components", "tenants", "tenant", "live", "form", "home", "sign-in", "forgotten")
Client = AsyncTestClient[Litestar]


@pytest.fixture(scope="module")
async def gallery() -> AsyncIterator[Client]:
    async with AsyncTestClient(gallery_app(), base_url="http://sindico.test") as client:
        yield client


@pytest.mark.parametrize("name", PAGES)
async def test_a_page_runs_no_script_and_no_style_of_its_own(gallery: Client, name: str) -> None:
    response = await gallery.get(f"/console/gallery/{name}")

    policy = response.headers["content-security-policy"]
    assert response.status_code == 200
    assert "unsafe" not in policy
    assert "script-src 'self'" in policy
    assert not re.search(r"<script(?! (defer )?src=)|<style|\sstyle=|\son\w+=", response.text)
    assert "http://" not in response.text.replace("http://www.w3.org", "")


async def test_the_console_speaks_portuguese_until_told_otherwise(gallery: Client) -> None:
    portuguese = await gallery.get("/console/gallery/sign-in", headers={"accept-language": "de"})
    english = await gallery.get("/console/gallery/sign-in", headers={"accept-language": "en"})

    assert '<html lang="pt-BR"' in portuguese.text
    assert "Esqueci minha senha" in portuguese.text
    assert "I forgot my password" in english.text


async def test_the_language_chosen_wins_over_the_browsers(gallery: Client) -> None:
    chosen = await gallery.post(
        "/console/language",
        data={"language": "en", "next": "/console/gallery/sign-in"},
        follow_redirects=False,
    )
    page = await gallery.get("/console/gallery/sign-in", headers={"accept-language": "pt-BR"})
    gallery.cookies.clear()
    filtered = await gallery.get("/console/gallery/tenants?q=a%26b&state=active")

    assert 'name="next" value="/console/gallery/tenants?q=a%26b&amp;state=active"' in filtered.text
    assert chosen.status_code == 303
    assert chosen.headers["location"] == "/console/gallery/sign-in"
    assert "I forgot my password" in page.text


async def test_a_language_we_do_not_have_is_refused(gallery: Client) -> None:
    response = await gallery.post("/console/language", data={"language": "de"})

    assert response.status_code == 422


async def test_an_address_without_a_page_is_a_page_that_says_so(gallery: Client) -> None:
    response = await gallery.get("/console/nowhere/at/all")

    assert response.status_code == 404
    assert "Ninguém mora neste endereço" in response.text


async def test_a_fault_of_ours_tells_the_request_and_nothing_else(gallery: Client) -> None:
    response = await gallery.get(
        "/console/gallery/broken", headers={"x-request-id": "request-12345"}
    )

    assert response.status_code == 500
    assert "request-12345" in response.text
    assert "ZeroDivisionError" not in response.text


async def test_htmx_gets_a_problem_as_a_box_for_the_page_it_is_on(gallery: Client) -> None:
    response = await gallery.post("/console/gallery/problem", headers={"hx-request": "true"})

    assert response.status_code == 403
    assert response.headers["hx-retarget"] == "#problems"
    assert "<html" not in response.text
    assert 'class="notice tone-bad problem"' in response.text


@pytest.mark.parametrize(
    ("asked", "target"),
    [
        ("#new-load-problem", "#new-load-problem"),
        ("#problems", "#problems"),
        ("body", "#problems"),
        ("#a-problem, body", "#problems"),
    ],
)
async def test_a_form_gets_a_problem_beside_its_button_and_nothing_else_a_place_of_its_choice(
    gallery: Client, asked: str, target: str
) -> None:
    headers = {"hx-request": "true", "Problem-Target": asked}

    response = await gallery.post("/console/gallery/problem", headers=headers)

    assert response.headers["hx-retarget"] == target


async def test_a_saved_form_leads_on_with_a_flash_that_shows_once(gallery: Client) -> None:
    saved = await gallery.post("/console/gallery/save", data={"name": "Ipê"})
    again = await gallery.get("/console/gallery/tenants")

    assert "Tenant salvo." in saved.text
    assert "Tenant salvo." not in again.text


async def test_htmx_is_told_where_a_saved_form_leads(gallery: Client) -> None:
    saved = await gallery.post(
        "/console/gallery/save", data={"name": "Ipê"}, headers={"hx-request": "true"}
    )
    gallery.cookies.clear()

    assert saved.status_code == 204
    assert saved.headers["hx-redirect"] == "/console/gallery/tenants"


async def test_a_refused_form_says_what_to_mend_beside_the_field(gallery: Client) -> None:
    refused = await gallery.post("/console/gallery/save", data={"name": ""})

    assert refused.status_code == 422
    assert 'href="#field-name"' in refused.text
    assert 'aria-invalid="true" aria-describedby="field-name-error"' in refused.text


async def test_what_people_type_is_text_and_never_markup(gallery: Client) -> None:
    page = await gallery.get("/console/gallery/tenants", params={"q": '"><script>x</script>'})

    assert "<script>x" not in page.text


async def test_static_files_are_kept_for_good_under_an_address_of_their_content(
    gallery: Client,
) -> None:
    response = await gallery.get(asset("app.css"))

    assert response.status_code == 200
    assert "immutable" in response.headers["cache-control"]
    assert response.headers["content-type"].startswith("text/css")


async def test_the_bare_address_leads_to_the_console(gallery: Client) -> None:
    response = await gallery.get("/", follow_redirects=False)

    assert response.headers["location"] == "/console"


def test_templates_use_only_components_that_exist() -> None:
    used = {
        name
        for path in ALL_TEMPLATES
        for name in re.findall(r"\bui\.(\w+)\(", path.read_text(encoding="utf-8"))
    }

    assert used <= component_files().keys()


def test_every_component_stands_in_the_readme_and_no_other() -> None:
    readme = (TEMPLATE_DIR.parent / "README.md").read_text(encoding="utf-8")
    public = {name for name in component_files() if not name.startswith("_")}
    table = "\n".join(line for line in readme.splitlines() if line.startswith("|"))

    assert {name for name in public if f"`{name}" not in readme} == set()
    assert set(re.findall(r"`(\w+)\(", table)) <= public


def test_every_icon_in_use_is_in_the_sprite() -> None:
    listed = set((ROOT / "web/icons.txt").read_text().split())
    sprite = (STATIC_DIR / "vendor/icons.svg").read_text()
    used = {item.icon for group in MENU for item in group.items}
    used |= {label.icon for label in STATUSES.values()}
    for path in ALL_TEMPLATES:
        text = path.read_text(encoding="utf-8")
        used |= set(re.findall(r'ui\.icon\("([\w-]+)"', text))
        used |= set(re.findall(r'icon="([\w-]+)"', text))

    sources = [*ALL_TEMPLATES, *STATIC_DIR.parent.rglob("*.py")]
    quoted = set(re.findall(r'"([\w-]+)"', "".join(path.read_text("utf-8") for path in sources)))
    assert used <= listed <= quoted
    assert all(f'<symbol id="{name}"' in sprite for name in listed)
