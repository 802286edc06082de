"""Hashing and the choice of passwords."""

import asyncio
from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher as Argon2

from sindico_platform.errors import Busy, InvalidInput
from sindico_platform.identity.passwords import hasher as hashing
from sindico_platform.identity.passwords.hasher import PasswordHasher
from sindico_platform.identity.passwords.policy import demand_good_password


@pytest.fixture
def hasher() -> Iterator[PasswordHasher]:
    made = PasswordHasher(threads=2)
    yield made
    made.close()


async def test_a_password_matches_its_own_digest_alone(hasher: PasswordHasher) -> None:
    digest = await hasher.digest("cavalo bateria grampo")

    assert digest.startswith("$argon2id$")
    assert await hasher.verify(digest, "cavalo bateria grampo")
    assert not await hasher.verify(digest, "cavalo bateria grampos")
    assert not hasher.is_outdated(digest)


async def test_nobody_has_no_password(hasher: PasswordHasher) -> None:
    assert not await hasher.verify(None, "")
    assert not await hasher.verify("no digest at all", "x")


async def test_two_ways_of_typing_the_same_letter_match(hasher: PasswordHasher) -> None:
    digest = await hasher.digest("corac\u0327a\u0303o valente")

    assert await hasher.verify(digest, "cora\u00e7\u00e3o valente")


async def test_an_endless_password_costs_no_more(hasher: PasswordHasher) -> None:
    digest = await hasher.digest("x" * 300)

    assert not await hasher.verify(digest, "x" * 300)


async def test_a_weaker_digest_is_outdated(hasher: PasswordHasher) -> None:
    assert hasher.is_outdated(Argon2(time_cost=1, memory_cost=8 * 1024).hash("x"))


async def test_too_many_at_once_are_told_to_come_back(
    hasher: PasswordHasher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hashing, "MAX_WAITING", 2)

    results = await asyncio.gather(
        *(hasher.verify(None, "x") for _ in range(3)), return_exceptions=True
    )

    assert results[:2] == [False, False]
    assert isinstance(results[2], Busy)


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short", "password-short"),
        ("x" * 257, "password-long"),
        ("ana.silva@acme.test", "password-is-login"),
        ("aaaaaaaaaaaa", "password-guessable"),
        ("password1234", "password-guessable"),
        ("senhasenha123", "password-guessable"),
        ("qwertyuiop123", "password-guessable"),
        ("Ana Silva 1990", "password-guessable"),
    ],
)
def test_bad_passwords_and_why(password: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        demand_good_password(
            password, personal=("ana.silva@acme.test", "Ana Silva"), field="password"
        )

    assert [error.code for error in refused.value.errors] == [code]


@pytest.mark.parametrize(
    "password", ["cavalo bateria grampo", "mB4-t9!qZr2w", "õ" * 3 + "kx7Jq2vLw"]
)
def test_good_passwords(password: str) -> None:
    demand_good_password(password, personal=("ana@acme.test", "Ana"), field="password")
