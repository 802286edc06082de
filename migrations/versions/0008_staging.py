"""The staging: a table for each ERP table, rejected rows, and the keys of a snapshot under way."""

import ddl
from alembic import op

revision = "0008"
down_revision = "0007"

TABLES = {
    "empresa_propria": """
        atualizado_em timestamptz,
        cep text,
        logradouro text,
        numero text,
        complemento text,
        bairro text,
        municipio text,
        codigo_ibge text,
        uf text,
        telefone text,
        email text,
        cnpj text,
        razao_social text NOT NULL,
        nome_fantasia text,
        inscricao_estadual text,
        ativo boolean NOT NULL,
        extras jsonb""",
    "filial": """
        atualizado_em timestamptz,
        cep text,
        logradouro text,
        numero text,
        complemento text,
        bairro text,
        municipio text,
        codigo_ibge text,
        uf text,
        telefone text,
        email text,
        cod_empresa text,
        cnpj text,
        razao_social text NOT NULL,
        nome_fantasia text,
        inscricao_estadual text,
        matriz boolean NOT NULL,
        ativo boolean NOT NULL,
        extras jsonb""",
    "vendedor": """
        atualizado_em timestamptz,
        nome text NOT NULL,
        email text,
        telefone text,
        comissao numeric(7,4),
        ativo boolean NOT NULL,
        extras jsonb""",
    "fornecedor": """
        atualizado_em timestamptz,
        cnpj_cpf text,
        razao_social text NOT NULL,
        nome_fantasia text,
        email text,
        telefone text,
        ativo boolean NOT NULL,
        extras jsonb""",
    "empresa": """
        atualizado_em timestamptz,
        cep text,
        logradouro text,
        numero text,
        complemento text,
        bairro text,
        municipio text,
        codigo_ibge text,
        uf text,
        telefone text,
        email text,
        cod_empresa text,
        cod_filial text,
        cnpj text,
        razao_social text NOT NULL,
        nome_fantasia text,
        inscricao_estadual text,
        vendedor_id text,
        carteira text,
        categoria text,
        curva_abc text,
        ativo boolean NOT NULL,
        extras jsonb""",
    "empresa_marca": """
        atualizado_em timestamptz,
        empresa_id text NOT NULL,
        marca text NOT NULL,
        situacao_comercial text,
        ultima_compra date,
        valor_12_meses numeric(15,2),
        extras jsonb""",
    "contato": """
        atualizado_em timestamptz,
        cod_empresa text,
        cod_filial text,
        cpf text,
        nome text NOT NULL,
        email text,
        telefone text,
        celular text,
        cargo text,
        empresa_id text,
        data_nascimento date,
        ativo boolean NOT NULL,
        extras jsonb""",
    "cotacao": """
        atualizado_em timestamptz,
        cod_empresa text,
        cod_filial text,
        numero text,
        empresa_id text,
        contato_id text,
        vendedor_id text,
        data_emissao date,
        validade date,
        situacao text,
        valor_total numeric(15,2),
        extras jsonb""",
    "itens_cotacao": """
        atualizado_em timestamptz,
        sequencia integer,
        codigo_produto text,
        descricao text,
        unidade text,
        quantidade numeric(18,6),
        valor_unitario numeric(21,10),
        valor_desconto numeric(15,2),
        valor_total numeric(15,2),
        cotacao_id text NOT NULL,
        extras jsonb""",
    "pedido": """
        atualizado_em timestamptz,
        cod_empresa text,
        cod_filial text,
        numero text,
        empresa_id text,
        contato_id text,
        vendedor_id text,
        data_emissao date,
        data_entrega date,
        situacao text,
        condicao_pagamento text,
        valor_produtos numeric(15,2),
        valor_desconto numeric(15,2),
        valor_frete numeric(15,2),
        valor_total numeric(15,2),
        extras jsonb""",
    "itens_pedido": """
        atualizado_em timestamptz,
        sequencia integer,
        codigo_produto text,
        descricao text,
        unidade text,
        quantidade numeric(18,6),
        valor_unitario numeric(21,10),
        valor_desconto numeric(15,2),
        valor_total numeric(15,2),
        pedido_id text NOT NULL,
        extras jsonb""",
    "nota": """
        atualizado_em timestamptz,
        cod_empresa text,
        cod_filial text,
        numero text,
        serie text,
        modelo text,
        chave_acesso text,
        empresa_id text,
        contato_id text,
        pedido_id text,
        vendedor_id text,
        data_emissao date,
        cfop text,
        valor_produtos numeric(15,2),
        valor_total numeric(15,2),
        situacao text,
        extras jsonb""",
    "itens_nota": """
        atualizado_em timestamptz,
        sequencia integer,
        codigo_produto text,
        descricao text,
        unidade text,
        quantidade numeric(18,6),
        valor_unitario numeric(21,10),
        valor_desconto numeric(15,2),
        valor_total numeric(15,2),
        nota_id text NOT NULL,
        ncm text,
        cfop text,
        extras jsonb""",
    "fatura": """
        atualizado_em timestamptz,
        cod_empresa text,
        cod_filial text,
        numero text,
        parcela text,
        nota_id text,
        empresa_id text,
        contato_id text,
        data_emissao date,
        data_vencimento date,
        data_prorrogada date,
        valor numeric(15,2),
        saldo numeric(15,2),
        situacao text,
        extras jsonb""",
}


def upgrade() -> None:
    ddl.guard_timeouts(op)
    for name, columns in TABLES.items():
        create_table(name, columns)
    create_seen_key()
    create_rejection()


def create_table(name: str, columns: str) -> None:
    """No foreign keys: children may come before their parents, and loading must be quick."""
    op.execute(f"""
        CREATE TABLE staging.{name} (
            tenant_id uuid NOT NULL,
            integration_id uuid NOT NULL,
            id_erp text COLLATE "C" NOT NULL,
            {columns},
            changed_at timestamptz NOT NULL,
            removed_at timestamptz,
            CONSTRAINT pk_{name} PRIMARY KEY (tenant_id, integration_id, id_erp)
        )
    """)
    ddl.isolate(op, f"staging.{name}")


def create_seen_key() -> None:
    op.execute("""
        CREATE TABLE staging.seen_key (
            tenant_id uuid NOT NULL,
            load_id uuid NOT NULL,
            resource text NOT NULL,
            id_erp text COLLATE "C" NOT NULL,
            CONSTRAINT pk_seen_key PRIMARY KEY (tenant_id, load_id, resource, id_erp)
        )
    """)
    ddl.isolate(op, "staging.seen_key", app="SELECT, INSERT, DELETE")


def create_rejection() -> None:
    op.execute("""
        CREATE TABLE staging.rejection (
            tenant_id uuid NOT NULL,
            load_id uuid NOT NULL,
            id uuid NOT NULL,
            resource text NOT NULL,
            row_index bigint NOT NULL,
            id_erp text,
            errors jsonb NOT NULL,
            raw text NOT NULL,
            at timestamptz NOT NULL,
            CONSTRAINT pk_rejection PRIMARY KEY (tenant_id, load_id, id)
        )
    """)
    ddl.isolate(op, "staging.rejection", app="SELECT, INSERT, DELETE")
