"""The ERP's tables: an integration pushes rows, reads them back, removes them by key."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from litestar import Response, delete, get, post
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import OpenAPIMediaType, Operation, Reference, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIType
from litestar.openapi.spec.example import Example
from litestar.params import FromPath, QueryParameter
from litestar.status_codes import (
    HTTP_200_OK,
    HTTP_207_MULTI_STATUS,
    HTTP_415_UNSUPPORTED_MEDIA_TYPE,
)

from sindico_api.dependencies import AskedPage, Translate
from sindico_api.guards import requires
from sindico_api.once import KeyHeader
from sindico_api.openapi import problem
from sindico_api.pushes import ErpRequest, carry_out, take_push
from sindico_api.refusals import KeepRefusals
from sindico_platform.database.tx import Tx
from sindico_platform.paging.schemas import Page
from sindico_provisioning.erp_tables.queries import (
    TABLES,
    build_example,
    describe_table,
    get_table,
)
from sindico_provisioning.erp_tables.schemas import TableInfo
from sindico_provisioning.pushes import queries, service
from sindico_provisioning.pushes.limits import MAX_BYTES, MAX_ROWS
from sindico_provisioning.pushes.queries import RowFilters
from sindico_provisioning.pushes.schemas import ErpRowOut, PushOut, RemovalOut

MAY_VIEW, MAY_PUSH, MAY_REMOVE = (
    requires("erp_tables:view"),
    requires("erp_tables:include"),
    requires("erp_tables:delete"),
)
TAGS, REFUSALS = ["erp"], KeepRefusals()
NAMED = frozenset(
    {"limit", "after", "sort", "changed_since", "changed_until", "removed", "waiting"}
)
"""Parameters that are no fields of a table."""

Atomic = Annotated[
    bool, QueryParameter(description="Take all rows or, if one is wrong, none (422).")
]
Keys = Annotated[
    list[str],
    QueryParameter(
        min_items=1, max_items=service.MOST_KEYS, description="One or more keys to remove."
    ),
]
ChangedSince = Annotated[
    datetime | None, QueryParameter(description="Rows that changed here at or after this instant.")
]
ChangedUntil = Annotated[
    datetime | None, QueryParameter(description="Rows that changed here before this instant.")
]
Removed = Annotated[
    bool, QueryParameter(description="Rows that are gone from the ERP, instead of those there.")
]
Waiting = Annotated[
    bool | None,
    QueryParameter(description="Rows that wait for a row they refer to, or those that do not."),
]


@dataclass
class PushOperation(Operation):
    """Describes the body, which the handler reads as a stream."""

    def __post_init__(self) -> None:
        row = Schema(type=OpenAPIType.OBJECT, description="A row, as `GET …/info` describes it.")
        examples: dict[str, Example | Reference] = {
            name: Example(summary=table.label, value=[build_example(table)])
            for name, table in TABLES.items()
        }
        lines = Schema(type=OpenAPIType.STRING, description="One row per line.")
        self.request_body = RequestBody(
            required=True,
            description=(
                f"At most {MAX_BYTES} bytes before compression and {MAX_ROWS:,} rows."
                " `Content-Encoding` may be `gzip` or `zstd`."
            ),
            content={
                "application/json": OpenAPIMediaType(
                    schema=Schema(type=OpenAPIType.ARRAY, items=row), examples=examples
                ),
                "application/x-ndjson": OpenAPIMediaType(schema=lines),
            },
        )


@get("/erp", tags=TAGS, guards=[MAY_VIEW], middleware=[REFUSALS])
async def list_erp_tables(request: ErpRequest) -> list[TableInfo]:
    """List the tables with all their fields, parents before children."""

    async def describe(_tx: Tx) -> list[TableInfo]:
        return [describe_table(table) for table in TABLES.values()]

    return await carry_out(request, None, describe)


@get("/erp/{table:str}/info", tags=TAGS, guards=[MAY_VIEW], middleware=[REFUSALS])
async def describe_erp_table(request: ErpRequest, table: FromPath[str]) -> TableInfo:
    """Describe a table: its fields, their types, and which of them must be there."""

    async def describe(_tx: Tx) -> TableInfo:
        return describe_table(get_table(table))

    return await carry_out(request, table, describe)


@post(
    "/erp/{table:str}",
    tags=TAGS,
    guards=[MAY_PUSH],
    middleware=[REFUSALS],
    status_code=HTTP_200_OK,
    request_max_body_size=2 * MAX_BYTES,
    operation_class=PushOperation,
    responses={
        HTTP_207_MULTI_STATUS: ResponseSpec(PushOut, description="Some rows were rejected"),
        HTTP_415_UNSUPPORTED_MEDIA_TYPE: problem(HTTP_415_UNSUPPORTED_MEDIA_TYPE),
    },
)
async def push_erp_rows(
    *,
    request: ErpRequest,
    table: FromPath[str],
    translate: Translate,
    atomic: Atomic = False,
    idempotency_key: KeyHeader = None,
) -> Response[PushOut]:
    """Push rows: new keys are created, known ones replaced, older ones left as they are.

    200 if all rows landed, 207 if some did not; each of these is listed with all its reasons.
    Rows may come before those they refer to: they wait and join them when they come.
    """
    return await take_push(
        request, table=table, is_atomic=atomic, key=idempotency_key, translate=translate
    )


@get("/erp/{table:str}", tags=TAGS, guards=[MAY_VIEW], middleware=[REFUSALS])
async def list_erp_rows(
    *,
    request: ErpRequest,
    table: FromPath[str],
    page: AskedPage,
    changed_since: ChangedSince = None,
    changed_until: ChangedUntil = None,
    removed: Removed = False,
    waiting: Waiting = None,
) -> Page[ErpRowOut]:
    """Read rows back, in the order of their keys.

    Any field of the table may be a parameter too: `?empresa_id=1-6924&situacao=Faturado`.
    """
    filters = RowFilters(
        changed_since=_aware(changed_since),
        changed_until=_aware(changed_until),
        is_removed=removed,
        is_waiting=waiting,
        equal={name: value for name, value in request.query_params.items() if name not in NAMED},
    )

    async def read(tx: Tx) -> Page[ErpRowOut]:
        return await queries.list_rows(tx, table=get_table(table), request=page, filters=filters)

    return await carry_out(request, table, read)


@delete(
    "/erp/{table:str}",
    tags=TAGS,
    guards=[MAY_REMOVE],
    middleware=[REFUSALS],
    status_code=HTTP_200_OK,
)
async def remove_erp_rows(request: ErpRequest, table: FromPath[str], id_erp: Keys) -> RemovalOut:
    """Say which rows are no longer in the ERP; the CRM follows with its next run.

    What else refers to them stays. Pushing a key again brings its row back.
    """

    async def remove(tx: Tx) -> RemovalOut:
        keys = list(dict.fromkeys(id_erp))
        gone = await service.remove_rows(tx, table=get_table(table), keys=keys)
        return RemovalOut(
            received=len(keys),
            removed=len(gone),
            missing=[key for key in keys if key not in gone],
        )

    return await carry_out(request, table, remove)


def _aware(instant: datetime | None) -> datetime | None:
    """Without a zone it is UTC."""
    return instant.replace(tzinfo=UTC) if instant and instant.tzinfo is None else instant
