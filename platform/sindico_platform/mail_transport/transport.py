"""The one way to a mail server: resolve, connect, TLS, greeting, sign-in.

The connection goes to an address that the guard has checked and to no other, whatever the name
resolves to meanwhile; TLS keeps the name.
"""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cached_property

import aiosmtplib

from sindico_platform.connection_tests.schemas import Stage
from sindico_platform.connection_tests.walk import UNWATCHED, Watch
from sindico_platform.egress import EgressGuard, GuardedHttp, tls_context
from sindico_platform.egress.hosts import find_literal
from sindico_platform.mail_transport.connection import SYSTEM, MailConnection
from sindico_platform.mail_transport.oauth import Keep, TokenSource
from sindico_platform.mail_transport.opening import Door, open_smtp
from sindico_platform.mail_transport.schemas import MailServer, Security
from sindico_platform.mail_transport.sign_in import sign_in
from sindico_platform.telemetry.outside import outside_call


def plan_stages(server: MailServer) -> tuple[Stage, ...]:
    """The stages of sending one message, in their order."""
    implicit = server.security is Security.SSL
    opening = (Stage.TLS, Stage.GREETING) if implicit else (Stage.GREETING, Stage.TLS)
    sending = (Stage.AUTHENTICATE, Stage.MAIL_FROM, Stage.RCPT_TO, Stage.DATA)
    return (Stage.RESOLVE, Stage.CONNECT, *opening, *sending)


class MailTransport:
    """One per process.

    Args:
        own_name: the host by which we present ourselves to servers.
    """

    def __init__(self, guard: EgressGuard, http: GuardedHttp, *, own_name: str) -> None:
        self._guard, self._tokens = guard, TokenSource(http)
        self._own_name = _presentable(own_name)

    @asynccontextmanager
    async def connect(
        self,
        server: MailServer,
        *,
        watch: Watch = UNWATCHED,
        fresh_token: bool = False,
        keep_refresh_token: Keep | None = None,
    ) -> AsyncIterator[MailConnection]:
        """A connection that is ready to send, closed at the end.

        Args:
            fresh_token: get a new access token in any case, as a connection test does.
            keep_refresh_token: called when the provider replaced the refresh token.

        Raises:
            Transient, Terminal: see `errors` here and in `sindico_platform.egress`.
        """
        with outside_call(SYSTEM):
            connection = await self._open(
                server, watch, fresh_token=fresh_token, keep=keep_refresh_token
            )
        try:
            yield connection
        finally:
            await connection.close()

    async def _open(
        self, server: MailServer, watch: Watch, *, fresh_token: bool, keep: Keep | None
    ) -> MailConnection:
        checked = await self._guard.resolve(server.host, server.port, watch=watch)
        door = Door(checked=checked, server=server, own_name=self._own_name)
        tls = self._public_tls if server.ca_pem is None else tls_context(server.ca_pem)
        smtp = await open_smtp(door, tls, watch)
        connection = MailConnection(smtp, server)
        try:
            await self._sign_in(smtp, server, watch, fresh_token=fresh_token, keep=keep)
        except BaseException:
            await connection.close()
            raise
        return connection

    async def _sign_in(
        self,
        smtp: aiosmtplib.SMTP,
        server: MailServer,
        watch: Watch,
        *,
        fresh_token: bool,
        keep: Keep | None,
    ) -> None:
        if server.login is None:
            watch.skip(Stage.AUTHENTICATE, "Without signing in, as the settings say.")
            return
        with watch.stage(Stage.AUTHENTICATE) as seen:
            mechanism = await sign_in(
                smtp, server, self._tokens, fresh_token=fresh_token, keep=keep
            )
            user = server.login.username
            seen.note("Signed in as {user} by {mechanism}.", user=user, mechanism=mechanism)

    @cached_property
    def _public_tls(self) -> ssl.SSLContext:
        return tls_context()


def _presentable(host: str) -> str:
    """A host name as it is, an address in the brackets that SMTP wants."""
    address = find_literal(host.strip("[]"))
    if address is None:
        return host
    return f"[{address}]" if address.version == 4 else f"[IPv6:{address}]"  # noqa: PLR2004 (IP versions)
