"""PostgreSQL and Valkey as real processes."""

import os
import signal
from pathlib import Path

import asyncpg
import pytest
from redis.asyncio import Redis

from sindico_platform.embedded import DataDirInUse, EmbeddedPostgres, EmbeddedValkey
from tests.processes import is_running

pytestmark = pytest.mark.stack


def read_command(pid: int | None) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text()


async def fetch_value(url: str, query: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_postgres_answers_over_tcp_with_a_password_and_keeps_its_port(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / "pg", durable=False) as first:
        port, pid = first.port, first.pid
        method = await fetch_value(first.admin_url, "show password_encryption")
        with pytest.raises(asyncpg.InvalidPasswordError):
            await fetch_value(first.url("postgres", "wrong", "postgres"), "select 1")

    assert pid is not None
    assert not is_running(pid)
    assert method == "scram-sha-256"
    assert (tmp_path / "pg" / "password").stat().st_mode & 0o777 == 0o600
    with EmbeddedPostgres(tmp_path / "pg", durable=False) as second:
        assert second.port == port


async def test_postgres_orders_and_folds_the_same_on_every_machine(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / "pg", durable=False) as postgres:
        folded = await fetch_value(postgres.admin_url, "select upper('ção') || lower('ÁÉ')")

    assert folded == "ÇÃOáé"


def test_second_start_on_the_same_directory_is_refused_and_names_the_process(
    tmp_path: Path,
) -> None:
    with (
        EmbeddedPostgres(tmp_path / "pg", durable=False),
        pytest.raises(DataDirInUse, match=f"process {os.getpid()}"),
    ):
        EmbeddedPostgres(tmp_path / "pg", durable=False).prepare()


async def test_postgres_starts_again_after_it_was_killed(tmp_path: Path) -> None:
    postgres = EmbeddedPostgres(tmp_path / "pg")
    with postgres:
        await fetch_value(postgres.admin_url, "create table kept as select 7 as number")
        assert postgres.pid is not None
        os.kill(postgres.pid, signal.SIGKILL)

    with postgres:
        assert await fetch_value(postgres.admin_url, "select number from kept") == 7


def test_postgres_starts_over_a_pid_file_of_an_unrelated_process(tmp_path: Path) -> None:
    postgres = EmbeddedPostgres(tmp_path / "pg", durable=False)
    with postgres:
        lines = (postgres.cluster / "postmaster.pid").read_text().splitlines()
    stale = "\n".join([str(os.getpid()), *lines[1:]]) + "\n"
    (postgres.cluster / "postmaster.pid").write_text(stale)

    with postgres:
        assert postgres.pid != os.getpid()


async def test_valkey_asks_for_a_password_and_keeps_what_it_was_told(tmp_path: Path) -> None:
    valkey = EmbeddedValkey(tmp_path / "valkey")
    with valkey:
        async with Redis.from_url(valkey.url) as client:
            await client.set("greeting", "bom dia")
        assert valkey.password not in read_command(valkey.pid)

    with valkey:
        async with Redis.from_url(valkey.url) as client:
            assert await client.get("greeting") == b"bom dia"
