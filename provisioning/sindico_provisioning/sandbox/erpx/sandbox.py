"""An ERPX to try things on: Senior's platform login, its entities, and faults as told."""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Unpack
from urllib.parse import parse_qs

import msgspec

from sindico_provisioning.connectors.erpx.schemas import (
    BRIDGE,
    KEY_LOGIN,
    LOGIN,
    REFRESH,
    ROUTES,
    Access,
)
from sindico_provisioning.sandbox.erpx.content import (
    CUSTOMERS,
    SUPPLIERS,
    Content,
    Row,
    ensure_content,
)
from sindico_provisioning.sandbox.erpx.filters import FilterMalformed, parse_filter, value_at
from sindico_provisioning.sandbox.https import Counted, HttpsSandbox, Options
from sindico_provisioning.sandbox.server import Answer, Request

SCALE_NAMES = ("small", "medium")
"""All rows are kept in memory; the largest scale is not for that."""
MAX_SIZE = 1_000
"""Rows that one request gives at most, whatever it asks for."""
_USUAL_SIZE = 10
_LOCKED_AFTER = 5
_PERSONS = ROUTES["empresa"].path.partition("?")[0]
_GROUP = "e069gre.codGre eq"
SITE_ROUTES = {
    "rotaEmpresa": f"{_PERSONS}?filter=tipPes eq 'VJ' and {_GROUP} {CUSTOMERS}",
    "rotaContato": f"{_PERSONS}?filter=tipPes eq 'VF' and {_GROUP} {CUSTOMERS}",
    "rotaFornecedor": f"{_PERSONS}?filter={_GROUP} {SUPPLIERS}",
}
"""Who is a customer and who a supplier is told by the group of the person here."""
TENANT_NAME, ACCESS_KEY = "sandbox", "aplicacao-sindico"
PATHS = {
    f"{BRIDGE}/rest{route.path.partition('?')[0]}": route.path.partition("?")[0].rpartition("/")[2]
    for route in ROUTES.values()
    if route.path
}
"""Entity by path."""


class ErpxSandbox(HttpsSandbox):
    """See `HttpsSandbox`, whose options it takes."""

    def __init__(
        self,
        *,
        user: str = "integracao@sandbox.example",
        password: str = "sandbox-erpx",  # noqa: S107 (opens nothing but made-up data)
        access_key: str = ACCESS_KEY,
        secret: str = "sandbox-erpx-secret",  # noqa: S107 (opens nothing but made-up data)
        token_seconds: int = 604_800,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(token_seconds=token_seconds, **options)
        self.user, self.password = user, password
        self.access_key, self.secret, self.tenant_name = access_key, secret, TENANT_NAME
        self.demands: str | None = None
        """What the platform wants of a user first: ``mfaInfo`` or ``resetPasswordInfo``."""
        self._refresh_tokens: set[str] = set()

    def _prepare(self, directory: Path) -> None:
        self._content = ensure_content(self._scale, self._seed, self._end, directory)

    @property
    def content(self) -> Content:
        """Says how many rows each table has and how many are wrong on purpose."""
        return self._content

    def properties(self, access: Access = Access.KEY) -> dict[str, Any]:
        """The service properties that lead a connector here, as a consultant would set them."""
        login: dict[str, Any] = {"username": self.user, "password": self.password}
        if access is Access.KEY:
            login = {"accessKey": self.access_key, "secret": self.secret}
        return {
            "url": self.url,
            "acesso": access.value,
            "tenantName": self.tenant_name,
            **login,
            "caCertificate": self.ca_pem,
            **SITE_ROUTES,
        }

    def expire_tokens(self, *, keep_refresh: bool = False) -> None:
        """Forget every token, as a restart of the platform does."""
        super().expire_tokens()
        if not keep_refresh:
            self._refresh_tokens.clear()

    def _find_answer(self, request: Request) -> Answer:
        path = request.path.removeprefix(BRIDGE)
        if path in {LOGIN, KEY_LOGIN, REFRESH}:
            if request.method != "POST":
                return _fault(405, "Método não permitido.", "METHOD_NOT_ALLOWED")
            return self._authenticate(path, request)
        if not self._is_signed_in(request):
            return _fault(401, "Token inválido ou expirado.", "UNAUTHORIZED")
        entity = PATHS.get(request.path)
        if entity is None:
            return _fault(404, "Primitiva não encontrada.", "NOT_FOUND")
        return self._list(entity, parse_qs(request.query))

    def _authenticate(self, path: str, request: Request) -> Answer:
        if self.sign_ins["refused"] >= _LOCKED_AFTER:
            return Answer(status=429, headers={"Retry-After": "60"})
        try:
            given = msgspec.json.decode(request.body, type=dict[str, Any])
        except msgspec.DecodeError:
            return _fault(400, "Corpo inválido.", "VALIDATION_ERROR")
        if not self._accepts(path, given, request):
            self.sign_ins["refused"] += 1
            return _fault(401, "Credenciais inválidas.", "UNAUTHORIZED")
        if path == LOGIN and self.demands:
            return _answer({self.demands: {"temporaryToken": secrets.token_urlsafe(16)}})
        self.sign_ins["refreshed" if path == REFRESH else "accepted"] += 1
        return self._answer_token()

    def _accepts(self, path: str, given: dict[str, Any], request: Request) -> bool:
        if path == REFRESH:
            right = request.headers.get("x-tenant") == self.tenant_name
            known = given.get("refreshToken") in self._refresh_tokens
            self._refresh_tokens.discard(str(given.get("refreshToken")))
            return right and known
        wanted = (
            {"username": self.user, "password": self.password}
            if path == LOGIN
            else {
                "accessKey": self.access_key,
                "secret": self.secret,
                "tenantName": self.tenant_name,
            }
        )
        return all(given.get(name) == value for name, value in wanted.items())

    def _answer_token(self) -> Answer:
        token, _ = self._issue_token()
        refresh = secrets.token_urlsafe(32)
        self._refresh_tokens.add(refresh)
        inner = {
            "scope": "desktop",
            "expires_in": self._token_seconds,
            "username": self.user,
            "token_type": "Bearer",
            "access_token": token,
            "refresh_token": refresh,
        }
        return _answer({"jsonToken": msgspec.json.encode(inner).decode()})

    def _list(self, entity: str, query: dict[str, list[str]]) -> Answer:
        asked = {name: values[-1] for name, values in query.items()}
        try:
            wanted = parse_filter(asked["filter"]) if "filter" in asked else None
            size = min(int(asked.get("size", _USUAL_SIZE)), MAX_SIZE)
            number = int(asked.get("offset", "0"))
        except (FilterMalformed, ValueError) as fault:
            return _fault(400, f"Consulta inválida: {fault}.", "VALIDATION_ERROR")
        rows = self._content.entities[entity]
        found = rows if wanted is None else [row for row in rows if wanted(row)]
        found = _ordered(found, asked.get("orderby", "id"))
        page = found[number * size : (number + 1) * size]
        return _answer(
            {
                "totalPages": -(-len(found) // size) if size else 0,
                "totalElements": len(found),
                "contents": page,
            }
        )

    def _count(self) -> Mapping[str, Counted]:
        return self._content.told


def _ordered(rows: list[Row], by: str) -> list[Row]:
    field, _, direction = by.partition(" ")
    if field == "id" and direction != "desc":
        return rows  # they are kept so
    ordered = sorted(rows, key=lambda row: str(value_at(row, field)))
    return ordered[::-1] if direction == "desc" else ordered


def _answer(told: dict[str, Any]) -> Answer:
    return Answer(parts=[msgspec.json.encode(told)])


def _fault(status: int, message: str, reason: str) -> Answer:
    told = {
        "message": message,
        "errorCode": reason,
        "reason": reason,
        "domain": "platform",
        "service": "authentication",
    }
    return Answer(status=status, parts=[msgspec.json.encode(told)])
