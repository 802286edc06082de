"""A Mega ERP to try things on: signs in, answers date windows, and fails as told."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Unpack

import msgspec

from sindico_provisioning.connectors.mega.schemas import MAX_WINDOW_DAYS, ROUTES, SIGN_IN
from sindico_provisioning.sandbox.book import Book
from sindico_provisioning.sandbox.https import NO_CONTENT, Counted, HttpsSandbox, Options
from sindico_provisioning.sandbox.mega.content import ensure_book
from sindico_provisioning.sandbox.server import Answer, Request, answer_text

TENANT_ID = "6f0c1d52-8f0e-4c5b-9a53-2f9a1f6f0d11"
_LOCKED_AFTER = 5
_UNAUTHORIZED = Answer(status=401)
_BRACKETS = (b"[", b"]")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Chapter:
    name: str
    pattern: re.Pattern[str]


_CHAPTERS = tuple(
    _Chapter(
        name=route.table,
        pattern=re.compile(
            re.escape(route.path)
            .replace(r"\{inicio\}", "(?P<first>[^/]+)")
            .replace(r"\{fim\}", "(?P<last>[^/]+)")
        ),
    )
    for route in ROUTES.values()
)


class MegaSandbox(HttpsSandbox):
    """See `HttpsSandbox`, whose options it takes."""

    def __init__(
        self,
        *,
        user: str = "integracao",
        password: str = "sandbox-mega",  # noqa: S107 (opens nothing but made-up data)
        token_seconds: int = 7_200,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(token_seconds=token_seconds, **options)
        self.user, self.password, self.tenant_id = user, password, TENANT_ID

    def _prepare(self, directory: Path) -> None:
        self._book = ensure_book(self._scale, self._seed, self._end, directory)

    @property
    def book(self) -> Book:
        """Chapters say how many rows each table has and how many are wrong on purpose."""
        return self._book

    @property
    def properties(self) -> dict[str, Any]:
        """The service properties that lead a connector here."""
        return {
            "url": self.url,
            "tenantId": self.tenant_id,
            "username": self.user,
            "password": self.password,
            "caCertificate": self.ca_pem,
        }

    def _find_answer(self, request: Request) -> Answer:
        if request.path == SIGN_IN:
            return self._sign_in(request)
        if not self._is_signed_in(request):
            return _UNAUTHORIZED
        for chapter in _CHAPTERS:
            if match := chapter.pattern.fullmatch(request.path):
                return self._read(chapter.name, match.groupdict())
        return Answer(status=404)

    def _sign_in(self, request: Request) -> Answer:
        if request.method != "POST":
            return Answer(status=405)
        if self.sign_ins["refused"] >= _LOCKED_AFTER:
            return answer_text("Usuário bloqueado por excesso de tentativas.")
        try:
            given = msgspec.json.decode(request.body, type=dict[str, Any])
        except msgspec.DecodeError:
            return answer_text("Corpo inválido.", status=400)
        right = given.get("userName") == self.user and given.get("password") == self.password
        if not right or request.headers.get("granttype") != "Api":
            self.sign_ins["refused"] += 1
            return answer_text("Usuário ou senha inválidos.")
        self.sign_ins["accepted"] += 1
        return self._answer_token()

    def _answer_token(self) -> Answer:
        token, expires = self._issue_token()
        body = {
            "accessToken": token,
            "refreshToken": secrets.token_urlsafe(32),
            "expirationToken": f"{expires:%Y-%m-%dT%H:%M:%S.%f}7Z",  # .NET writes seven digits
        }
        return Answer(parts=[msgspec.json.encode(body)])

    def _read(self, chapter: str, window: dict[str, str]) -> Answer:
        try:
            first = date.fromisoformat(window.get("first", "0001-01-01"))
            last = date.fromisoformat(window.get("last", "9999-12-31"))
        except ValueError:
            return answer_text("Data inválida.", status=400)
        if window and not 0 <= (last - first).days < MAX_WINDOW_DAYS + 1:
            return answer_text("O período informado não pode exceder 2 anos.", status=400)
        rows = self._book.slice(chapter, first, last)
        opening, closing = _BRACKETS
        return Answer(parts=[opening, rows, closing]) if rows else NO_CONTENT

    def _count(self) -> Mapping[str, Counted]:
        return self._book.chapters
