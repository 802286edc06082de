"""What every row has, and the parts that several tables share."""

from typing import Annotated

from msgspec import Struct

from sindico_provisioning.erp_tables.fields import (
    Cep,
    Code,
    Count,
    Email,
    Ibge,
    Instant,
    Key,
    Money,
    Name,
    Phone,
    Quantity,
    Short,
    Uf,
    UnitPrice,
    about,
)


class ErpRow(Struct, kw_only=True, forbid_unknown_fields=True, gc=False):
    """One row of an ERP table; a field left out is the same as null."""

    id_erp: Annotated[
        Key,
        about(
            "Código no ERP",
            "Chave do registro no ERP, única na tabela. Enviar de novo a mesma chave atualiza o "
            "registro.",
            "48213",
        ),
    ]
    atualizado_em: Annotated[
        Instant | None,
        about(
            "Atualizado em",
            "Quando o ERP alterou o registro pela última vez, com fuso. Um registro mais antigo "
            "que o já recebido não o substitui; sem este campo, vale o último recebido.",
            "2026-11-20T14:05:00-03:00",
        ),
    ] = None


CodEmpresa = Annotated[
    Key | None,
    about(
        "Código da empresa própria",
        "Empresa do próprio cliente à qual o registro pertence (`id_erp` de empresa_propria).",
        "1",
        references="empresa_propria",
    ),
]
CodFilial = Annotated[
    Key | None,
    about(
        "Código da filial própria",
        "Filial do próprio cliente à qual o registro pertence (`id_erp` de filial).",
        "1-2",
        references="filial",
    ),
]


class OwnedRow(ErpRow, kw_only=True):
    """A row that belongs to one of the customer's own companies and branches."""

    cod_empresa: CodEmpresa = None
    cod_filial: CodFilial = None


class Address(ErpRow, kw_only=True):
    """An address and how to reach whoever is there."""

    cep: Annotated[Cep | None, about("CEP", "CEP com 8 dígitos, com ou sem hífen.", "89010025")] = (
        None
    )
    logradouro: Annotated[
        Name | None, about("Logradouro", "Rua, avenida ou rodovia.", "Rua XV de Novembro")
    ] = None
    numero: Annotated[Short | None, about("Número", "Número no logradouro, ou S/N.", "1280")] = None
    complemento: Annotated[
        Name | None, about("Complemento", "Sala, bloco ou andar.", "Sala 402")
    ] = None
    bairro: Annotated[Name | None, about("Bairro", "Bairro.", "Centro")] = None
    municipio: Annotated[Name | None, about("Município", "Nome do município.", "Blumenau")] = None
    codigo_ibge: Annotated[
        Ibge | None,
        about("Código IBGE", "Código IBGE do município, com 7 dígitos.", "4202404"),
    ] = None
    uf: Annotated[Uf | None, about("UF", "Sigla do estado, ou EX para o exterior.", "SC")] = None
    telefone: Annotated[
        Phone | None, about("Telefone", "Telefone com DDD.", "47 33261234", personal=True)
    ] = None
    email: Annotated[
        Email | None,
        about("E-mail", "E-mail principal.", "compras@exemplo.com.br", personal=True),
    ] = None


class Item(ErpRow, kw_only=True):
    """One product line of a quotation, an order or a fiscal note."""

    sequencia: Annotated[
        Count | None, about("Sequência", "Posição do item no documento, a partir de 1.", 1)
    ] = None
    codigo_produto: Annotated[
        Code | None, about("Código do produto", "Código do produto no ERP.", "PRD-00731")
    ] = None
    descricao: Annotated[
        Name | None, about("Descrição", "Descrição do produto.", "Parafuso sextavado M8 zincado")
    ] = None
    unidade: Annotated[Short | None, about("Unidade", "Unidade de medida.", "CX")] = None
    quantidade: Annotated[
        Quantity | None, about("Quantidade", "Quantidade, com até 6 casas decimais.", 12.5)
    ] = None
    valor_unitario: Annotated[
        UnitPrice | None,
        about("Valor unitário", "Preço de uma unidade, com até 10 casas decimais.", 38.9),
    ] = None
    valor_desconto: Annotated[
        Money | None, about("Desconto", "Desconto do item, em reais.", 6.25)
    ] = None
    valor_total: Annotated[
        Money | None, about("Valor total", "Valor do item já com desconto, em reais.", 480)
    ] = None
