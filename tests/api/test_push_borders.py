"""However a body is cut, compressed and copied, it lands as its rows would one by one."""

import gzip
from typing import Any

import pytest
import zstandard
from sqlalchemy import select

from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.tenancy.models import Tenant
from sindico_provisioning.erp_tables.queries import get_table
from sindico_provisioning.erp_tables.service import check_ndjson
from sindico_provisioning.staging.models import STAGING
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant

VENDEDOR = get_table("vendedor")

TEXTS = r"""
"" "null" "\\N" "\\." "},{" "}\n{" "]\n[" "\":null" "\u0022,\u0022" "a\\" "\\\\\"" "\ud83d\ude00"
"\t\r\b\f\u0001\u007f" "😀日本é" "\u2028" "\ud800" "\u0000" 1 null
"""
NUMBERS = """
0 -0 7 1.5 -12.3456 "00.5" "-3" "\\u0031" "" 1e2 1E-4 0.12345 "1,5" 1e400 true null {"a":null}
999.9999 0.30000000000000004 "+1" 1000
"""
ROWS = [
    *(f'{{"id_erp":"t{n:02}","nome":{text}}}' for n, text in enumerate(TEXTS.split())),
    *(
        f'{{"nome":"A", "id_erp" : "n{n:02}","comissao": {x}}}'
        for n, x in enumerate(NUMBERS.split())
    ),
    '{"id_erp":"twice","nome":"A","comissao":1,"comissao":2}',
    '{"id_erp":"spelled","\\u0069d_erp":"twice too","nome":"A"}',
    '{"id_erp":"t00","nome":"the key of the first"}',
]


def push_of(form: str) -> tuple[bytes, dict[str, str]]:
    body = "\n".join(ROWS).encode()
    half = body.index("日".encode()) + 1  # within a letter
    types = {"Content-Type": "application/x-ndjson", "Content-Encoding": form}
    match form:
        case "gzip":
            return gzip.compress(body[:half]) + gzip.compress(body[half:]), types
        case "zstd":
            return zstandard.compress(body[:half]) + zstandard.compress(body[half:]), types
        case "array":
            array = "\ufeff [" + " ,\r\n".join(ROWS) + "]\n"
            return array.encode(), {"Content-Type": "application/json"}
        case _:
            types["Content-Encoding"] = "identity"
            return b"\xef\xbb\xbf" + body.replace(b"\n", b"\r\n\r\n"), types


@pytest.fixture(params=[1, 300])
def small_pieces(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of so many bytes, copied from the third row on and uncompressed a little at a time."""
    monkeypatch.setattr("sindico_provisioning.pushes.pieces.PIECE_BYTES", request.param)
    monkeypatch.setattr("sindico_provisioning.pushes.bodies.PIECE_BYTES", 7)
    monkeypatch.setattr("sindico_provisioning.pushes.bodies.READ_BYTES", 11)
    monkeypatch.setattr("sindico_provisioning.pushes.bodies.ZSTD_READ_BYTES", 3)
    monkeypatch.setattr("sindico_provisioning.staging.service.MOST_BY_ARRAYS", 2)


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("form", ["array", "lines", "gzip", "zstd"])
async def test_a_push_lands_as_its_rows_are_judged_wherever_it_is_cut(
    client_as: ClientAs, make_tenant: MakeTenant, uow: UnitOfWork, form: str
) -> None:
    tenant = await make_tenant()
    erp = await client_as(tenant, "erp_tables:include")
    body, headers = push_of(form)

    answer = await erp.post("/api/v1/erp/vendedor", content=body, headers=headers)

    whole = check_ndjson(VENDEDOR, "\n".join(ROWS).encode())
    assert (answer.status_code, answer.json()["received"]) == (207, len(ROWS)), answer.text
    assert told_of(answer.json()["rejections"]) == {
        each.index: (each.id_erp, {(fault.field, fault.code) for fault in each.reasons})
        for each in whole.rejections
    }
    assert await stored_of(uow, tenant) == sorted(whole.type_rows())


def told_of(rejections: list[dict[str, Any]]) -> dict[int, Any]:
    return {
        each["index"]: (each["key"], {(fault["field"], fault["code"]) for fault in each["errors"]})
        for each in rejections
    }


async def stored_of(uow: UnitOfWork, tenant: Tenant) -> list[tuple[Any, ...]]:
    staged = STAGING["vendedor"]
    names = [*(column.name for column in VENDEDOR.columns), "extras"]
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        found = await tx.session.execute(
            select(*(staged.c[name] for name in names)).order_by(staged.c.id_erp)
        )
        return [tuple(row) for row in found]
