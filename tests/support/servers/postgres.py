"""A customer's PostgreSQL, with TLS, and users whom its `pg_hba.conf` lets in, or not."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from sindico_platform.embedded.postgres import EmbeddedPostgres

USER, PASSWORD = "leitura", "uma-senha"

ENTRIES = """
local all all scram-sha-256
host all postgres 127.0.0.1/32 scram-sha-256
host all leitura,cego 127.0.0.1/32 scram-sha-256
hostssl all cifrado 127.0.0.1/32 scram-sha-256
"""
SSL_REQUEST = (8).to_bytes(4, "big") + (80_877_103).to_bytes(4, "big")
USERS = f"""
CREATE USER leitura PASSWORD '{PASSWORD}';
CREATE USER cifrado PASSWORD '{PASSWORD}';
CREATE USER cego PASSWORD '{PASSWORD}';
CREATE USER distante PASSWORD '{PASSWORD}';
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Postgres:
    """A running PostgreSQL; the database ``erp`` is empty."""

    port: int
    url: str

    async def execute(self, *statements: str) -> None:
        """Run statements as the administrator in the database ``erp``."""
        connection = await asyncpg.connect(self.url)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()


async def furnish(running: EmbeddedPostgres) -> Postgres:
    """Make the database and its users."""
    connection = await asyncpg.connect(running.admin_url)
    try:
        await connection.execute(USERS)
        await connection.execute("CREATE DATABASE erp")
        await connection.execute("CREATE DATABASE fechado")
        await connection.execute("REVOKE CONNECT ON DATABASE fechado FROM PUBLIC")
        (running.cluster / "pg_hba.conf").write_text(ENTRIES)
        await connection.execute("SELECT pg_reload_conf()")
    finally:
        await connection.close()
    url = running.url("postgres", running.password, "erp")
    return Postgres(port=running.port, url=url)


@asynccontextmanager
async def run_tls_door(port: int, certificate: Path) -> AsyncIterator[int]:
    """Gives PostgreSQL on `port` the encryption that its build lacks, and its own port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    async def open_door(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, EOFError):
            assert await reader.readexactly(8) == SSL_REQUEST
            writer.write(b"S")
            await writer.drain()
            await writer.start_tls(context)
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.gather(_pass(reader, inner_writer), _pass(inner_reader, writer))
        writer.close()

    server = await asyncio.start_server(open_door, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    writer.close()
