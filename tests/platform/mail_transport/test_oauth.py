"""Signing in with access tokens of a provider."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_network
from typing import Any
from urllib.parse import parse_qs

import pytest
import trustme

from sindico_platform.egress import EgressGuard, GuardedHttp
from sindico_platform.egress.ranges import LOOPBACK
from sindico_platform.errors import OutsideError, Terminal, Transient
from sindico_platform.mail_transport import (
    MailServer,
    MailTransport,
    OAuthClient,
    OAuthGrant,
    OAuthLogin,
    Security,
)
from sindico_platform.settings import Secret
from tests.platform.egress.conftest import ScriptedResolver, resolver_to
from tests.platform.mail_transport.support import HOST, envelope_to, failure_of, report_of
from tests.support.mail_server import TOKEN, USER, Mailbox, server_tls, serving


class Provider:
    """A token address that answers as it is told and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.status = 200
        self.body: Any = {"access_token": TOKEN, "expires_in": 3600}
        self.port = 0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.split("content-length: ")[1].split("\r\n")[0])
        form = parse_qs((await reader.readexactly(length)).decode())
        self.asked.append({name: values[0] for name, values in form.items()})
        body = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        writer.write(f"HTTP/1.1 {self.status} X\r\ncontent-length: {len(body)}\r\n\r\n".encode())
        writer.write(body)
        await writer.drain()
        writer.close()

    def client(self, **changes: Any) -> OAuthClient:
        values = {
            "token_url": f"http://login.provedor.com.br:{self.port}/token",
            "grant": OAuthGrant.CLIENT_CREDENTIALS,
            "client_id": "crm",
            "client_secret": Secret("s3cret"),
            "scope": "https://outlook.office365.com/.default",
        }
        return OAuthClient(**{**values, **changes})


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    provider = Provider()
    async with await asyncio.start_server(provider.handle, "127.0.0.1", 0) as listener:
        provider.port = listener.sockets[0].getsockname()[1]
        yield provider


@asynccontextmanager
async def mail_server(
    mailbox: Mailbox, ca: trustme.CA, client: OAuthClient
) -> AsyncIterator[MailServer]:
    async with serving(mailbox, tls_context=server_tls(ca, HOST)) as port:
        yield MailServer(
            host=HOST,
            port=port,
            security=Security.TLS,
            login=OAuthLogin(username=USER, client=client),
            ca_pem=ca.cert_pem.bytes().decode(),
        )


async def test_a_token_by_client_credentials_signs_in(
    transport: MailTransport, mailbox: Mailbox, ca: trustme.CA, provider: Provider
) -> None:
    async with mail_server(mailbox, ca, provider.client()) as server:
        report = await report_of(transport, server)

    assert report.succeeded
    assert mailbox.tokens == [TOKEN]
    assert provider.asked == [
        {
            "grant_type": "client_credentials",
            "client_id": "crm",
            "client_secret": "s3cret",
            "scope": "https://outlook.office365.com/.default",
        }
    ]
    assert TOKEN not in repr(report)


async def test_a_token_by_refresh_token_signs_in_and_its_replacement_is_kept(
    transport: MailTransport, mailbox: Mailbox, ca: trustme.CA, provider: Provider
) -> None:
    kept: list[str] = []

    async def keep(token: Secret[str]) -> None:
        kept.append(token.reveal())

    provider.body = {"access_token": TOKEN, "expires_in": "3600", "refresh_token": "second"}
    old = provider.client(grant=OAuthGrant.REFRESH_TOKEN, refresh_token=Secret("first"))
    new = provider.client(grant=OAuthGrant.REFRESH_TOKEN, refresh_token=Secret("second"))
    for client in (old, new):
        async with (
            mail_server(mailbox, ca, client) as server,
            transport.connect(server, keep_refresh_token=keep) as connection,
        ):
            await connection.send(envelope_to())

    assert kept == ["second"]
    assert [form["refresh_token"] for form in provider.asked] == ["first"]
    assert len(mailbox.envelopes) == 2


async def test_a_token_address_that_resolves_elsewhere_the_second_time_is_not_asked(
    mailbox: Mailbox, ca: trustme.CA
) -> None:
    """The client's secret goes to the address that was checked and to no other."""
    provider, there = Provider(), ScriptedResolver(["127.0.0.1"], ["127.0.0.2"])

    async def resolve(host: str) -> Sequence[str]:
        return await there(host) if host == "login.provedor.com.br" else ["127.0.0.1"]

    guard = EgressGuard(allow=[ip_network("127.0.0.1/32")], resolver=resolve)
    transport = MailTransport(guard, GuardedHttp(guard), own_name="crm.provedor.com.br")
    async with await asyncio.start_server(provider.handle, "0.0.0.0", 0) as listener:  # noqa: S104 (both loopback addresses)
        provider.port = listener.sockets[0].getsockname()[1]
        async with mail_server(mailbox, ca, provider.client()) as server:
            first = await report_of(transport, server)
            second = await report_of(transport, server)

    assert first.succeeded
    assert failure_of(second) == ("authenticate", "egress-address-refused")
    assert (len(provider.asked), len(there.calls)) == (1, 2)


async def test_a_token_is_used_while_it_lasts_but_a_test_gets_a_new_one(
    transport: MailTransport, mailbox: Mailbox, ca: trustme.CA, provider: Provider
) -> None:
    async with mail_server(mailbox, ca, provider.client()) as server:
        for _ in range(3):
            async with transport.connect(server):
                pass
        in_use = len(provider.asked)
        await report_of(transport, server)

    assert (in_use, len(provider.asked)) == (1, 2)


async def test_a_token_that_ends_soon_is_not_kept(
    transport: MailTransport, mailbox: Mailbox, ca: trustme.CA, provider: Provider
) -> None:
    provider.body = {"access_token": TOKEN, "expires_in": 60}
    async with mail_server(mailbox, ca, provider.client()) as server:
        for _ in range(2):
            async with transport.connect(server):
                pass

    assert len(provider.asked) == 2


async def test_a_token_the_server_refuses_is_forgotten(
    transport: MailTransport, mailbox: Mailbox, ca: trustme.CA, provider: Provider
) -> None:
    provider.body = {"access_token": "stale", "expires_in": 3600}
    async with mail_server(mailbox, ca, provider.client()) as server:
        report = await report_of(transport, server)
        provider.body = {"access_token": TOKEN, "expires_in": 3600}
        async with transport.connect(server):
            pass

    assert failure_of(report) == ("authenticate", "mail-oauth-token-refused")
    assert mailbox.tokens == ["stale", TOKEN]


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (401, {"error": "invalid_client"}, Terminal, "mail-oauth-client-refused"),
        (400, {"error": "unauthorized_client"}, Terminal, "mail-oauth-client-refused"),
        (
            400,
            {"error": "invalid_grant", "error_description": "expired"},
            Terminal,
            "mail-oauth-grant-refused",
        ),
        (400, {"error": "invalid_scope"}, Terminal, "mail-oauth-scope-refused"),
        (400, {"error": "other"}, Terminal, "mail-oauth-refused"),
        (404, b"<html>", Terminal, "mail-oauth-refused"),
        (302, b"", Terminal, "mail-oauth-refused"),
        (200, b"<html>", Terminal, "mail-oauth-refused"),
        (503, b"", Transient, "mail-oauth-unavailable"),
        (429, b"", Transient, "mail-oauth-unavailable"),
    ],
)
async def test_each_refusal_of_a_token_has_its_code(
    transport: MailTransport,
    mailbox: Mailbox,
    ca: trustme.CA,
    provider: Provider,
    *,
    status: int,
    body: Any,
    kind: type[OutsideError],
    code: str,
) -> None:
    provider.status, provider.body = status, body
    async with mail_server(mailbox, ca, provider.client()) as server:
        with pytest.raises(kind) as raised:
            async with transport.connect(server):
                pass

    assert raised.value.code == code
    assert mailbox.tokens == []


async def test_the_token_address_passes_the_guard(
    mailbox: Mailbox, ca: trustme.CA, provider: Provider
) -> None:
    open_guard = EgressGuard(allow=LOOPBACK, resolver=resolver_to("127.0.0.1"))
    transport = MailTransport(open_guard, GuardedHttp(EgressGuard()), own_name="crm.example.com")
    client = provider.client(token_url=f"http://127.0.0.1:{provider.port}/token")
    async with mail_server(mailbox, ca, client) as server:
        report = await report_of(transport, server)

    assert failure_of(report) == ("authenticate", "egress-address-refused")
    assert provider.asked == []
