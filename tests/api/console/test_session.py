"""Coming in and going out, by the pages' own forms."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from http.cookies import SimpleCookie

import pytest
from httpx import AsyncClient, Response
from litestar import Litestar

from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.identity.links import service as links
from sindico_platform.identity.links.service import LinkPurpose
from sindico_platform.identity.models import TenantUser
from sindico_platform.tenancy.models import Tenant, TenantState
from tests.support.callers import ClientAs, caller_of
from tests.support.identity import MakeTenant, MakeUser

PASSWORD = "cavalo grampo bateria correto"
LinkFor = Callable[[TenantUser, LinkPurpose], Awaitable[str]]
OTHER = "janela azul com sete gatos"


@pytest.fixture
async def tenant(make_tenant: MakeTenant) -> Tenant:
    return await make_tenant()


@pytest.fixture
async def browser(served: Litestar) -> AsyncIterator[AsyncClient]:
    async with caller_of(served) as caller:
        caller.headers["Sec-Fetch-Site"] = "same-origin"
        yield caller


async def sign_in(browser: AsyncClient, login: str, password: str, **more: str) -> Response:
    data = {"login": login, "password": password, **more}
    return await browser.post("/console/sign-in", data=data)


def csrf_of(page: Response) -> str:
    found = re.search(r'name="_csrf_token" value="([^"]+)"', page.text)
    assert found is not None
    return found[1]


def cookies_of(response: Response) -> SimpleCookie:
    jar = SimpleCookie()
    for header in response.headers.get_list("set-cookie"):
        jar.load(header)
    return jar


async def test_the_right_password_opens_a_session_and_goes_on(
    browser: AsyncClient, tenant: Tenant, make_user: MakeUser
) -> None:
    user = await make_user(tenant, "crm-user", password=PASSWORD)
    login = f"{user.login}@{tenant.domain}"

    opened = await sign_in(browser, login, PASSWORD, next="/console/profile")
    profile = await browser.get("/console/profile")

    session = cookies_of(opened)["sindico"]
    assert (opened.status_code, opened.headers["location"]) == (303, "/console/profile")
    assert session["httponly"]
    assert session["samesite"].lower() == "lax"
    assert login in profile.text


@pytest.mark.parametrize("guess", [("wrong", PASSWORD), (None, "not this one at all")])
async def test_a_wrong_login_and_a_wrong_password_look_the_same(
    browser: AsyncClient, tenant: Tenant, make_user: MakeUser, guess: tuple[str | None, str]
) -> None:
    user = await make_user(tenant, password=PASSWORD)
    login, password = guess

    refused = await sign_in(browser, f"{login or user.login}@{tenant.domain}", password)

    assert refused.status_code == 401
    assert "Login ou senha incorretos" in refused.text
    assert password not in refused.text


async def test_an_empty_form_says_which_fields_are_missing(browser: AsyncClient) -> None:
    refused = await sign_in(browser, "", "")

    assert refused.status_code == 422
    assert 'href="#field-login"' in refused.text
    assert 'href="#field-password"' in refused.text


async def test_users_of_a_suspended_tenant_are_told_so(
    browser: AsyncClient, make_tenant: MakeTenant, make_user: MakeUser
) -> None:
    tenant = await make_tenant(state=TenantState.SUSPENDED)
    user = await make_user(tenant, password=PASSWORD)

    refused = await sign_in(browser, f"{user.login}@{tenant.domain}", PASSWORD)

    assert refused.status_code == 403
    assert "Este tenant está suspenso" in refused.text


@pytest.mark.parametrize("asked", ["https://evil.example", "//evil.example/console", "/api/v1"])
async def test_signing_in_leads_nowhere_else(
    browser: AsyncClient, tenant: Tenant, make_user: MakeUser, asked: str
) -> None:
    user = await make_user(tenant, password=PASSWORD)

    opened = await sign_in(browser, f"{user.login}@{tenant.domain}", PASSWORD, next=asked)

    assert opened.headers["location"] == "/console"


async def test_somebody_without_a_session_is_asked_to_sign_in_and_led_back(
    browser: AsyncClient,
) -> None:
    start = await browser.get("/console")
    deeper = await browser.get("/console/profile?tab=password")

    assert (start.status_code, start.headers["location"]) == (303, "/console/sign-in")
    assert deeper.headers["location"] == (
        "/console/sign-in?next=%2Fconsole%2Fprofile%3Ftab%3Dpassword"
    )


async def test_htmx_without_a_session_leads_the_page_to_the_sign_in(browser: AsyncClient) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://sindico.test/console/profile"}

    answer = await browser.post("/console/profile/password", headers=headers)

    assert answer.headers["hx-redirect"] == "/console/sign-in?next=%2Fconsole%2Fprofile"


async def test_whoever_is_signed_in_needs_no_sign_in_page(
    tenant: Tenant, console_as: ClientAs
) -> None:
    browser = await console_as(tenant, "crm-user")

    answer = await browser.get("/console/sign-in")

    assert (answer.status_code, answer.headers["location"]) == (303, "/console")


async def test_signing_out_ends_the_session_for_good(tenant: Tenant, console_as: ClientAs) -> None:
    browser = await console_as(tenant, "crm-user")
    kept = dict(browser.cookies)

    out = await browser.post("/console/sign-out", data={})
    browser.cookies.update(kept)
    again = await browser.get("/console")

    assert out.headers["location"] == "/console/sign-in"
    assert again.headers["location"] == "/console/sign-in"


async def test_a_form_without_the_sessions_token_changes_nothing(
    tenant: Tenant, console_as: ClientAs
) -> None:
    browser = await console_as(tenant, "crm-user")
    del browser.headers["X-CSRFToken"]

    refused = await browser.post("/console/sign-out", data={})
    page = await browser.get("/console")

    assert refused.status_code == 403
    assert page.status_code == 200


async def test_a_plain_form_carries_the_token_in_a_field(
    tenant: Tenant, console_as: ClientAs
) -> None:
    browser = await console_as(tenant, "crm-user")
    del browser.headers["X-CSRFToken"]
    page = await browser.get("/console/profile")

    chosen = await browser.post(
        "/console/language", data={"language": "en", "_csrf_token": csrf_of(page)}
    )

    assert chosen.status_code == 303


async def test_another_site_cannot_sign_anybody_in(browser: AsyncClient) -> None:
    browser.headers["Sec-Fetch-Site"] = "cross-site"

    refused = await sign_in(browser, "ana@ipe.example", PASSWORD)

    assert refused.status_code == 403


async def test_a_token_of_the_api_opens_no_page(tenant: Tenant, client_as: ClientAs) -> None:
    caller = await client_as(tenant, "admin")

    answer = await caller.get("/console")

    assert answer.headers["location"] == "/console/sign-in"


async def test_the_menu_shows_what_the_session_may(tenant: Tenant, console_as: ClientAs) -> None:
    browser = await console_as(tenant, "loads:access")

    page = await browser.get("/console")

    assert 'href="/console/loads"' in page.text
    assert 'href="/console/audit"' not in page.text


@pytest.fixture
def link_for(uow: UnitOfWork) -> LinkFor:
    async def make(user: TenantUser, purpose: LinkPurpose) -> str:
        async with uow.begin(Actor.system(user.tenant_id)) as tx:
            made = await links.make_link(tx, user_id=user.id, purpose=purpose, by_mail=False)
        assert made.credential is not None
        return made.credential.reveal()

    return make


@pytest.mark.parametrize("purpose", LinkPurpose)
async def test_a_link_lets_its_holder_choose_a_password_once(
    browser: AsyncClient,
    tenant: Tenant,
    make_user: MakeUser,
    link_for: LinkFor,
    purpose: LinkPurpose,
) -> None:
    user = await make_user(tenant, password=PASSWORD)
    address, token = links.PATHS[purpose], await link_for(user, purpose)
    login = f"{user.login}@{tenant.domain}"

    shown = await browser.get(address, params={"token": token})
    weak = await browser.post(address, data={"token": token, "password": "curta"})
    saved = await browser.post(address, data={"token": token, "password": OTHER})
    again = await browser.post(address, data={"token": token, "password": OTHER})
    opened = await sign_in(browser, login, OTHER)

    assert login in shown.text
    assert (weak.status_code, saved.status_code) == (422, 303)
    assert "curta" not in weak.text
    assert again.status_code == 410
    assert opened.headers["location"] == "/console"


@pytest.mark.parametrize("token", ["", "nonsense", f"{'0' * 32}.{'0' * 22}.{'0' * 43}"])
async def test_a_link_that_opens_nothing_says_so(browser: AsyncClient, token: str) -> None:
    answer = await browser.get("/console/reset", params={"token": token})

    assert answer.status_code == 410
    assert "Este link não vale mais" in answer.text


async def test_without_mail_a_forgotten_password_is_for_the_administrator(
    browser: AsyncClient,
) -> None:
    answer = await browser.post("/console/forgotten-password", data={"login": "ana@ipe.example"})

    assert answer.status_code == 409
    assert "Peça a um administrador" in answer.text


async def test_ones_own_password_is_changed_and_this_session_goes_on(
    tenant: Tenant, make_user: MakeUser, console_as: ClientAs
) -> None:
    user = await make_user(tenant, password=PASSWORD)
    browser, elsewhere = await console_as(tenant, user=user), await console_as(tenant, user=user)
    form = {"current_password": "not this one", "new_password": OTHER}

    refused = await browser.post("/console/profile/password", data=form)
    form["current_password"] = PASSWORD
    changed = await browser.post("/console/profile/password", data=form)

    assert refused.status_code == 422
    assert "Esta não é a senha atual." in refused.text
    assert changed.headers["location"] == "/console/profile"
    assert (await browser.get("/console/profile")).status_code == 200
    assert (await elsewhere.get("/console/profile")).status_code == 303
