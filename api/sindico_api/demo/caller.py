"""A caller of the product's own API, as an integrator would write one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Self

import httpx

from sindico_platform.embedded import EmbeddedError

POLL_SECONDS = 0.2
DEADLINE_SECONDS = 120
TOKEN_PATH = "/api/v1/auth/token"  # noqa: S105  (a path)
REFUSALS = {400, 401, 403}
FINAL = {"succeeded", "failed", "cancelled", "empty"}


class DemoFailed(EmbeddedError):
    """The demonstration could not be set up; the message is the API's own."""


class SignInRefused(DemoFailed):
    """A login of the demonstration opens nothing any more: somebody changed its password."""


class Caller:
    """Signed in; every refusal becomes `DemoFailed` with the problem's detail."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    @classmethod
    def signed_in(
        cls, base_url: str, login: str, password: str
    ) -> AbstractAsyncContextManager[Self]:
        form = {"grant_type": "password", "username": login, "password": password}
        return cls._entered(base_url, form)

    @classmethod
    def as_client(
        cls, base_url: str, client_id: str, secret: str
    ) -> AbstractAsyncContextManager[Self]:
        """As a program, by its API client."""
        form = {"client_id": client_id, "client_secret": secret}
        return cls._entered(base_url, {"grant_type": "client_credentials", **form})

    @classmethod
    @asynccontextmanager
    async def _entered(cls, base_url: str, form: dict[str, str]) -> AsyncIterator[Self]:
        async with httpx.AsyncClient(base_url=base_url, timeout=30, trust_env=False) as http:
            caller = cls(http)
            http.headers["Authorization"] = f"Bearer {await caller._get_token(form)}"
            yield caller

    async def get(self, path: str, **query: Any) -> Any:
        return await self._send("GET", path, params=query)

    async def post(self, path: str, body: Any = None) -> Any:
        return await self._send("POST", path, json=body)

    async def put(self, path: str, body: Any) -> Any:
        return await self._send("PUT", path, json=body)

    async def follow(self, path: str) -> AsyncIterator[Any]:
        """States of a run or load until it has ended; the last one is final."""
        state = await self.get(path)
        while state["status"] not in FINAL:
            yield state
            await asyncio.sleep(POLL_SECONDS)
            state = await self.get(path)
        yield state

    async def _get_token(self, form: dict[str, str]) -> str:
        answer = await self._http.post(TOKEN_PATH, data=form)
        if answer.status_code in REFUSALS:
            who = form.get("username", "The pushing program")
            raise SignInRefused(f"{who} cannot sign in any more by the password that we know.")
        return str(_content(answer, f"POST {TOKEN_PATH}")["access_token"])

    async def _send(self, method: str, path: str, **more: Any) -> Any:
        return _content(await self._http.request(method, path, **more), f"{method} {path}")


def _content(answer: httpx.Response, asked: str) -> Any:
    if answer.is_error:
        raise DemoFailed(f"{asked}: {answer.status_code} {_detail(answer)}")
    return answer.json() if answer.content else None


def _detail(answer: httpx.Response) -> str:
    try:
        problem = answer.json()
    except ValueError:
        return answer.text[:200]
    faults = "; ".join(f"{item['field']}: {item['detail']}" for item in problem.get("errors", []))
    return f"{problem.get('detail')} {faults}".strip()
