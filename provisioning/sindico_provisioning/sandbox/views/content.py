"""What stands in the sandbox's tables, and the views that it offers of them."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from sindico_provisioning.sandbox.documents import complete_cnpj, make_cnpj_root
from sindico_provisioning.sandbox.places import PLACES

CUSTOMERS, SELLERS, ORDERS_EACH, ITEMS_EACH = 500, 12, 8, 4
SPOILT = 0.02
"""Share of customers that are wrong, as they are in real life."""

TABLES = """
    CREATE TABLE cad_vendedor (
        cd_vendedor integer PRIMARY KEY, nm_vendedor varchar(200) NOT NULL, ds_email varchar(254),
        pc_comissao numeric(7, 4), fl_ativo char(1) NOT NULL, dh_alteracao timestamp NOT NULL
    );
    CREATE TABLE cad_cliente (
        cd_cliente integer PRIMARY KEY, nm_razao varchar(200), nr_cnpj varchar(20),
        nm_cidade varchar(80), sg_uf varchar(4), cd_vendedor integer NOT NULL,
        fl_ativo char(1) NOT NULL, dh_alteracao timestamp NOT NULL
    );
    CREATE TABLE ven_pedido (
        nr_pedido integer PRIMARY KEY, cd_cliente integer NOT NULL, cd_vendedor integer NOT NULL,
        dt_emissao date NOT NULL, ds_situacao varchar(40) NOT NULL,
        vl_total numeric(15, 2) NOT NULL, dh_alteracao timestamp NOT NULL
    );
    CREATE TABLE ven_item (
        nr_pedido integer NOT NULL, nr_item integer NOT NULL, cd_produto varchar(20) NOT NULL,
        ds_produto varchar(200) NOT NULL, qt_item numeric(18, 6) NOT NULL,
        vl_unitario numeric(21, 10) NOT NULL, dh_alteracao timestamp NOT NULL,
        PRIMARY KEY (nr_pedido, nr_item)
    );
    CREATE INDEX ON cad_cliente (dh_alteracao, cd_cliente);
    CREATE INDEX ON ven_pedido (dh_alteracao, nr_pedido);
"""
VIEWS = """
    CREATE VIEW vw_vendedores AS
        SELECT cd_vendedor AS id_erp, nm_vendedor AS nome, ds_email AS email,
            pc_comissao AS comissao, fl_ativo AS ativo, dh_alteracao AS atualizado_em
        FROM cad_vendedor;
    CREATE VIEW vw_clientes AS
        SELECT cd_cliente AS id_erp, nm_razao AS razao_social, nr_cnpj AS cnpj,
            nm_cidade AS municipio, sg_uf AS uf, cd_vendedor AS vendedor_id, fl_ativo AS ativo,
            dh_alteracao AS atualizado_em
        FROM cad_cliente;
    CREATE VIEW vw_pedidos AS
        SELECT nr_pedido AS id_erp, nr_pedido AS numero, cd_cliente AS empresa_id,
            cd_vendedor AS vendedor_id, dt_emissao AS data_emissao, ds_situacao AS situacao,
            vl_total AS valor_total, dh_alteracao AS atualizado_em
        FROM ven_pedido;
    CREATE VIEW vw_itens_pedido AS
        SELECT nr_pedido || '-' || nr_item AS id_erp, nr_pedido AS pedido_id,
            nr_item AS sequencia, cd_produto AS codigo_produto, ds_produto AS descricao,
            qt_item AS quantidade, vl_unitario AS valor_unitario,
            round(qt_item * vl_unitario, 2) AS valor_total, dh_alteracao AS atualizado_em
        FROM ven_item;
"""
VIEW_OF = {
    "vendedor": "vw_vendedores",
    "empresa": "vw_clientes",
    "pedido": "vw_pedidos",
    "itens_pedido": "vw_itens_pedido",
}
"""The view of each ERP table; columns are called as the fields are."""
TRADE = """
    INSERT INTO ven_pedido
    SELECT n, c.cd_cliente, c.cd_vendedor, (now() - n * interval '2 hours')::date,
        (ARRAY['Aberto', 'Faturado', 'Faturado', 'Cancelado'])[1 + n / 3 % 4],
        0, now() - n * interval '2 hours'
    FROM generate_series(1, {orders}) AS n
    JOIN cad_cliente AS c
        ON c.cd_cliente = 1 + floor({customers} * (n * 7919 % 10007 / 10007.0) ^ 3);
    INSERT INTO ven_item
    SELECT p.nr_pedido, i, 'P' || (p.nr_pedido * 7 + i) % 900, 'Produto ' || (p.nr_pedido * 7 + i)
        % 900, 1 + (p.nr_pedido + i) % 20, ((p.nr_pedido * 13 + i) % 5000 + 99) / 100.0,
        p.dh_alteracao
    FROM ven_pedido AS p, generate_series(1, {items}) AS i;
    UPDATE ven_pedido SET vl_total = sums.vl_total
    FROM (
        SELECT nr_pedido, round(sum(qt_item * vl_unitario), 2) AS vl_total
        FROM ven_item GROUP BY nr_pedido
    ) AS sums WHERE sums.nr_pedido = ven_pedido.nr_pedido;
"""
Row = tuple[object, ...]


def list_sellers(now: datetime) -> list[Row]:
    return [
        (n, f"Vendedor {n}", f"vendedor{n}@exemplo.com.br", 2 + n % 4, "S", now - timedelta(days=n))
        for n in range(1, SELLERS + 1)
    ]


def list_customers(random: Random, now: datetime) -> Iterator[Row]:
    """Customers by code; about two in a hundred have no name or a wrong CNPJ."""
    for number in range(1, CUSTOMERS + 1):
        place = random.choice(PLACES)
        cnpj = complete_cnpj(f"{make_cnpj_root(random, alphanumeric=False)}0001")
        name: str | None = f"{random.choice(TRADES)} {place.name} {number} Ltda."
        if random.random() < SPOILT:
            name, cnpj = random.choice([(None, cnpj), (name, "123")])
        changed = now - timedelta(hours=random.randrange(20_000))
        active = "N" if random.random() < SPOILT else "S"
        yield (number, name, cnpj, place.name, place.uf, 1 + number % SELLERS, active, changed)


TRADES = ("Metalúrgica", "Comercial", "Distribuidora", "Indústria", "Transportes", "Moinho")
