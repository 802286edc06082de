"""A PostgreSQL and a Valkey of the benchmark's own, durable as in production, and our schema."""

import os
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from sindico_api.context import Context, open_context
from sindico_platform.database.roles import APP, FLEET, OWNER, RoleUrls, ensure_roles
from sindico_platform.database.tx import Tx
from sindico_platform.embedded import EmbeddedPostgres, EmbeddedValkey
from sindico_platform.secrets import generate_key
from sindico_platform.settings import Settings, load_settings
from sindico_platform.tenancy.models import Tenant, TenantState
from sindico_provisioning.packages.models import Subscription
from sindico_provisioning.release.service import migrate

SELDOM_MET = ("api_requests_per_minute", "export_rows", "integrations", "push_rows_per_minute")


@dataclass(frozen=True, kw_only=True)
class Stack:
    """Running servers, and the environment of a process that uses them."""

    admin_url: str
    urls: RoleUrls
    redis_url: str
    environ: dict[str, str]

    @property
    def settings(self) -> Settings:
        return load_settings(self.environ)

    @asynccontextmanager
    async def context(self) -> AsyncIterator[Context]:
        async with open_context(self.settings, process="benchmark") as context:
            yield context

    @contextmanager
    def process(self, *arguments: str, **environ: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run ``python -m …`` on this stack for the length of the block."""
        child = subprocess.Popen(
            [sys.executable, "-m", *arguments], env={**os.environ, **self.environ, **environ}
        )
        try:
            yield child
        finally:
            child.terminate()
            child.wait(30)


async def add_tenant(tx: Tx, *, domain: str = "benchmark.test") -> None:
    """The bound tenant, active, with a package whose limits are counted and seldom met."""
    tx.session.add(
        Tenant(
            tenant_id=tx.tenant_id,
            name="Benchmark",
            domain=domain,
            is_master=False,
            state=TenantState.ACTIVE,
            state_at=tx.now,
            timezone="America/Sao_Paulo",
            locale="pt-BR",
            created_at=tx.now,
        )
    )
    await tx.session.flush()
    tx.session.add(
        Subscription(
            tenant_id=tx.tenant_id,
            cnpj="11222333000181",
            package="freemium",
            crm_state="active",
            crm_state_at=tx.now,
            overrides=dict.fromkeys(SELDOM_MET, 10_000_000_000),
            revision=1,
        )
    )
    await tx.session.flush()


@asynccontextmanager
async def open_stack() -> AsyncIterator[Stack]:
    """Start both servers in a temporary directory and migrate a database."""
    with TemporaryDirectory(prefix="sindico-bench-", ignore_cleanup_errors=True) as folder:
        base = Path(folder)
        with EmbeddedPostgres(base / "pg") as postgres, EmbeddedValkey(base / "valkey") as valkey:
            passwords = {role: secrets.token_hex(8) for role in (OWNER, APP, FLEET)}
            urls = await ensure_roles(postgres.admin_url, database="sindico", passwords=passwords)
            await migrate(urls.owner)
            yield Stack(
                admin_url=postgres.admin_url,
                urls=urls,
                redis_url=valkey.url,
                environ={
                    "SINDICO_DATABASE_URL": urls.app,
                    "SINDICO_DATABASE_FLEET_URL": urls.fleet,
                    "SINDICO_REDIS_URL": valkey.url,
                    "SINDICO_KEY_RING": generate_key().reveal(),
                    "SINDICO_BLOB_URL": (base / "blobs").as_uri(),
                },
            )
