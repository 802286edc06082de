"""The tab of file servers on the console."""

import re
from html import unescape
from pathlib import Path

import pytest
import trustme
from httpx import AsyncClient
from litestar import Litestar

from sindico_api.i18n import LANGUAGE_COOKIE
from sindico_platform.tenancy.models import Tenant
from tests.api.test_ftp_settings import PATH, SETTINGS, files_in, make_branches
from tests.support.callers import ClientAs
from tests.support.file_servers import (
    PASSWORD,
    USERNAME,
    RunningServer,
    serving_ftp,
    serving_sftp,
)
from tests.support.identity import MakeTenant, MakeUser
from tests.support.jobs import run_jobs

SCREEN = "/console/company-settings/ftp-settings"
EVENTS = {"Accept": "text/event-stream"}
FORM = {"connection": "sftp", "transfer_method": "application", "host": "200.160.2.3"}


@pytest.fixture
async def tenant(make_tenant: MakeTenant) -> Tenant:
    return await make_tenant()


@pytest.fixture
async def browser(tenant: Tenant, nearby_console_as: ClientAs) -> AsyncClient:
    return await nearby_console_as(tenant, "crm-director")


@pytest.fixture
async def director(tenant: Tenant, nearby_as: ClientAs) -> AsyncClient:
    return await nearby_as(tenant, "crm-director")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "home"
    made.mkdir()
    return made


def typed(running: RunningServer, **changes: str) -> dict[str, str]:
    fields = {
        "connection": running.connection.value,
        "transfer_method": "application",
        "host": "localhost",
        "port": str(running.port),
        "username": USERNAME,
        "password": PASSWORD,
        "host_key": running.host_key or "",
        "ca_certificate": running.certificate or "",
    }
    return fields | changes


def last_event(text: str) -> str:
    """The markup of the last event of a stream."""
    block = text.replace("\r\n", "\n").strip().split("\n\n")[-1]
    lines = [line[6:] for line in block.splitlines() if line.startswith("data: ")]
    return unescape("\n".join(lines))


def hidden(markup: str, name: str) -> str:
    match = re.search(rf'name="{name}" value="([^"]+)"', markup)
    assert match, name
    return match[1]


async def test_without_a_server_the_screen_says_what_is_missing(browser: AsyncClient) -> None:
    page = await browser.get(SCREEN)

    assert page.status_code == 200
    assert "Ainda não há servidor de arquivos" in page.text
    assert f'href="{SCREEN}/new"' in page.text


async def test_a_server_is_added_changed_and_deleted(browser: AsyncClient) -> None:
    made = await browser.post(SCREEN, data=FORM | {"username": "crm", "password": "s3nha"})
    path = made.headers["Location"]
    shown = await browser.get(path)
    changed = await browser.post(
        path, data=FORM | {"username": "crm", "folder": "/novo", "revision": "1"}
    )
    again = await browser.get(path)
    deleted = await browser.post(f"{path}/delete")

    assert made.status_code == changed.status_code == deleted.status_code == 303
    assert "s3nha" not in shown.text
    assert 'value="200.160.2.3"' in shown.text
    assert 'value="/novo"' in again.text
    assert "••••••••" in again.text
    assert (await browser.get(path)).status_code == 404


async def test_what_is_wrong_stands_beside_its_field(browser: AsyncClient) -> None:
    refused = await browser.post(
        SCREEN, data=FORM | {"host": "10.0.0.1", "port": "abc", "username": ""}
    )
    denied = await browser.post(SCREEN, data=FORM | {"host": "10.0.0.1", "username": "crm"})

    assert refused.status_code == denied.status_code == 422
    assert 'id="field-port-error"' in refused.text
    assert 'id="field-host-error"' in denied.text


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("port", "0"),
        ("port", "²"),
        ("host", "[fd00::1]"),
        ("host", "a b.example"),
        ("host", "a" * 10_000),
        ("folder", "../fora"),
        ("folder", "a\r\nDELE b"),
        ("username", "a\0b"),
    ],
    ids=["zero", "no-digit", "private", "space", "long", "parent", "line-break", "nul"],
)
async def test_what_cannot_be_is_shown_in_the_readers_language(
    browser: AsyncClient, field: str, text: str
) -> None:
    refused = await browser.post(SCREEN, data=FORM | {"username": "crm", field: text})

    assert refused.status_code == 422
    told = re.search(rf'id="field-{field}-error">.*?</svg>([^<]+)<', refused.text)
    assert told
    browser.cookies.set(LANGUAGE_COOKIE, "en")
    english = await browser.post(SCREEN, data=FORM | {"username": "crm", field: text})
    assert told[1] not in english.text


async def test_a_second_one_for_the_same_is_refused(browser: AsyncClient) -> None:
    form = FORM | {"username": "crm"}
    await browser.post(SCREEN, data=form)

    again = await browser.post(SCREEN, data=form)

    assert again.status_code == 409
    assert "Já existe uma configuração" in again.text


async def test_what_the_form_hides_is_not_sent(browser: AsyncClient, director: AsyncClient) -> None:
    form = FORM | {"connection": "ftp", "username": "crm", "host_key": "nonsense"}

    made = await browser.post(SCREEN, data=form | {"private_key": "x", "ca_certificate": "x"})

    assert made.status_code == 303
    (item,) = (await director.get(PATH)).json()["items"]
    assert item["connection"] == "ftp"


async def test_the_form_is_tested_as_typed_and_saved_as_tested(
    browser: AsyncClient, director: AsyncClient, folder: Path
) -> None:
    async with serving_sftp(folder) as running:
        form = typed(running)
        unknown = await browser.post(f"{SCREEN}/test", data=form | {"host_key": ""}, headers=EVENTS)
        tested = await browser.post(f"{SCREEN}/test", data=form, headers=EVENTS)
    asked, shown = last_event(unknown.text), last_event(tested.text)
    signed = hidden(shown, "signed_report")
    made = await browser.post(SCREEN, data=form | {"signed_report": signed})

    assert running.host_key is not None
    assert f'data-value="{running.host_key}"' in asked
    assert "Confirmar a chave" in asked
    assert "Ele fica na pasta" in shown
    assert "data:text/plain" in shown
    assert made.status_code == 303
    (item,) = (await director.get(PATH)).json()["items"]
    assert item["test_succeeded"] is True


async def test_the_certificates_last_day_is_written_as_the_reader_does(
    browser: AsyncClient, folder: Path
) -> None:
    with serving_ftp(folder, ca=trustme.CA()) as running:
        stream = await browser.post(f"{SCREEN}/test", data=typed(running), headers=EVENTS)
        form = typed(running, signed_report=hidden(last_event(stream.text), "signed_report"))
        saved = await browser.post(SCREEN, data=form)
    stored = await browser.get(saved.headers["Location"])

    for text in (last_event(stream.text), stored.text):
        assert re.search(r"válido até \d{2}/\d{2}/\d{4}: faltam", text)


async def test_a_new_key_of_the_server_asks_for_the_password_again(
    browser: AsyncClient, folder: Path
) -> None:
    """Who confirms a key sends the password to whoever showed it: it must be theirs to send."""
    async with serving_sftp(folder) as before:
        made = (await browser.post(SCREEN, data=typed(before))).headers["Location"]
    kept = typed(before, password="", settings_id=made.rpartition("/")[2])
    async with serving_sftp(folder) as after:
        confirmed = kept | {"port": str(before.port), "host_key": after.host_key or ""}
        saved = await browser.post(made, data=confirmed)
        tested = await browser.post(f"{SCREEN}/test", data=confirmed)
    unchanged = await browser.post(made, data=kept)

    for refused in (saved, tested):
        assert refused.status_code == 422
        assert "Digite de novo, porque o destino" in refused.text
    assert unchanged.status_code == 303


async def test_a_report_of_other_settings_is_not_taken_over(
    browser: AsyncClient, director: AsyncClient, folder: Path
) -> None:
    with serving_ftp(folder) as running:
        form = typed(running)
        tested = await browser.post(f"{SCREEN}/test", data=form, headers=EVENTS)
    signed = hidden(last_event(tested.text), "signed_report")

    await browser.post(SCREEN, data=form | {"signed_report": signed, "folder": "/other"})

    (item,) = (await director.get(PATH)).json()["items"]
    assert item["tested_at"] is None


async def test_a_test_without_scripts_answers_with_the_page(
    browser: AsyncClient, folder: Path
) -> None:
    with serving_ftp(folder) as running:
        page = await browser.post(f"{SCREEN}/test", data=typed(running, password="errada"))

    assert page.status_code == 200
    assert "recusou o usuário" in page.text
    assert f'value="{running.port}"' in page.text
    assert "errada" not in page.text


async def test_the_test_file_is_removed_with_one_click(browser: AsyncClient, folder: Path) -> None:
    with serving_ftp(folder) as running:
        form = typed(running)
        await browser.post(f"{SCREEN}/test", data=form, headers=EVENTS)
        left = files_in(folder)
        removed = await browser.post(f"{SCREEN}/test-file", data=form)

    assert len(left) == 1
    assert removed.status_code == 200
    assert files_in(folder) == []


async def test_a_stored_server_is_tested_with_its_stored_password(
    browser: AsyncClient, director: AsyncClient, folder: Path
) -> None:
    with serving_ftp(folder) as running:
        form = typed(running)
        made = await browser.post(SCREEN, data=form)
        settings_id = made.headers["Location"].rpartition("/")[2]
        stored = form | {"password": "", "settings_id": settings_id}
        await browser.post(f"{SCREEN}/test", data=stored, headers=EVENTS)
        page = await browser.get(made.headers["Location"])

    (item,) = (await director.get(PATH)).json()["items"]
    assert item["test_succeeded"] is True
    assert "sindico-teste-" in page.text


async def test_all_are_tested_and_the_list_follows(
    browser: AsyncClient, tenant: Tenant, folder: Path, served_nearby: Litestar
) -> None:
    with serving_ftp(folder) as running:
        await browser.post(SCREEN, data=typed(running))
        begun = await browser.post(f"{SCREEN}/test-all")
        following = await browser.get(begun.headers["Location"])
        await run_jobs(served_nearby.state.context, tenant.tenant_id)
        query = begun.headers["Location"].partition("?")[2]
        stream = await browser.get(f"{SCREEN}/events?{query}")

    assert "0 de 1 testadas" in following.text
    assert 'sse-swap="servers"' in following.text
    assert "1 de 1 testadas" in stream.text
    assert stream.text.rstrip().endswith("event: end\r\ndata:")


async def test_the_branches_show_what_each_uses(
    browser: AsyncClient, director: AsyncClient
) -> None:
    _, (first, _) = await make_branches(director)
    await director.post(PATH, json=SETTINGS | {"branch_id": first})

    page = await browser.get(f"{SCREEN}/branches")
    form = await browser.get(f"{SCREEN}/new?branch_id={first}")
    choices = await browser.get(f"{SCREEN}/scope")

    assert "Sem servidor" in page.text
    assert "Própria" in page.text
    assert re.search(rf'<option value="{first}" selected>', form.text)
    assert "Escolha antes uma empresa" in choices.text


async def test_who_may_only_look_gets_no_buttons(
    tenant: Tenant, nearby_console_as: ClientAs, director: AsyncClient, make_user: MakeUser
) -> None:
    made = await director.post(PATH, json=SETTINGS)
    onlooker = await nearby_console_as(tenant, "ftp_settings:view")

    listed = await onlooker.get(SCREEN)
    shown = await onlooker.get(f"{SCREEN}/{made.json()['id']}")

    for page in (listed, shown):
        assert page.status_code == 200
        assert "data-live-test" not in page.text
        assert "Testar todos" not in page.text


async def test_a_server_with_files_is_left_only_by_who_says_they_were_moved(
    browser: AsyncClient,
    director: AsyncClient,
    tenant: Tenant,
    folder: Path,
    served_nearby: Litestar,
) -> None:
    with serving_ftp(folder) as old, serving_ftp(folder.parent) as new:
        path = (await browser.post(SCREEN, data=typed(old))).headers["Location"]
        await director.post("/api/v1/documents", files={"file": ("a.pdf", b"a")})
        await run_jobs(served_nearby.state.context, tenant.tenant_id)

        shown = await browser.get(path)
        refused = await browser.post(path, data=typed(new))
        moved = await browser.post(path, data=typed(new, files_moved="true"))

    assert "O arquivo de 1 documento está neste servidor." in shown.text
    assert f'href="/console/documents?server={path.rpartition("/")[2]}"' in shown.text
    assert "Esta configuração está em uso" in shown.text
    assert refused.status_code == 409
    assert 'id="field-files_moved-error"' in refused.text
    assert moved.status_code == 303
