"""The token endpoint: OAuth 2.0 password, refresh and client-credentials grants."""

from dataclasses import dataclass

from litestar import Response, post
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema
from msgspec import UNSET, UnsetType

from sindico_api import oauth
from sindico_api.client_address import client_address
from sindico_api.context import Context
from sindico_api.dependencies import AppContext
from sindico_api.openapi import PUBLIC_SECURITY
from sindico_api.problems import AnyRequest
from sindico_api.request_id import request_id_of
from sindico_platform.database.tx import Actor, ActorKind
from sindico_platform.errors import SindicoError
from sindico_platform.identity import queries
from sindico_platform.identity.api_clients import service as api_clients
from sindico_platform.identity.authentication.service import demand_active_tenant
from sindico_platform.identity.credentials import Credential
from sindico_platform.identity.sign_in.service import (
    SignInRefused,
    counted_sign_in,
    prove_password,
    record_sign_in,
)
from sindico_platform.identity.sign_in.throttle import Attempt
from sindico_platform.identity.tokens import service as tokens
from sindico_platform.identity.tokens.service import IssuedTokens, Scope
from sindico_platform.schemas import Output

BEARER = "Bearer"
PARAMETERS = {
    "grant_type": "`password`, `refresh_token` or `client_credentials`",
    "username": "for `password`: login@domain",
    "password": "for `password`",
    "refresh_token": "for `refresh_token`",
    "client_id": "for `client_credentials`, or as HTTP Basic",
    "client_secret": "for `client_credentials`, or as HTTP Basic",
    "scope": "permissions apart by spaces; narrows what the token allows",
}


class TokenOut(Output, frozen=True):
    """RFC 6749, section 5.1."""

    access_token: str
    expires_in: int
    """Seconds."""
    scope: str
    """The permissions the access token carries, apart by spaces."""
    token_type: str = BEARER
    refresh_token: str | UnsetType = UNSET
    """Works once; the answer to it carries the next one."""


def _body_of(parameters: dict[str, str]) -> RequestBody:
    schema = Schema(
        type=OpenAPIType.OBJECT,
        required=[next(iter(parameters))],
        properties={
            name: Schema(type=OpenAPIType.STRING, description=text)
            for name, text in parameters.items()
        },
    )
    types = ("application/x-www-form-urlencoded", "application/json")
    return RequestBody(required=True, content={each: OpenAPIMediaType(schema) for each in types})


@dataclass
class TokenOperation(Operation):
    """The body is read by hand, since it comes as a form or as JSON."""

    def __post_init__(self) -> None:
        self.request_body = _body_of(PARAMETERS)


@dataclass
class RevocationOperation(Operation):
    """As above."""

    def __post_init__(self) -> None:
        self.request_body = _body_of({"token": "an access or refresh token"})


@post(
    "/auth/token",
    tags=["auth"],
    status_code=200,
    opt={"public": True},
    security=PUBLIC_SECURITY,
    operation_class=TokenOperation,
    exception_handlers={SindicoError: oauth.refuse},
)
async def issue_token(request: AnyRequest, context: AppContext) -> Response[TokenOut]:
    """Get an access token.

    `password` and `refresh_token` also give a refresh token. It works once; presenting it a second
    time ends every token of that sign-in. Access tokens live 15 minutes.
    """
    asked = await oauth.read_token_request(request)
    asked.demand("grant_type")
    grant = GRANTS.get(asked.grant_type)
    if grant is None:
        raise oauth.GrantTypeUnsupported
    with counted_sign_in(asked.grant_type):
        issued = await grant(context, request, asked)
    return Response(issued, headers=oauth.NO_STORE)


@post(
    "/auth/revoke",
    tags=["auth"],
    status_code=200,
    opt={"public": True},
    security=PUBLIC_SECURITY,
    operation_class=RevocationOperation,
    exception_handlers={SindicoError: oauth.refuse},
)
async def revoke_token(request: AnyRequest, context: AppContext) -> None:
    """End a sign-in by one of its tokens (RFC 7009); a token that opens nothing is no error."""
    presented = (await oauth.read_body(request)).get("token")
    credential = Credential.parse(presented) if isinstance(presented, str) else None
    if credential is None:
        return
    actor = Actor.system(
        credential.tenant_id, "revocation", request_id=request_id_of(request.scope)
    )
    async with context.uow.begin(actor) as tx:
        await tokens.revoke_token(tx, credential=credential)


async def by_password(context: Context, request: AnyRequest, asked: oauth.TokenRequest) -> TokenOut:
    asked.demand("username", "password")
    address = client_address(request)
    attempt = Attempt(login=asked.username, address=address)
    try:
        proven = await prove_password(context.doors, attempt=attempt, password=asked.password)
        actor = proven.actor(request_id=request_id_of(request.scope))
        async with context.uow.begin(actor) as tx:
            await record_sign_in(tx, proven, way="api", address=address)
            granted = await queries.permissions_of_user(tx, proven.user_id)
            scope = _scope(asked, granted)
            issued = await tokens.issue_to_user(tx, user_id=proven.user_id, scope=scope)
    except SignInRefused as error:
        raise oauth.GrantInvalid from error
    return _shown(issued, granted)


async def by_refresh_token(
    context: Context, request: AnyRequest, asked: oauth.TokenRequest
) -> TokenOut:
    asked.demand("refresh_token")
    credential = Credential.parse(asked.refresh_token)
    if credential is None:
        raise oauth.GrantInvalid
    actor = Actor.system(
        credential.tenant_id, "refresh-token", request_id=request_id_of(request.scope)
    )
    async with context.uow.begin(actor) as tx:
        answer = await tokens.exchange_refresh_token(
            tx, credential=credential, scope=_asked_scope(asked)
        )
        if isinstance(answer, IssuedTokens):
            demand_active_tenant((await queries.get_tenant(tx)).state)
            granted = await queries.permissions_of_user(tx, answer.principal_id)
    if not isinstance(answer, IssuedTokens):
        raise oauth.GrantInvalid  # only now: the revocation of a reused family must commit
    return _shown(answer, granted)


async def by_client_credentials(
    context: Context, request: AnyRequest, asked: oauth.TokenRequest
) -> TokenOut:
    asked.demand("client_id", "client_secret")
    credential = Credential.parse(f"{asked.client_id}.{asked.client_secret}")
    if credential is None:
        raise oauth.ClientInvalid
    actor = Actor(
        tenant_id=credential.tenant_id,
        kind=ActorKind.API_CLIENT,
        id=credential.id,
        name=asked.client_id,
        request_id=request_id_of(request.scope),
    )
    async with context.uow.begin(actor) as tx:
        client = await api_clients.prove_api_client(tx, credential)
        if client is None:
            raise oauth.ClientInvalid
        demand_active_tenant((await queries.get_tenant(tx)).state)
        granted = frozenset(client.permissions)
        scope = _scope(asked, granted)
        issued = await tokens.issue_to_api_client(tx, api_client_id=client.id, scope=scope)
    return _shown(issued, granted)


GRANTS = {
    "password": by_password,
    "refresh_token": by_refresh_token,
    "client_credentials": by_client_credentials,
}


def _asked_scope(asked: oauth.TokenRequest) -> Scope:
    return frozenset(asked.scope.split()) or None


def _scope(asked: oauth.TokenRequest, granted: frozenset[str]) -> Scope:
    scope = _asked_scope(asked)
    if scope and (beyond := scope - granted):
        raise oauth.ScopeInvalid(permissions=", ".join(sorted(beyond)))
    return scope


def _shown(issued: IssuedTokens, granted: frozenset[str]) -> TokenOut:
    effective = granted if issued.scope is None else granted & issued.scope
    return TokenOut(
        access_token=issued.access.reveal(),
        expires_in=issued.expires_in_seconds,
        refresh_token=issued.refresh.reveal() if issued.refresh else UNSET,
        scope=" ".join(sorted(effective)),
    )
