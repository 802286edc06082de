"""Operators keep the list of mail and file servers that no customer may use."""

from ipaddress import ip_address
from typing import Any

import pytest
from httpx import AsyncClient
from uuid_utils.compat import uuid7

from sindico_api.context import Context
from sindico_platform.denied_hosts.watch import DeniedHosts
from sindico_platform.errors import OutsideError
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant

PATH = "/api/v1/denied-hosts"


@pytest.fixture
async def operator(make_tenant: MakeTenant, client_as: ClientAs) -> AsyncClient:
    return await client_as(await make_tenant(master=True), "operator")


def host() -> str:
    return f"smtp.{uuid7().hex[-12:]}.example.com"


async def listed(operator: AsyncClient) -> dict[str, dict[str, Any]]:
    body = (await operator.get(PATH, params={"limit": 200})).json()
    return {item["entry"]: item for item in body["items"]}


async def test_the_vendors_own_domain_is_refused_from_the_start(
    operator: AsyncClient, context: Context
) -> None:
    assert "*.senior.com.br" in await listed(operator)
    with pytest.raises(OutsideError) as raised:
        await context.guard.resolve("smtp.senior.com.br", 587)
    assert raised.value.code in {"egress-host-denied", "dns-not-found", "dns-failed"}


async def test_a_host_is_denied_and_allowed_again(operator: AsyncClient, context: Context) -> None:
    name = host()
    made = await operator.post(PATH, json={"entry": f" {name.upper()}. ", "reason": "Our own"})
    again = await operator.post(PATH, json={"entry": name})
    deny = DeniedHosts(context.uow, keep_seconds=0)
    denied = await deny(f"mail.{name}", [])
    removed = await operator.delete(f"{PATH}/{made.json()['id']}")
    gone = await operator.delete(f"{PATH}/{made.json()['id']}")

    assert (made.status_code, made.json()["entry"], made.json()["reason"]) == (201, name, "Our own")
    assert (again.status_code, again.json()["code"]) == (409, "host-denied-already")
    assert denied
    assert not await deny(f"mail.{name}", [])
    assert (removed.status_code, gone.status_code) == (204, 404)


async def test_a_process_follows_within_seconds(operator: AsyncClient, context: Context) -> None:
    name, deny = host(), DeniedHosts(context.uow, keep_seconds=600)
    assert not await deny(name, [])
    await operator.post(PATH, json={"entry": name})

    assert not await deny(name, [])
    deny._stale_at = 0.0  # the seconds have passed
    assert await deny(name, [])


async def test_a_range_and_a_domain_are_denied(operator: AsyncClient, context: Context) -> None:
    name = host()
    await operator.post(PATH, json={"entry": f"*.{name}"})
    await operator.post(PATH, json={"entry": "2001:db8:7::/48"})
    deny = DeniedHosts(context.uow, keep_seconds=0)

    assert await deny(name, [])
    assert await deny(f"a.b.{name}", [])
    assert not await deny(f"not{name}", [])
    assert await deny("elsewhere.example.com", [ip_address("2001:db8:7::25")])


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ("", "denied-host-format"),
        ("https://smtp.example.com", "denied-host-format"),
        ("smtp example", "denied-host-format"),
        ("*.10.0.0.1", "denied-host-format"),
        ("10.0.0.0/99", "denied-host-format"),
        ("*.com", "denied-host-too-wide"),
        ("0.0.0.0/0", "denied-host-too-wide"),
        ("::/0", "denied-host-too-wide"),
        ("a" * 10_000, "denied-host-format"),
        ("smtp.example.com\r\nx", "denied-host-format"),
    ],
)
async def test_what_is_no_host_is_refused(operator: AsyncClient, entry: str, code: str) -> None:
    answer = await operator.post(PATH, json={"entry": entry})

    assert answer.status_code == 422
    assert [(each["field"], each["code"]) for each in answer.json()["errors"]] == [("entry", code)]


async def test_a_customer_does_not_see_the_list(
    make_tenant: MakeTenant, client_as: ClientAs
) -> None:
    caller = await client_as(await make_tenant(), "crm-director")

    assert (await caller.get(PATH)).status_code == 404


async def test_operators_keep_the_list_on_the_console(
    make_tenant: MakeTenant, console_as: ClientAs
) -> None:
    browser = await console_as(await make_tenant(master=True), "operator")
    name = host()

    made = await browser.post("/console/denied-hosts", data={"entry": name, "reason": "Nosso"})
    page = await browser.get("/console/denied-hosts", params={"sort": "-created_at"})
    refused = await browser.post("/console/denied-hosts", data={"entry": "não é"})
    twice = await browser.post("/console/denied-hosts", data={"entry": name})

    assert made.status_code == 303
    assert name in page.text
    assert (refused.status_code, twice.status_code) == (422, 409)
    assert 'id="field-entry-error"' in refused.text
    host_id = page.text.split(f">{name}<")[1].split('data-dialog-open="allow-')[1][:36]
    removed = await browser.post(f"/console/denied-hosts/{host_id}/delete")
    assert removed.status_code == 303
    assert name not in (await browser.get("/console/denied-hosts?sort=-created_at")).text
