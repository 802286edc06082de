"""Customers' databases of several kinds, each running with the same views."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from sindico_platform.connection_tests.schemas import Stage, StageResult, StageStatus
from sindico_platform.connection_tests.walk import Watch, observe
from sindico_platform.egress import EgressGuard
from sindico_platform.egress.ranges import LOOPBACK
from sindico_platform.settings import Secret
from sindico_provisioning.connectors.view.check import check_database
from sindico_provisioning.connectors.view.schemas import (
    CHECK_STAGES,
    Dialect,
    TlsMode,
    ViewServer,
    ViewSource,
)

GUARD = EgressGuard(allow=LOOPBACK)
HOST = "127.0.0.1"

CUSTOMERS = ViewSource(
    table="empresa",
    schema=None,
    view="v_clientes",
    columns={
        "id_erp": "codigo",
        "razao_social": "nome",
        "cnpj": "documento",
        "ativo": "situacao",
        "atualizado_em": "alterado",
    },
    watermark="alterado",
    overlap_minutes=10,
    is_complete=True,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class RunningDatabase:
    """A database that runs, and how its administrator changes it."""

    server: ViewServer
    tls_port: int
    schema: str
    execute: Callable[..., Awaitable[None]]

    def over_tls(self, **changes: Any) -> ViewServer:
        return replace(self.server, port=self.tls_port, tls=TlsMode.VERIFIED, **changes)

    def source(self, source: ViewSource = CUSTOMERS, **changes: Any) -> ViewSource:
        return replace(source, schema=self.schema, **changes)

    async def add(self, *rows: tuple[str, str, str | None]) -> None:
        """Add customers: code, name and when they were changed."""
        for code, name, changed in rows:
            values = (code, name, "11222333000181", "S", changed)
            shown = ", ".join("NULL" if text is None else f"'{text}'" for text in values)
            await self.execute(f"INSERT INTO clientes VALUES ({shown})")  # noqa: S608 (a test's own)


def server_of(dialect: Dialect, port: int, **changes: Any) -> ViewServer:
    fields: dict[str, Any] = {
        "dialect": dialect,
        "host": HOST,
        "port": port,
        "database": "erp",
        "username": "leitura",
        "password": Secret("uma-senha"),
        "tls": TlsMode.NONE,
        "ca_certificate": None,
        "time_zone": "America/Sao_Paulo",
        "statement_seconds": 30,
    }
    return ViewServer(**fields | changes)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Where a test failed, and as what."""

    stage: Stage
    code: str


async def walk_test(
    server: ViewServer, *sources: ViewSource, guard: EgressGuard = GUARD
) -> list[StageResult]:
    """Every stage's result."""

    async def walk(watch: Watch) -> None:
        await check_database(guard, server, sources, watch)

    return [result async for result in observe(CHECK_STAGES, walk)]


async def diagnose(
    server: ViewServer, *sources: ViewSource, guard: EgressGuard = GUARD
) -> Diagnosis | None:
    """None when the test succeeds. A failure has a meaning and advice, both complete."""
    results = await walk_test(server, *sources, guard=guard)
    failed = [result for result in results if result.status is StageStatus.FAILED]
    if not failed:
        return None
    (failure,) = failed
    assert failure.code
    assert failure.detail
    assert failure.advice
    assert f"{failure.detail} {failure.advice}".format(**failure.facts)
    return Diagnosis(failure.stage, failure.code)
