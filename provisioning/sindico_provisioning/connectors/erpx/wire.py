"""From ERPX's rows to ours.

Entities carry what they refer to as objects of their own (``e070emp {codEmp}``); where a site's
entity has the code beside it instead, that is taken. Values are carried over as they are wherever
`erp_tables` can judge them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sindico_provisioning.connectors.turning import turn_code, turn_day, turn_instants

Row = dict[str, Any]
PERSON, COMPANY = "F", "J"
"""Sorts of person; an enumeration's values come as ``VF`` or as ``F``."""
_ACTIVE, _SETTLED = "A", 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """How a site writes."""

    zone: ZoneInfo
    decimal_comma: bool = False


Read = Callable[[Row, Way], Any]


def _find(row: Row, path: str) -> Any:
    found: Any = row
    for name in path.split("."):
        found = found.get(name) if type(found) is dict else None
    return found


def _first(row: Row, paths: tuple[str, ...]) -> Any:
    return next((value for path in paths if (value := _find(row, path)) is not None), None)


def _code(*paths: str) -> Read:
    return lambda row, _: turn_code(_first(row, paths))


def _as_it_is(*paths: str) -> Read:
    return lambda row, _: _first(row, paths)


def _day(*paths: str) -> Read:
    return lambda row, _: turn_day(_first(row, paths))


def _number(*paths: str) -> Read:
    def read(row: Row, way: Way) -> Any:
        value = _first(row, paths)
        has_comma = way.decimal_comma and isinstance(value, str)
        return value.replace(",", ".") if has_comma else value

    return read


def _changed(row: Row, way: Way) -> Any:
    return turn_instants([_first(row, ("lastModifiedDate",))], way.zone)[0]


def _joined(*parts: tuple[str, ...]) -> Read:
    """A key of several codes; no key at all when one of them is missing."""

    def read(row: Row, _: Way) -> Any:
        codes = [turn_code(_first(row, paths)) for paths in parts]
        return None if None in codes else "-".join(map(str, codes))

    return read


def short_enum(value: Any) -> Any:
    """The letter of an enumeration's value: ``VA`` and ``A`` are the same."""
    if isinstance(value, str) and len(value) > 1 and value[0] == "V":
        return value[1:]
    return value


def _active(*paths: str) -> Read:
    def read(row: Row, _: Way) -> Any:
        value = short_enum(_first(row, paths))
        return None if value is None else value == _ACTIVE

    return read


def _buyer(sort: str) -> Read:
    """The customer's code, if it is of this sort; whoever is not told apart is a company."""

    def read(row: Row, _: Way) -> Any:
        found = short_enum(_first(row, ("e001pescli.tipPes", "e001pes.tipPes"))) or COMPANY
        code = _first(row, ("e001pescli.codPes", "e001pes.codPes", "codCli"))
        return turn_code(code) if found == sort else None

    return read


def _bill_state(row: Row, _: Way) -> Any:
    return "Paga" if _first(row, ("vlrAbe",)) == _SETTLED else "Aberta"


def _postponed(row: Row, _: Way) -> Any:
    new, old = _find(row, "vctPro"), _find(row, "vctOri")
    return None if new == old else turn_day(new)


def _is_head_office(row: Row, _: Way) -> bool:
    """A CNPJ's order number, its ninth to twelfth place, is 0001 for the head office."""
    cnpj = _first(row, ("numCgc", "cnpCpf"))
    return isinstance(cnpj, str) and cnpj[8:12] == "0001"


_EMP, _FIL = ("e070emp.codEmp", "codEmp"), ("e070fil.codFil", "codFil")
_BRANCH: dict[str, Read] = {"cod_empresa": _code(*_EMP), "cod_filial": _joined(_EMP, _FIL)}
_PLACE: dict[str, Read] = {
    "cep": _code("e008cep.cepIni", "cepFil"),
    "complemento": _code("cplEnd"),
    "bairro": _code("nomBai", "baiFil"),
    "municipio": _code("e008rai.nomCid", "cidFil"),
    "uf": _code("e007ufs.sigUfs", "e008rai.e007ufs.sigUfs", "sigUfs"),
}
_OWN: dict[str, Read] = {
    "cnpj": _code("numCgc", "cnpCpf"),
    "inscricao_estadual": _code("insEst"),
    "ativo": _active("sitReg"),
    "atualizado_em": _changed,
    "numero": _code("numEnd"),
    "email": _code("intNet"),
    **_PLACE,
}


def _line(parent: str, position: str, number: tuple[str, ...], column: str) -> dict[str, Read]:
    keys = (
        (f"{parent}.e070emp.codEmp", *_EMP),
        (f"{parent}.e070fil.codFil", *_FIL),
        *((f"{parent}.{name}", name) for name in number),
    )
    return {
        "id_erp": _joined(*keys, (position,)),
        column: _joined(*keys),
        "sequencia": _as_it_is(position),
        "codigo_produto": _code("e075pro.codPro", "codPro"),
        "unidade": _code("e015med.uniMed", "uniMed"),
        "valor_unitario": _number("preUni"),
        "valor_desconto": _number("vlrDsc"),
        "valor_total": _number("vlrLiq"),
        "atualizado_em": _changed,
    }


FIELDS: dict[str, dict[str, Read]] = {
    "empresa_propria": {
        "id_erp": _code("codEmp"),
        "razao_social": _code("nomEmp"),
        "nome_fantasia": _code("sigEmp"),
        "logradouro": _code("endEmp"),
        "telefone": _code("numTel"),
        **_OWN,
    },
    "filial": {
        "id_erp": _joined(_EMP, ("codFil",)),
        "cod_empresa": _code(*_EMP),
        "razao_social": _code("nomFil"),
        "nome_fantasia": _code("sigFil"),
        "logradouro": _code("endFil"),
        "telefone": _code("numTel"),
        "matriz": _is_head_office,
        **_OWN,
    },
    "vendedor": {
        "id_erp": _code("codRep"),
        "nome": _code("nomRep", "e001pes.nomPes"),
        "email": _code("intNet", "e001pes.intNet"),
        "telefone": _code("fonRep", "e001pes.fonPes"),
        "comissao": _number("perCom"),
        "ativo": _active("sitRep"),
        "atualizado_em": _changed,
    },
    "fornecedor": {
        "id_erp": _code("codPes"),
        "cnpj_cpf": _code("cnpCpf"),
        "razao_social": _code("nomPes"),
        "nome_fantasia": _code("apePes"),
        "email": _code("intNet"),
        "telefone": _code("fonPes"),
        "ativo": _active("sitPes"),
        "atualizado_em": _changed,
    },
    "empresa": {
        "id_erp": _code("codPes"),
        "cnpj": _code("cnpCpf"),
        "razao_social": _code("nomPes"),
        "nome_fantasia": _code("apePes"),
        "inscricao_estadual": _code("insEst"),
        "logradouro": _code("endPes"),
        "numero": _code("numEnd"),
        "telefone": _code("fonPes"),
        "email": _code("intNet"),
        "vendedor_id": _code("e090rep.codRep"),
        "ativo": _active("sitPes"),
        "atualizado_em": _changed,
        **_PLACE,
    },
    "contato": {
        "id_erp": _code("codPes"),
        "cpf": _code("cnpCpf"),
        "nome": _code("nomPes"),
        "email": _code("intNet"),
        "telefone": _code("fonPes"),
        "celular": _code("fonPe2"),
        "ativo": _active("sitPes"),
        "atualizado_em": _changed,
    },
    "pedido": {
        "id_erp": _joined(_EMP, _FIL, ("numPed",)),
        **_BRANCH,
        "numero": _code("numPed"),
        "empresa_id": _buyer(COMPANY),
        "contato_id": _buyer(PERSON),
        "vendedor_id": _code("e090rep.codRep", "codRep"),
        "data_emissao": _day("datEmi"),
        "data_entrega": _day("datPrv"),
        "situacao": _code("sitPed"),
        "condicao_pagamento": _code("e028cpg.desCpg", "codCpg"),
        "valor_produtos": _number("vlrPro"),
        "valor_desconto": _number("vlrDsc"),
        "valor_frete": _number("vlrFre"),
        "valor_total": _number("vlrLiq"),
        "atualizado_em": _changed,
    },
    "itens_pedido": {
        **_line("e120ped", "seqIpd", ("numPed",), "pedido_id"),
        "descricao": _code("cplIpd", "e075pro.desPro"),
        "quantidade": _number("qtdPed"),
    },
    "nota": {
        "id_erp": _joined(_EMP, _FIL, ("codSnf",), ("numNfv",)),
        **_BRANCH,
        "numero": _code("numNfv"),
        "serie": _code("codSnf"),
        "modelo": _code("codEdc"),
        "chave_acesso": _code("chvNel"),
        "empresa_id": _buyer(COMPANY),
        "contato_id": _buyer(PERSON),
        "pedido_id": _joined(_EMP, _FIL, ("e120ped.numPed", "numPed")),
        "vendedor_id": _code("e090rep.codRep", "codRep"),
        "data_emissao": _day("datEmi"),
        "cfop": _code("codNop"),
        "valor_produtos": _number("vlrPro"),
        "valor_total": _number("vlrLiq"),
        "situacao": _code("sitNfv"),
        "atualizado_em": _changed,
    },
    "itens_nota": {
        **_line("e140nfv", "seqIpv", ("codSnf", "numNfv"), "nota_id"),
        "descricao": _code("cplIpv", "e075pro.desPro"),
        "quantidade": _number("qtdFat"),
        "ncm": _code("codClf"),
        "cfop": _code("codNop"),
    },
    "fatura": {
        "id_erp": _joined(_EMP, _FIL, ("codTpt",), ("numTit",)),
        **_BRANCH,
        "numero": _code("numTit"),
        "empresa_id": _buyer(COMPANY),
        "contato_id": _buyer(PERSON),
        "nota_id": _joined(_EMP, _FIL, ("e140nfv.codSnf", "codSnf"), ("e140nfv.numNfv", "numNfv")),
        "data_emissao": _day("datEmi"),
        "data_vencimento": _day("vctOri"),
        "data_prorrogada": _postponed,
        "valor": _number("vlrOri"),
        "saldo": _number("vlrAbe"),
        "situacao": _bill_state,
        "atualizado_em": _changed,
    },
}
"""What each of our fields is read from, by table."""

SORT_OF = {"empresa": COMPANY, "contato": PERSON}
"""Tables that take only one sort of person, whatever their route asks for."""


def turn_rows(table: str, rows: list[Any], way: Way) -> list[Any]:
    """Turn a page's rows into ours; what is no object stays what it is, to be rejected.

    Rows that the ERP has marked as deleted are left out, and so are persons of the other sort.
    """
    readers = FIELDS[table]
    return [
        {name: read(row, way) for name, read in readers.items()} if isinstance(row, dict) else row
        for row in rows
        if not isinstance(row, dict) or _belongs(table, row)
    ]


def _belongs(table: str, row: Row) -> bool:
    if row.get("excluido") is True:
        return False
    sort = short_enum(row.get("tipPes"))
    return table not in SORT_OF or sort is None or sort == SORT_OF[table]
