"""What the customer sells: quotations, orders, fiscal notes, their items, and open trade bills."""

from typing import Annotated

from sindico_provisioning.erp_tables.fields import Code, Day, Key, Money, NfeKey, Short, about
from sindico_provisioning.erp_tables.rows import Item, OwnedRow


class Cotacao(OwnedRow, kw_only=True):
    numero: Annotated[Code | None, about("Número", "Número da cotação.", "2026/0451")] = None
    empresa_id: Annotated[
        Key | None,
        about("Empresa", "Cliente pessoa jurídica.", "1-6924", references="empresa"),
    ] = None
    contato_id: Annotated[
        Key | None, about("Contato", "Cliente pessoa física.", "2-118", references="contato")
    ] = None
    vendedor_id: Annotated[
        Key | None, about("Vendedor", "Vendedor da cotação.", "12", references="vendedor")
    ] = None
    data_emissao: Annotated[
        Day | None, about("Data de emissão", "Data da cotação.", "2026-11-03")
    ] = None
    validade: Annotated[
        Day | None, about("Validade", "Até quando a cotação vale.", "2026-11-18")
    ] = None
    situacao: Annotated[Short | None, about("Situação", "Situação no ERP.", "Em aberto")] = None
    valor_total: Annotated[
        Money | None, about("Valor total", "Valor total, em reais.", 4210.75)
    ] = None


class ItensCotacao(Item, kw_only=True):
    cotacao_id: Annotated[
        Key, about("Cotação", "Cotação à qual o item pertence.", "451", references="cotacao")
    ]


class Pedido(OwnedRow, kw_only=True):
    numero: Annotated[Code | None, about("Número", "Número do pedido.", "48213")] = None
    empresa_id: Annotated[
        Key | None,
        about("Empresa", "Cliente pessoa jurídica.", "1-6924", references="empresa"),
    ] = None
    contato_id: Annotated[
        Key | None, about("Contato", "Cliente pessoa física.", "2-118", references="contato")
    ] = None
    vendedor_id: Annotated[
        Key | None, about("Vendedor", "Vendedor do pedido.", "12", references="vendedor")
    ] = None
    data_emissao: Annotated[
        Day | None, about("Data de emissão", "Data do pedido.", "2026-11-03")
    ] = None
    data_entrega: Annotated[
        Day | None, about("Data de entrega", "Entrega prevista ou feita.", "2026-11-10")
    ] = None
    situacao: Annotated[Short | None, about("Situação", "Situação no ERP.", "Faturado")] = None
    condicao_pagamento: Annotated[
        Short | None, about("Condição de pagamento", "Condição de pagamento.", "28/35/42 dias")
    ] = None
    valor_produtos: Annotated[
        Money | None, about("Valor dos produtos", "Soma dos produtos, em reais.", 4300)
    ] = None
    valor_desconto: Annotated[
        Money | None, about("Desconto", "Desconto do pedido, em reais.", 120.5)
    ] = None
    valor_frete: Annotated[Money | None, about("Frete", "Frete cobrado, em reais.", 31.25)] = None
    valor_total: Annotated[
        Money | None, about("Valor total", "Valor total, em reais.", 4210.75)
    ] = None


class ItensPedido(Item, kw_only=True):
    pedido_id: Annotated[
        Key, about("Pedido", "Pedido ao qual o item pertence.", "48213", references="pedido")
    ]


class Nota(OwnedRow, kw_only=True):
    numero: Annotated[Code | None, about("Número", "Número da nota fiscal.", "10277")] = None
    serie: Annotated[Short | None, about("Série", "Série da nota fiscal.", "1")] = None
    modelo: Annotated[
        Short | None, about("Modelo", "Modelo do documento fiscal (55 é a NF-e).", "55")
    ] = None
    chave_acesso: Annotated[
        NfeKey | None,
        about(
            "Chave de acesso",
            "Chave de acesso da NF-e, com 44 posições.",
            "42261112ABC34501DE35550010000102771482130958",
        ),
    ] = None
    empresa_id: Annotated[
        Key | None,
        about("Empresa", "Cliente pessoa jurídica.", "1-6924", references="empresa"),
    ] = None
    contato_id: Annotated[
        Key | None, about("Contato", "Cliente pessoa física.", "2-118", references="contato")
    ] = None
    pedido_id: Annotated[
        Key | None, about("Pedido", "Pedido que a nota atende.", "48213", references="pedido")
    ] = None
    vendedor_id: Annotated[
        Key | None, about("Vendedor", "Vendedor da nota.", "12", references="vendedor")
    ] = None
    data_emissao: Annotated[
        Day | None, about("Data de emissão", "Data de emissão da nota.", "2026-11-05")
    ] = None
    cfop: Annotated[Short | None, about("CFOP", "CFOP predominante.", "5102")] = None
    valor_produtos: Annotated[
        Money | None, about("Valor dos produtos", "Soma dos produtos, em reais.", 4300)
    ] = None
    valor_total: Annotated[
        Money | None, about("Valor total", "Valor total da nota, em reais.", 4210.75)
    ] = None
    situacao: Annotated[Short | None, about("Situação", "Situação da nota.", "Autorizada")] = None


class ItensNota(Item, kw_only=True):
    nota_id: Annotated[
        Key,
        about("Nota", "Nota fiscal à qual o item pertence.", "10277", references="nota"),
    ]
    ncm: Annotated[Short | None, about("NCM", "Classificação fiscal do produto.", "73181500")] = (
        None
    )
    cfop: Annotated[Short | None, about("CFOP", "CFOP do item.", "5102")] = None


class Fatura(OwnedRow, kw_only=True):
    numero: Annotated[Code | None, about("Número", "Número da duplicata.", "10277")] = None
    parcela: Annotated[Short | None, about("Parcela", "Parcela da duplicata.", "1/3")] = None
    nota_id: Annotated[
        Key | None, about("Nota", "Nota fiscal de origem.", "10277", references="nota")
    ] = None
    empresa_id: Annotated[
        Key | None,
        about("Empresa", "Cliente pessoa jurídica.", "1-6924", references="empresa"),
    ] = None
    contato_id: Annotated[
        Key | None, about("Contato", "Cliente pessoa física.", "2-118", references="contato")
    ] = None
    data_emissao: Annotated[
        Day | None, about("Data de emissão", "Data de emissão.", "2026-11-05")
    ] = None
    data_vencimento: Annotated[
        Day | None, about("Vencimento", "Data de vencimento.", "2026-12-03")
    ] = None
    data_prorrogada: Annotated[
        Day | None, about("Vencimento prorrogado", "Novo vencimento, se houve.", "2026-12-10")
    ] = None
    valor: Annotated[Money | None, about("Valor", "Valor da parcela, em reais.", 1403.58)] = None
    saldo: Annotated[
        Money | None,
        about("Saldo", "Quanto falta pagar, em reais; zero quer dizer paga.", 1403.58),
    ] = None
    situacao: Annotated[Short | None, about("Situação", "Situação no ERP.", "Aberta")] = None
