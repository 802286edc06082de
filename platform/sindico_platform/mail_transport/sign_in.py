"""Signing in to a mail server, by password or by access token; never in the clear."""

import aiosmtplib

from sindico_platform.connection_tests.schemas import Stage
from sindico_platform.errors import OutsideError
from sindico_platform.mail_transport import errors
from sindico_platform.mail_transport.connection import told_apart
from sindico_platform.mail_transport.oauth import Keep, TokenSource
from sindico_platform.mail_transport.schemas import (
    MailServer,
    OAuthLogin,
    PasswordLogin,
    Security,
)

_BY_PASSWORD = {
    "plain": aiosmtplib.SMTP.auth_plain,
    "login": aiosmtplib.SMTP.auth_login,
    "cram-md5": aiosmtplib.SMTP.auth_crammd5,
}
"""The preferred first. Only one is tried, because repeated attempts lock accounts."""
_BY_TOKEN = "xoauth2"  # noqa: S105 (the name of a mechanism)


async def sign_in(
    smtp: aiosmtplib.SMTP,
    server: MailServer,
    tokens: TokenSource,
    *,
    fresh_token: bool,
    keep: Keep | None,
) -> str:
    """Sign in as the server's settings say.

    Returns:
        The mechanism, such as ``PLAIN``.

    Raises:
        Transient, Terminal: stage AUTHENTICATE in `errors`, or the way to the token address failed.
    """
    _demand_sign_in(smtp, server)
    if isinstance(server.login, OAuthLogin):
        await _by_token(smtp, server, server.login, tokens, fresh_token=fresh_token, keep=keep)
        return _BY_TOKEN.upper()
    if isinstance(server.login, PasswordLogin):
        return await _by_password(smtp, server, server.login)
    raise TypeError("a server without a login is not signed in to")


def _demand_sign_in(smtp: aiosmtplib.SMTP, server: MailServer) -> None:
    if server.security is Security.NONE:
        raise errors.LOGIN_NEEDS_TLS.error()
    if not smtp.supports_extension("auth"):
        raise errors.AUTH_NOT_OFFERED.error(host=server.host, port=server.port)


async def _by_password(smtp: aiosmtplib.SMTP, server: MailServer, login: PasswordLogin) -> str:
    mechanism = next((name for name in _BY_PASSWORD if name in smtp.server_auth_methods), None)
    if mechanism is None:
        raise _kind_not_offered(smtp, server)
    with told_apart(Stage.AUTHENTICATE, server, user=login.username):
        await _BY_PASSWORD[mechanism](smtp, login.username, login.password.reveal())
    return mechanism.upper()


async def _by_token(
    smtp: aiosmtplib.SMTP,
    server: MailServer,
    login: OAuthLogin,
    tokens: TokenSource,
    *,
    fresh_token: bool,
    keep: Keep | None,
) -> None:
    if _BY_TOKEN not in smtp.server_auth_methods:
        raise _kind_not_offered(smtp, server)
    token = await tokens.get_token(login.client, fresh=fresh_token, keep=keep)
    try:
        with told_apart(Stage.AUTHENTICATE, server, by_token=True, user=login.username):
            await smtp.auth_xoauth2(login.username, token.reveal())
    except OutsideError:
        tokens.forget(login.client)
        raise


def _kind_not_offered(smtp: aiosmtplib.SMTP, server: MailServer) -> OutsideError:
    offered = ", ".join(smtp.server_auth_methods).upper()
    return errors.AUTH_KIND_NOT_OFFERED.error(host=server.host, offered=offered or "–")
