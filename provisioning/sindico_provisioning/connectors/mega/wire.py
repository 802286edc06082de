"""From Mega's rows to ours.

Sales and finance answer in PascalCase, registers in camelCase; either is understood everywhere.
Values are carried over as they are wherever `erp_tables` can judge them; only what is Mega's own
way of writing (days, instants, codes as numbers, padded codes in a CNPJ field) is turned here.
A page is turned column by column, which costs a third of going row by row.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sindico_platform.brazil import is_cpf
from sindico_provisioning.connectors.turning import (
    Column,
    Turn,
    turn_code,
    turn_codes,
    turn_column,
    turn_day,
    turn_instants,
)

Row = dict[str, Any]
Read = Callable[[Sequence[Row]], Column]
Rename = Callable[[str], str]
Field = Callable[[Rename, ZoneInfo], Read]
"""Builds a reader of columns for one way of writing names and one time zone."""


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
        if turn is turn_code:
            return lambda rows: turn_codes(read(rows))
        return read if turn is None else lambda rows: turn_column(read(rows), turn)

    return build


def _instant(path: str) -> Field:
    def build(rename: Rename, zone: ZoneInfo) -> Read:
        read = _path(rename, path)
        return lambda rows: turn_instants(read(rows), zone)

    return build


def _joined(*paths: str) -> Field:
    """Make a key of several codes; no key at all when one of them is missing."""

    def build(rename: Rename, _: ZoneInfo) -> Read:
        reads = [_path(rename, path) for path in paths]

        def read(rows: Sequence[Row]) -> Column:
            columns = [turn_codes(part(rows)) for part in reads]
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
                return None if mobile else turn_code(phones)
            for phone in phones:
                if isinstance(phone, dict) and (phone.get(kind) == "Celular") == mobile:
                    return turn_code(phone.get(number))
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
        find(turn_code(value), turn_code(own))
        for value, own in zip(document(rows), code(rows), strict=True)
    ]


def _agent(*, person: bool) -> Field:
    """The customer's code, if it is (or is not) a person; only a CPF tells a person."""

    def build(rename: Rename, _: ZoneInfo) -> Read:
        code, document = _path(rename, "agente.codigo"), _path(rename, "agente.cnpj")

        def read(rows: Sequence[Row]) -> Column:
            codes = turn_codes(code(rows))
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
        None if new == old else turn_day(new)
        for new, old in zip(postponed(rows), due(rows), strict=True)
    ]


_ADDRESS: dict[str, Field] = {
    "cep": _take("cep", turn_code),
    "logradouro": _street,
    "numero": _take("numeroEndereco", turn_code),
    "complemento": _take("complementoEndereco", turn_code),
    "bairro": _take("bairro", turn_code),
    "municipio": _take("nomeMunicipio", turn_code),
    "codigo_ibge": _take("codigoIbge", turn_code),
    "uf": _take("ufSigla", turn_code),
    "telefone": _phone(mobile=False),
    "email": _take("email", turn_code),
}
_OWN: dict[str, Field] = {
    "razao_social": _take("razaoSocial", turn_code),
    "nome_fantasia": _take("nomeFantasia", turn_code),
    "cnpj": _take("cnpj", turn_code),
    "inscricao_estadual": _take("inscricaoEstadual", turn_code),
    "ativo": _take("ativo"),
    "atualizado_em": _instant("ultimaAtualizacao"),
    **_ADDRESS,
}
_DEAL: dict[str, Field] = {
    "id_erp": _take("codigo", turn_code),
    "cod_empresa": _take("empresa.id", turn_code),
    "cod_filial": _take("filial.id", turn_code),
    "empresa_id": _agent(person=False),
    "contato_id": _agent(person=True),
    "vendedor_id": _take("codigoVendedor", turn_code),
    "data_emissao": _take("dataEmissao", turn_day),
    "situacao": _take("situacao", turn_code),
    "valor_total": _take("valorTotal"),
    "atualizado_em": _instant("dataAlteracao"),
}


def _line(parent: str, column: str) -> dict[str, Field]:
    return {
        "id_erp": _joined(parent, "sequencia"),
        column: _take(parent, turn_code),
        "sequencia": _take("sequencia"),
        "codigo_produto": _take("codigoProduto", turn_code),
        "descricao": _take("descricao", turn_code),
        "unidade": _take("unidade", turn_code),
        "quantidade": _take("quantidade"),
        "valor_unitario": _take("valorUnitario"),
        "valor_desconto": _take("valorDesconto"),
        "valor_total": _take("valorTotal"),
        "atualizado_em": _instant("dataAlteracao"),
    }


FIELDS: dict[str, dict[str, Field]] = {
    "empresa_propria": {"id_erp": _take("codigo", turn_code), **_OWN},
    "filial": {
        "id_erp": _take("codigo", turn_code),
        "cod_empresa": _take("codigoEmpresa", turn_code),
        "matriz": _take("matriz"),
        **_OWN,
    },
    "vendedor": {
        "id_erp": _take("codigo", turn_code),
        "nome": _take("nome", turn_code),
        "email": _take("email", turn_code),
        "telefone": _phone(mobile=False),
        "comissao": _take("percentualComissao"),
        "ativo": _take("ativo"),
        "atualizado_em": _instant("ultimaAtualizacao"),
    },
    "fornecedor": {
        "id_erp": _take("codigoSistema", turn_code),
        "cnpj_cpf": _trusted_document,
        "razao_social": _take("nomeAgente", turn_code),
        "nome_fantasia": _take("nomeFantasia", turn_code),
        "email": _take("email", turn_code),
        "telefone": _phone(mobile=False),
        "ativo": _take("ativo"),
        "atualizado_em": _instant("ultimaAtualizacao"),
    },
    "empresa": {
        "id_erp": _take("codigoSistema", turn_code),
        "cod_empresa": _take("codigoEmpresa", turn_code),
        "cod_filial": _take("codigoFilial", turn_code),
        "cnpj": _trusted_document,
        "razao_social": _take("nomeAgente", turn_code),
        "nome_fantasia": _take("nomeFantasia", turn_code),
        "inscricao_estadual": _take("inscricaoEstadual", turn_code),
        "vendedor_id": _take("codigoVendedor", turn_code),
        "carteira": _take("carteira", turn_code),
        "categoria": _take("categoria", turn_code),
        "curva_abc": _take("curvaAbc", turn_code),
        "ativo": _take("ativo"),
        "atualizado_em": _instant("ultimaAtualizacao"),
        **_ADDRESS,
    },
    "empresa_marca": {
        "id_erp": _joined("codigoAgente", "marca"),
        "empresa_id": _take("codigoAgente", turn_code),
        "marca": _take("marca", turn_code),
        "situacao_comercial": _take("situacaoComercial", turn_code),
        "ultima_compra": _take("ultimaCompra", turn_day),
        "valor_12_meses": _take("valor12Meses"),
    },
    "contato": {
        "id_erp": _take("codigo", turn_code),
        "cod_empresa": _take("codigoEmpresa", turn_code),
        "cod_filial": _take("codigoFilial", turn_code),
        "cpf": _take("cpf", turn_code),
        "nome": _take("nome", turn_code),
        "email": _take("email", turn_code),
        "telefone": _phone(mobile=False),
        "celular": _phone(mobile=True),
        "cargo": _take("cargo", turn_code),
        "empresa_id": _take("codigoAgente", turn_code),
        "data_nascimento": _take("dataNascimento", turn_day),
        "ativo": _take("ativo"),
        "atualizado_em": _instant("ultimaAtualizacao"),
    },
    "cotacao": {
        **_DEAL,
        "numero": _take("numero", turn_code),
        "validade": _take("dataValidade", turn_day),
    },
    "itens_cotacao": _line("codigoCotacao", "cotacao_id"),
    "pedido": {
        **_DEAL,
        "numero": _take("numero", turn_code),
        "data_entrega": _take("dataEntrega", turn_day),
        "condicao_pagamento": _take("condicaoPagamento", turn_code),
        "valor_produtos": _take("valorProdutos"),
        "valor_desconto": _take("valorDesconto"),
        "valor_frete": _take("valorFrete"),
    },
    "itens_pedido": _line("codigoPedido", "pedido_id"),
    "nota": {
        **_DEAL,
        "numero": _take("numeroNota", turn_code),
        "serie": _take("serie", turn_code),
        "modelo": _take("modelo", turn_code),
        "chave_acesso": _take("chaveAcesso", turn_code),
        "pedido_id": _take("codigoPedido", turn_code),
        "cfop": _take("cfop", turn_code),
        "valor_produtos": _take("valorProdutos"),
    },
    "itens_nota": {
        **_line("codigoNota", "nota_id"),
        "ncm": _take("ncm", turn_code),
        "cfop": _take("cfop", turn_code),
    },
    "fatura": {
        "id_erp": _joined("filial.id", "tipoDocumento", "numeroAP", "numeroParcela"),
        "cod_filial": _take("filial.id", turn_code),
        "numero": _take("numeroDocumento", turn_code),
        "parcela": _take("numeroParcela", turn_code),
        "empresa_id": _agent(person=False),
        "contato_id": _agent(person=True),
        "data_vencimento": _take("dataVencimento", turn_day),
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
