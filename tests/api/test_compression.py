"""Answers go compressed, but for streams and for secrets."""

import gzip
import re
from collections.abc import Mapping
from html import unescape

import pytest
from httpx import AsyncClient
from litestar.types import HTTPResponseStartEvent

from sindico_api.compression import may_be_compressed
from sindico_api.context import Context
from sindico_api.csrf import is_masked, masked
from tests.provisioning.loads.conftest import Site, erp_kind, make_site
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant

__all__ = ["erp_kind"]
GZIP = {"Accept-Encoding": "gzip, deflate, br"}
TOKEN = re.compile(r'name="_csrf_token" value="([^"]+)"')


def start(headers: Mapping[str, str]) -> HTTPResponseStartEvent:
    pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http.response.start", "status": 200, "headers": pairs}


@pytest.mark.parametrize("path", ["/console/sign-in", "/schema/openapi.json"])
async def test_pages_documents_and_files_go_compressed(client: AsyncClient, path: str) -> None:
    compressed = await client.get(path, headers=GZIP)
    plain = await client.get(path, headers={"Accept-Encoding": "identity"})

    assert compressed.headers["content-encoding"] == "gzip"
    assert "accept-encoding" in compressed.headers["vary"].lower()
    assert int(compressed.headers["content-length"]) < len(plain.content) / 2
    assert "content-encoding" not in plain.headers
    assert compressed.headers["content-type"] == plain.headers["content-type"]


async def test_a_file_is_the_same_either_way(client: AsyncClient) -> None:
    async with client.stream("GET", "/console/static/app.css", headers=GZIP) as answer:
        raw = b"".join([piece async for piece in answer.aiter_raw()])
    plain = await client.get("/console/static/app.css", headers={"Accept-Encoding": "identity"})

    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(raw) == plain.content


async def test_short_answers_stay_as_they_are(client: AsyncClient) -> None:
    answer = await client.get("/health/live", headers=GZIP)

    assert "content-encoding" not in answer.headers


async def test_events_are_not_held_back(
    context: Context, make_tenant: MakeTenant, erp_kind: str, console_as: ClientAs
) -> None:
    site: Site = await make_site(context, await make_tenant(), erp_kind)
    site.erp.put("empresa", "a", "b", "c")
    load = await site.load()
    browser = await console_as(site.tenant, "loads:view")

    events = await browser.get(f"/console/loads/{load.id}/events", headers=GZIP)
    page = await browser.get(f"/console/loads/{load.id}", headers=GZIP)

    assert events.headers["content-type"].startswith("text/event-stream")
    assert "content-encoding" not in events.headers
    assert page.headers["content-encoding"] == "gzip"


async def test_a_secret_shown_once_is_not_compressed_by_anybody(
    make_tenant: MakeTenant, console_as: ClientAs
) -> None:
    browser = await console_as(await make_tenant(), "admin")
    form = {"name": "BI", "permissions": "accounts:view"}

    shown = await browser.post("/console/api-clients", data=form, headers=GZIP)

    assert "client_secret" in shown.text
    assert "content-encoding" not in shown.headers
    assert shown.headers["cache-control"] == "no-store, no-transform"


async def test_links_and_the_pages_they_open_are_not_compressed(
    make_tenant: MakeTenant, console_as: ClientAs, client: AsyncClient
) -> None:
    browser = await console_as(await make_tenant(), "admin")
    form = {"name": "Bia", "login": "bia", "email": "", "locale": ""}

    shown = await browser.post("/console/users", data=form, headers=GZIP)
    path = re.findall(r"/console/invitation[^\"]+", unescape(shown.text))[0]
    opened = await client.get(path, headers=GZIP)

    assert 'name="token"' in opened.text
    for answer in (shown, opened):
        assert "content-encoding" not in answer.headers
        assert "no-transform" in answer.headers["cache-control"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/event-stream; charset=utf-8"},
        {"Content-Type": "image/png"},
        {"Content-Type": "text/html", "Cache-Control": "no-store, no-transform"},
        {"Content-Type": "application/json", "Content-Encoding": "zstd"},
        {"Content-Type": "text/plain", "Content-Range": "bytes 0-9/90"},
        {},
    ],
    ids=["stream", "picture", "secret", "compressed", "part", "untyped"],
)
def test_what_is_left_alone(headers: dict[str, str]) -> None:
    assert not may_be_compressed(start(headers))


async def test_no_two_pages_carry_the_same_token(
    make_tenant: MakeTenant, console_as: ClientAs
) -> None:
    browser = await console_as(await make_tenant(), "admin")

    found = [TOKEN.findall((await browser.get("/console")).text)[0] for _ in range(2)]
    answers = [
        await browser.post(
            "/console/language",
            data={"language": "en", "_csrf_token": token},
            headers={"X-CSRFToken": ""},
        )
        for token in found
    ]

    assert found[0] != found[1]
    assert [answer.status_code for answer in answers] == [303, 303]


@pytest.mark.parametrize("given", ["", "x", "é", "token", "dG9rZW4=", "////"])
def test_what_is_no_mask_of_the_token_is_refused(given: str) -> None:
    assert not is_masked(given, "token")
    assert not is_masked(masked("other"), "token")
    assert is_masked(masked("token"), "token")
