"""From Mega's rows to ours.

Sales and finance answer in PascalCase, registers in camelCase; either is understood everywhere.
Values are carried over as they are wherever `erp_tables` can judge them; only what is Mega's own
way of writing (days, instants, codes as numbers, padded codes in a CNPJ field) is turned here.
A page is turned column by column, which costs a third of going row by row.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sindico_platform.brazil import is_cpf

Row = dict[str, Any]
Column = list[Any]
Read = Callable[[Sequence[Row]], Column]
Turn = Callable[[Any], Any]
Rename = Callable[[str], str]
Field = Callable[[Rename, ZoneInfo], Read]
"""Builds a reader of columns for one way of writing names and one time zone."""

_DAY = len("dd/mm/aaaa")
_NO_DAY = ("01/01/0001", "0001-01-01")
"""What .NET writes for no date at all."""


class _Memo(dict[str, Any]):
    """Turned texts of one page; days and codes repeat a thousand times."""

    def __init__(self, turn: Turn) -> None:
        super().__init__()
        self._turn = turn

    def __missing__(self, text: str) -> Any:
        turned = self[text] = self._turn(text)
        return turned


def _pascal(name: str) -> str:
    return name[0].upper() + name[1:]


def _camel(name: str) -> str:
    return name[0].lower() + name[1:]


def _path(rename: Rename, path: str) -> Read:
    outer, _, inner = path.partition(".")
    outer = rename(outer)
    if not inner:
        return lambda rows: [row.get(outer) for row in rows]
    inner = rename(inner)

    def read(rows: Sequence[Row]) -> Column:
        parts = [row.get(outer) for row in rows]
        return [part.get(inner) if type(part) is dict else None for part in parts]

    return read


def _take(path: str, turn: Turn | None = None) -> Field:
    def build(rename: Rename, _: ZoneInfo) -> Read:
        read = _path(rename, path)
        if turn is _code:
            return lambda rows: _turn_codes(read(rows))
        return read if turn is None else lambda rows: _turn_column(read(rows), turn)

    return build


def _turn_column(column: Column, turn: Turn) -> Column:
    memo = _Memo(turn)
    return [
        value if value is None else memo[value] if type(value) is str else turn(value)
        for value in column
    ]


def _turn_codes(column: Column) -> Column:
    memo = _Memo(_code)
    return [
        value
        if value is None
        else str(value)
        if type(value) is int
        else memo[value]
        if type(value) is str
        else _code(value)
        for value in column
    ]


def _code(value: Any) -> Any:
    """Turn a code into text, whether it came as text or as a number."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        return value
    return str(value) if isinstance(value, int) or value % 1 else str(int(value))


def _day(value: Any) -> Any:
    """Turn ``dd/MM/yyyy``, with or without a time, into ISO; leave what is neither as it is."""
    if not isinstance(value, str):
        return value
    if value.startswith(_NO_DAY):
        return None
    if value[2:3] == "/" and value[5:6] == "/":
        return f"{value[6:_DAY]}-{value[3:5]}-{value[:2]}"
    return value[:_DAY]


_HOUR, _INSTANT = len("dd/mm/aaaa hh"), len("dd/mm/aaaa hh:mm:ss")


def _instant(path: str) -> Field:
    def build(rename: Rename, zone: ZoneInfo) -> Read:
        read = _path(rename, path)
        return lambda rows: turn_instants(read(rows), zone)

    return build


def turn_instants(column: Column, zone: ZoneInfo) -> Column:
    """Turn ``dd/MM/yyyy HH:mm:ss`` in the ERP's zone into ISO with an offset."""
    hours = _Memo(lambda hour: _turn_hour(hour, zone))
    turned = []
    for value in column:
        if type(value) is str and len(value) == _INSTANT:
            hour = hours[value[:_HOUR]]
            turned.append(hour and f"{hour[0]}{value[_HOUR:]}{hour[1]}")
        else:
            turned.append(_turn_odd_instant(value, zone))
    return turned


def _turn_hour(text: str, zone: ZoneInfo) -> tuple[str, str] | None:
    """Give what stands before minutes and seconds and what stands after; None for no date."""
    day = _day(text[:_DAY])
    if day is None:
        return None
    hour = f"{day}T{text[_DAY + 1 :]}"
    return hour, _find_offset(hour, zone)


def _turn_odd_instant(value: Any, zone: ZoneInfo) -> Any:
    """Turn an instant without a time, with a fraction or with a zone of its own."""
    day = _day(value)
    if not isinstance(day, str):
        return day
    clock = value[_DAY + 1 :] or "00:00:00"
    has_zone = clock[-1:] == "Z" or "+" in clock or "-" in clock
    return f"{day}T{clock}{'' if has_zone else _find_offset(f'{day}T{clock[:2]}', zone)}"


@lru_cache(maxsize=50_000)
def _find_offset(hour: str, zone: ZoneInfo) -> str:
    try:
        local = datetime.fromisoformat(f"{hour}:00:00").replace(tzinfo=zone)
    except ValueError:
        return ""  # no such hour: left without a zone, and rejected
    offset = f"{local:%z}"
    return f"{offset[:3]}:{offset[3:5]}"


def _joined(*paths: str) -> Field:
    """Make a key of several codes; no key at all when one of them is missing."""

    def build(rename: Rename, _: ZoneInfo) -> Read:
        reads = [_path(rename, path) for path in paths]

        def read(rows: Sequence[Row]) -> Column:
            columns = [_turn_codes(part(rows)) for part in reads]
            return [
                None if None in parts else "-".join(map(str, parts))
                for parts in zip(*columns, strict=True)
            ]

        return read

    return build


def _street(rename: Rename, _: ZoneInfo) -> Read:
    kind, name = _path(rename, "tipoLogradouro"), _path(rename, "nomeLogradouro")
    return lambda rows: [
        " ".join(str(part) for part in parts if part) or None
        for parts in zip(kind(rows), name(rows), strict=True)
    ]


def _phone(*, mobile: bool) -> Field:
    def build(rename: Rename, _: ZoneInfo) -> Read:
        read = _path(rename, "telefone")
        number, kind = rename("numero"), rename("tipo")

        def find(phones: Any) -> Any:
            if not isinstance(phones, list):
                return None if mobile else _code(phones)
            for phone in phones:
                if isinstance(phone, dict) and (phone.get(kind) == "Celular") == mobile:
                    return _code(phone.get(number))
            return None

        return lambda rows: [find(phones) for phones in read(rows)]

    return build


def _trusted_document(rename: Rename, _: ZoneInfo) -> Read:
    """The agent's CNPJ or CPF; its own code, padded with zeros, is none."""
    document, code = _path(rename, "cnpj"), _path(rename, "codigoSistema")

    def find(value: Any, own: Any) -> Any:
        padded = isinstance(value, str) and isinstance(own, str)
        return None if padded and value.lstrip("0") == own.lstrip("0") else value

    return lambda rows: [
        find(_code(value), _code(own))
        for value, own in zip(document(rows), code(rows), strict=True)
    ]


def _agent(*, person: bool) -> Field:
    """The customer's code, if it is (or is not) a person; only a CPF tells a person."""

    def build(rename: Rename, _: ZoneInfo) -> Read:
        code, document = _path(rename, "agente.codigo"), _path(rename, "agente.cnpj")

        def read(rows: Sequence[Row]) -> Column:
            codes = _turn_codes(code(rows))
            return [
                own if (value is not None and _is_person(value)) is person else None
                for own, value in zip(codes, document(rows), strict=True)
            ]

        return read

    return build


def _is_person(document: Any) -> bool:
    return isinstance(document, str) and is_cpf(document)


def _settled(rename: Rename, _: ZoneInfo) -> Read:
    balance = _path(rename, "saldoAtual")
    return lambda rows: ["Paga" if value == 0 else "Aberta" for value in balance(rows)]


def _postponed(rename: Rename, _: ZoneInfo) -> Read:
    due, postponed = _path(rename, "dataVencimento"), _path(rename, "dataProrrogado")
    return lambda rows: [
        None if new == old else _day(new)
        for new, old in zip(postponed(rows), due(rows), strict=True)
    ]


_ADDRESS: dict[str, Field] = {
    "cep": _take("cep", _code),
    "logradouro": _street,
    "numero": _take("numeroEndereco", _code),
    "complemento": _take("complementoEndereco", _code),
    "bairro": _take("bairro", _code),
    "municipio": _take("nomeMunicipio", _code),
    "codigo_ibge": _take("codigoIbge", _code),
    "uf": _take("ufSigla", _code),
    "telefone": _phone(mobile=False),
    "email": _take("email", _code),
}
_OWN: dict[str, Field] = {
    "razao_social": _take("razaoSocial", _code),
    "nome_fantasia": _take("nomeFantasia", _code),
    "cnpj": _take("cnpj", _code),
    "inscricao_estadual": _take("inscricaoEstadual", _code),
    "ativo": _take("ativo"),
    "atualizado_em": _instant("ultimaAtualizacao"),
    **_ADDRESS,
}
_DEAL: dict[str, Field] = {
    "id_erp": _take("codigo", _code),
    "cod_empresa": _take("empresa.id", _code),
    "cod_filial": _take("filial.id", _code),
    "empresa_id": _agent(person=False),
    "contato_id": _agent(person=True),
    "vendedor_id": _take("codigoVendedor", _code),
    "data_emissao": _take("dataEmissao", _day),
    "situacao": _take("situacao", _code),
    "valor_total": _take("valorTotal"),
    "atualizado_em": _instant("dataAlteracao"),
}


def _line(parent: str, column: str) -> dict[str, Field]:
    return {
        "id_erp": _joined(parent, "sequencia"),
        column: _take(parent, _code),
        "sequencia": _take("sequencia"),
        "codigo_produto": _take("codigoProduto", _code),
        "descricao": _take("descricao", _code),
        "unidade": _take("unidade", _code),
        "quantidade": _take("quantidade"),
        "valor_unitario": _take("valorUnitario"),
        "valor_desconto": _take("valorDesconto"),
        "valor_total": _take("valorTotal"),
        "atualizado_em": _instant("dataAlteracao"),
    }


FIELDS: dict[str, dict[str, Field]] = {
    "empresa_propria": {"id_erp": _take("codigo", _code), **_OWN},
    "filial": {
        "id_erp": _take("codigo", _code),
        "cod_empresa": _take("codigoEmpresa", _code),
        "matriz": _take("matriz"),
        **_OWN,
    },
    "vendedor": {
        "id_erp": _take("codigo", _code),
        "nome": _take("nome", _code),
        "email": _take("email", _code),
        "telefone": _phone(mobile=False),
        "comissao": _take("percentualComissao"),
        "ativo": _take("ativo"),
        "atualizado_em": _instant("ultimaAtualizacao"),
    },
    "fornecedor": {
        "id_erp": _take("codigoSistema", _code),
        "cnpj_cpf": _trusted_document,
        "razao_social": _take("nomeAgente", _code),
        "nome_fantasia": _take("nomeFantasia", _code),
        "email": _take("email", _code),
        "telefone": _phone(mobile=False),
        "ativo": _take("ativo"),
        "atualizado_em": _instant("ultimaAtualizacao"),
    },
    "empresa": {
        "id_erp": _take("codigoSistema", _code),
        "cod_empresa": _take("codigoEmpresa", _code),
        "cod_filial": _take("codigoFilial", _code),
        "cnpj": _trusted_document,
        "razao_social": _take("nomeAgente", _code),
        "nome_fantasia": _take("nomeFantasia", _code),
        "inscricao_estadual": _take("inscricaoEstadual", _code),
        "vendedor_id": _take("codigoVendedor", _code),
        "carteira": _take("carteira", _code),
        "categoria": _take("categoria", _code),
        "curva_abc": _take("curvaAbc", _code),
        "ativo": _take("ativo"),
        "atualizado_em": _instant("ultimaAtualizacao"),
        **_ADDRESS,
    },
    "empresa_marca": {
        "id_erp": _joined("codigoAgente", "marca"),
        "empresa_id": _take("codigoAgente", _code),
        "marca": _take("marca", _code),
        "situacao_comercial": _take("situacaoComercial", _code),
        "ultima_compra": _take("ultimaCompra", _day),
        "valor_12_meses": _take("valor12Meses"),
    },
    "contato": {
        "id_erp": _take("codigo", _code),
        "cod_empresa": _take("codigoEmpresa", _code),
        "cod_filial": _take("codigoFilial", _code),
        "cpf": _take("cpf", _code),
        "nome": _take("nome", _code),
        "email": _take("email", _code),
        "telefone": _phone(mobile=False),
        "celular": _phone(mobile=True),
        "cargo": _take("cargo", _code),
        "empresa_id": _take("codigoAgente", _code),
        "data_nascimento": _take("dataNascimento", _day),
        "ativo": _take("ativo"),
        "atualizado_em": _instant("ultimaAtualizacao"),
    },
    "cotacao": {
        **_DEAL,
        "numero": _take("numero", _code),
        "validade": _take("dataValidade", _day),
    },
    "itens_cotacao": _line("codigoCotacao", "cotacao_id"),
    "pedido": {
        **_DEAL,
        "numero": _take("numero", _code),
        "data_entrega": _take("dataEntrega", _day),
        "condicao_pagamento": _take("condicaoPagamento", _code),
        "valor_produtos": _take("valorProdutos"),
        "valor_desconto": _take("valorDesconto"),
        "valor_frete": _take("valorFrete"),
    },
    "itens_pedido": _line("codigoPedido", "pedido_id"),
    "nota": {
        **_DEAL,
        "numero": _take("numeroNota", _code),
        "serie": _take("serie", _code),
        "modelo": _take("modelo", _code),
        "chave_acesso": _take("chaveAcesso", _code),
        "pedido_id": _take("codigoPedido", _code),
        "cfop": _take("cfop", _code),
        "valor_produtos": _take("valorProdutos"),
    },
    "itens_nota": {
        **_line("codigoNota", "nota_id"),
        "ncm": _take("ncm", _code),
        "cfop": _take("cfop", _code),
    },
    "fatura": {
        "id_erp": _joined("filial.id", "tipoDocumento", "numeroAP", "numeroParcela"),
        "cod_filial": _take("filial.id", _code),
        "numero": _take("numeroDocumento", _code),
        "parcela": _take("numeroParcela", _code),
        "empresa_id": _agent(person=False),
        "contato_id": _agent(person=True),
        "data_vencimento": _take("dataVencimento", _day),
        "data_prorrogada": _postponed,
        "valor": _take("valorParcela"),
        "saldo": _take("saldoAtual"),
        "situacao": _settled,
    },
}
"""What each of our fields is read from, by table; names in camelCase."""

_PERSON = "F"


@lru_cache
def _readers(table: str, zone: ZoneInfo, *, pascal: bool) -> dict[str, Read]:
    rename = _pascal if pascal else _camel
    return {name: field(rename, zone) for name, field in FIELDS[table].items()}


def turn_rows(table: str, rows: list[Any], zone: ZoneInfo) -> list[Any]:
    """Turn a page's rows into ours; what is no object stays what it is, to be rejected.

    Customers that are persons are left out of `empresa`.
    """
    if table == "empresa":
        rows = [row for row in rows if not _is_of_a_person(row)]
    styles = [_style(row) for row in rows]
    if len(set(styles)) <= 1:
        return _turn_alike(table, rows, zone, styles[0] if styles else None)
    return [
        turned
        for row, style in zip(rows, styles, strict=True)
        for turned in _turn_alike(table, [row], zone, style)
    ]


def _turn_alike(
    table: str,
    rows: list[Any],
    zone: ZoneInfo,
    pascal: bool | None,  # noqa: FBT001 (a row's style)
) -> list[Any]:
    if pascal is None:
        return rows
    readers = _readers(table, zone, pascal=pascal)
    columns = [read(rows) for read in readers.values()]
    return [dict(zip(readers, values, strict=True)) for values in zip(*columns, strict=True)]


def _style(row: Any) -> bool | None:
    """Whether a row's names are in PascalCase; None if it is no object."""
    return next(iter(row), "a")[:1].isupper() if isinstance(row, dict) else None


def _is_of_a_person(row: Any) -> bool:
    return isinstance(row, dict) and _PERSON in (row.get("tipoPessoa"), row.get("TipoPessoa"))
