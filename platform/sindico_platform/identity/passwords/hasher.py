"""Argon2id in a small pool of threads, so that hashing never holds up the event loop."""

import asyncio
import os
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from argon2 import PasswordHasher as Argon2
from argon2 import Type
from argon2.exceptions import InvalidHashError, VerificationError

from sindico_platform.errors import Busy

R = TypeVar("R")

# OWASP's first choice; about 20 ms and 19 MiB for each of a handful of threads.
ARGON2 = Argon2(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)
MAX_LENGTH = 256
"""Longer input is no password; it is refused before it costs anything."""
MAX_WAITING = 64
"""More than about two seconds' work in the queue: better to say so at once."""


class PasswordHasher:
    """One per process; `close` it at the end."""

    def __init__(self, *, threads: int | None = None) -> None:
        self._pool = ThreadPoolExecutor(threads or min(4, os.cpu_count() or 1), "passwords")
        self._waiting = 0
        # What is verified where there is no password, so that its absence takes as long.
        self._nobody = ARGON2.hash(os.urandom(16))

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def digest(self, password: str) -> str:
        """Hash a password, in PHC form; two calls give two digests.

        Raises:
            Busy: too many wait already.
        """
        return await self._run(partial(ARGON2.hash, normalise(password)))

    async def verify(self, digest: str | None, password: str) -> bool:
        """Whether the password is the one; without a digest it is not, and takes as long to say.

        Raises:
            Busy: too many wait already.
        """
        if len(password) > MAX_LENGTH:
            digest, password = None, ""
        matches = partial(_matches, digest or self._nobody, normalise(password))
        return await self._run(matches) and digest is not None

    def is_outdated(self, digest: str) -> bool:
        """Whether `digest` would give a stronger one today."""
        return ARGON2.check_needs_rehash(digest)

    async def _run(self, work: partial[R]) -> R:
        if self._waiting >= MAX_WAITING:
            raise Busy(retry_after_seconds=2)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._waiting -= 1


def normalise(password: str) -> str:
    """One form for what keyboards of different systems give for the same keys, such as ``ã``."""
    return unicodedata.normalize("NFKC", password)


def _matches(digest: str, password: str) -> bool:
    try:
        return ARGON2.verify(digest, password)
    except (VerificationError, InvalidHashError):
        return False
