"""A page is judged as its rows are one by one, however JSON may be written."""

import re
from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sindico_provisioning.erp_tables.errors import reason, reasons
from sindico_provisioning.erp_tables.examine import examine_row, find_key, parse_row
from sindico_provisioning.erp_tables.queries import get_table
from sindico_provisioning.erp_tables.repeats import find_repeated
from sindico_provisioning.erp_tables.schemas import Checked, UnknownFields
from sindico_provisioning.erp_tables.service import check_json, check_ndjson

PEDIDO = get_table("pedido")

NUMBERS = r"""
0|-0|7|1.5|-12.34|0.125|0.30000000000000004|1e2|1E-1|-1.50E+1|1E400|-1e-400|0e0|1.00000000000001
9999999999999.99|99999999999999|12345678901234567890|1e999999999|"1.5"|"-0"|"00.5"|"0000000000001.5"
"00000000000001.50"|"+1"|".5"|"1."|"1e2"|"1_0"|"1,5"|"-"|""|" "|" 1"|"1 "|"١٢"|"NaN"|"Infinity"
"\u0031"|"1\u0030"|"\ud800"|"1\u0000"|"null"|"1\"5"|null|true|false
[]|{}|[1,2]|{"a":1}|{"a":null}|{"a": null}|[null,null]|{"a":[{"b":null},null]}
"""
TEXTS = r"""
""|"A"|"null"|",null,"|"\":null"|"\": null,\"numero\":"|"\u0022"|"\u0022:null"|"\\u0022"|"\\"
"3/4\""|"\\\""|"\\N"|"\\."|"\t"|"]\n["|"},{"|"}\n{"|"]"|"["|"{"|"\u0000"|"\ud800"|"\ud83d\ude00"
"\/"|"\b\f"|"Açaí"|"😀"|"2026-11-20"|"2026-02-30"|"sc"|"1"|1|1.5|null|true|{}|[]
"""
NAMES = ["numero", "situacao", "valor_total", "valor_frete", "valor_desconto", "data_emissao", "x"]
STYLES = ["{}:{}"] * 3 + ["{}: {}", " {}\t:\r{} ", "\n{}: {}", "{}\n:{}", "{}:\n{}", "{}:{}\n"]
KEYS = ['"1"', '"2"', '"3"', '"4"', '" 1"', '"\\u0031"', '""', "1", "null"]

values = st.sampled_from(re.split(r"[|\n]", f"{NUMBERS.strip()}\n{TEXTS.strip()}"))
spelled = st.sampled_from(
    [*(f'"{name}"' for name in NAMES * 3), *(f'"\\u{ord(n[0]):04x}{n[1:]}"' for n in NAMES)]
)
"""Names, some with an escape for their first letter."""


@st.composite
def rows(draw: st.DrawFn) -> str:
    """A row as it may be written; a name may stand in it twice, and it may go over lines."""
    pairs = draw(st.lists(st.tuples(spelled, values), max_size=4))
    pairs.insert(draw(st.integers(0, len(pairs))), ('"id_erp"', draw(st.sampled_from(KEYS))))
    style = draw(st.sampled_from(STYLES))
    return "{" + ",".join(style.format(*pair) for pair in pairs) + "}"


def judge_one_by_one(sent: list[bytes], unknown: UnknownFields) -> list[Any]:
    """Every row by the slow and exact way alone: its tuple, or its key and what is wrong."""
    read = [parse_row(row) for row in sent]
    judged = []
    for row, raw in zip(sent, read, strict=True):
        found = examine_row(PEDIDO, raw, unknown)
        wrong = found if isinstance(found, list) else []
        wrong = wrong + reasons("field-repeated", find_repeated(row))
        judged.append((find_key(raw), wrong) if wrong else found)
    count = Counter(key for key, *_ in judged if key is not None)
    for at, each in enumerate(judged):
        if count[each[0]] > 1:
            wrong = each[1] if isinstance(each[1], list) else []
            judged[at] = each[0], [*wrong, reason("id_erp", "duplicate-key")]
    return judged


def judged_by(checked: Checked) -> list[Any]:
    good = iter(checked.type_rows())
    wrong = {each.index: (each.id_erp, list(each.reasons)) for each in checked.rejections}
    return [wrong.get(index) or next(good) for index in range(checked.received)]


@settings(max_examples=300, deadline=None)
@given(
    st.lists(rows(), min_size=1, max_size=4),
    st.sampled_from(UnknownFields),
    st.sampled_from(["\n", "\r\n", "\n\n", ""]),
)
def test_a_page_is_judged_as_its_rows_are_one_by_one(
    sent: list[str], unknown: UnknownFields, between: str
) -> None:
    array, lines = f"[{','.join(sent)}]".encode(), between.join(sent).encode()

    as_array = check_json(PEDIDO, array, unknown=unknown)
    as_lines = check_ndjson(PEDIDO, lines, unknown=unknown)

    each = [line for line in lines.split(b"\n") if line.strip()]
    assert judged_by(as_array) == judge_one_by_one([row.encode() for row in sent], unknown)
    assert judged_by(as_lines) == judge_one_by_one(each, unknown)
