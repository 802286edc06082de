"""A customer with companies and branches, who imports spreadsheets."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, select, update

from sindico_api.context import Context
from sindico_platform.blobs.transfer import write_blob
from sindico_platform.database.tx import Actor
from sindico_platform.paging.schemas import MAX_LIMIT, PageRequest
from sindico_platform.spreadsheets.schemas import SheetFormat
from sindico_platform.tenancy.models import Tenant
from sindico_tenants.companies import service as companies
from sindico_tenants.companies.models import Branch, Company
from sindico_tenants.erp_links.models import ExternalRef
from sindico_tenants.imports import queries, service
from sindico_tenants.imports.jobs import PURPOSE
from sindico_tenants.imports.schemas import ColumnChoice, ImportOut, ImportRowOut
from tests.support.identity import MakeTenant
from tests.support.jobs import Drained, Kill, run_jobs
from tests.support.workbooks import csv_of

ACME, BETA, SUL, NORTE = "11222333000181", "11444777000161", "11222333000262", "11222333000343"
"""CNPJs: two companies and two branches of the first."""

Table = type[Company] | type[Branch]


@dataclass
class Customer:
    """One tenant, and what is done there."""

    context: Context
    tenant: Tenant

    @property
    def actor(self) -> Actor:
        return Actor.system(self.tenant.tenant_id, "ana@acme.test")

    async def upload(
        self, content: bytes, resource: str = "companies", kind: SheetFormat = SheetFormat.CSV
    ) -> UUID:
        async def whole() -> AsyncIterator[bytes]:
            yield content

        context = self.context
        blob = await write_blob(
            context.uow,
            context.blobs,
            self.actor,
            whole(),
            purpose=PURPOSE,
            filename=f"sheet.{kind}",
            content_type="text/csv",
            expires_at=None,
        )
        async with context.uow.begin(self.actor) as tx:
            made = await service.add_import(
                tx,
                resource=resource,
                blob_id=blob.id,
                filename=blob.filename,
                kind=kind,
                size_bytes=blob.size_bytes,
            )
            return made.id

    async def preview(self, *rows: Sequence[str], resource: str = "companies") -> ImportOut:
        """Upload a CSV of these rows and let it be read."""
        import_id = await self.upload(csv_of(*rows), resource)
        await self.work()
        return await self.read(import_id)

    async def work(self, kill: Kill | None = None) -> Drained:
        return await run_jobs(self.context, self.tenant.tenant_id, kill=kill)

    async def read(self, import_id: UUID) -> ImportOut:
        async with self.context.uow.begin(self.actor) as tx:
            return await queries.get_import(tx, import_id)

    async def rows(self, import_id: UUID, outcome: str | None = None) -> list[ImportRowOut]:
        async with self.context.uow.begin(self.actor) as tx:
            asked = PageRequest(limit=MAX_LIMIT)
            return (await queries.list_rows(tx, import_id, request=asked, outcome=outcome)).items

    async def reasons(self, import_id: UUID) -> dict[int, list[tuple[str, str]]]:
        """By row, the field and code of everything that is wrong."""
        return {
            row.number: [(reason.field, reason.code) for reason in row.reasons]
            for row in await self.rows(import_id, "rejected")
        }

    async def start(self, import_id: UUID) -> None:
        async with self.context.uow.begin(self.actor) as tx:
            await service.start_import(tx, import_id=import_id)

    async def undo(self, import_id: UUID) -> None:
        async with self.context.uow.begin(self.actor) as tx:
            await service.undo_import(tx, import_id=import_id)

    async def cancel(self, import_id: UUID) -> None:
        async with self.context.uow.begin(self.actor) as tx:
            await service.cancel_import(tx, import_id=import_id)

    async def choose(self, import_id: UUID, **fields: str | None) -> None:
        """Name columns by ``c0="name"``."""
        choices = [ColumnChoice(index=int(name[1:]), field=to) for name, to in fields.items()]
        async with self.context.uow.begin(self.actor) as tx:
            await service.choose_columns(tx, import_id=import_id, choices=choices)

    async def bring_in(self, *rows: Sequence[str], resource: str = "companies") -> ImportOut:
        """Upload, read, write."""
        shown = await self.preview(*rows, resource=resource)
        await self.start(shown.id)
        await self.work()
        return await self.read(shown.id)

    async def take_back(self, import_id: UUID) -> ImportOut:
        await self.undo(import_id)
        await self.work()
        return await self.read(import_id)

    async def company(self, **values: Any) -> UUID:
        return await self._register(Company, {"name": "Acme"} | values)

    async def branch(self, company_id: UUID, **values: Any) -> UUID:
        plain = {"name": "Sul", "company_id": company_id, "is_head_office": False}
        return await self._register(Branch, plain | values)

    async def _register(self, table: Table, values: dict[str, Any]) -> UUID:
        async with self.context.uow.begin(self.actor) as tx:
            row_id = tx.new_id()
            kept = {"is_active": True, "created_at": tx.now, "updated_at": tx.now}
            key = {"tenant_id": tx.tenant_id, "id": row_id}
            await tx.session.execute(insert(table).values(**key, **kept, **values))
            return row_id

    async def edit(self, table: Table, row_id: UUID, **values: Any) -> None:
        """As somebody does on the screen."""
        async with self.context.uow.begin(self.actor) as tx:
            await tx.session.execute(
                update(table)
                .where(table.id == row_id)
                .values(**values, revision=table.revision + 1, updated_at=tx.now)
            )

    async def delete_company(self, company_id: UUID) -> None:
        async with self.context.uow.begin(self.actor) as tx:
            await companies.delete_company(tx, company_id=company_id)

    async def link(self, resource: str, row_id: UUID) -> None:
        """Let the record be one that an ERP brought."""
        async with self.context.uow.begin(self.actor) as tx:
            values = {"resource": resource, "id_erp": str(row_id), "id": row_id}
            key = {"tenant_id": tx.tenant_id, "integration_id": tx.new_id()}
            await tx.session.execute(insert(ExternalRef).values(**key, **values))

    async def all(self, table: Table) -> list[Any]:
        async with self.context.uow.begin(self.actor) as tx:
            return list(await tx.session.scalars(select(table).order_by(table.name)))


@pytest.fixture
async def customer(context: Context, make_tenant: MakeTenant) -> Customer:
    return Customer(context, await make_tenant())
