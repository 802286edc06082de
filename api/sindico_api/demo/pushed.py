"""Rows as a small shop's ERP would send them, a few of them wrong, as they are in real life."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

from sindico_provisioning.sandbox.documents import make_cnpj, spoil
from sindico_provisioning.sandbox.places import PLACES

Row = dict[str, Any]
SELLERS, CUSTOMERS, ORDERS, ITEMS_EACH = 4, 40, 150, 3
NAMELESS, WRONG_CNPJ = 7, 23
TO_COME = f"L-{ORDERS + 1}"
"""An order that is not sent; its item waits for it."""


def make_pushes(random: Random, today: date) -> dict[str, list[Row]]:
    """Rows by table, in the order of sending: items come before their orders, which is allowed."""
    items, orders = list(make_items(random)), list(make_orders(random, today))
    for order in orders:
        own = (item["valor_total"] for item in items if item["pedido_id"] == order["id_erp"])
        order["valor_total"] = round(sum(own), 2)
    sellers = [{"id_erp": f"L-{n}", "nome": f"Balcão {n}"} for n in range(1, SELLERS + 1)]
    return {
        "vendedor": sellers,
        "empresa": list(make_customers(random)),
        "itens_pedido": items,
        "pedido": orders,
    }


def make_customers(random: Random) -> Iterator[Row]:
    for number in range(1, CUSTOMERS + 1):
        place, cnpj = random.choice(PLACES), make_cnpj(random, alphanumeric=number % 4 == 0)
        yield {
            "id_erp": f"L-{number}",
            "razao_social": None if number == NAMELESS else f"Loja {place.name} {number} Ltda.",
            "cnpj": spoil(cnpj) if number == WRONG_CNPJ else cnpj,
            "municipio": place.name,
            "uf": place.uf,
            "vendedor_id": f"L-{1 + number % SELLERS}",
        }


def make_orders(random: Random, today: date) -> Iterator[Row]:
    for number in range(1, ORDERS + 1):
        issued = today - timedelta(days=random.randrange(300))
        customer = min(CUSTOMERS, 1 + int(random.expovariate(0.12)))  # few buy most
        yield {
            "id_erp": f"L-{number}",
            "numero": str(number),
            "empresa_id": f"L-{customer}",
            "vendedor_id": f"L-{1 + customer % SELLERS}",
            "data_emissao": issued.isoformat(),
            "situacao": "Faturado",
        }


def make_items(random: Random) -> Iterator[Row]:
    orders = [f"L-{number}" for number in range(1, ORDERS + 1) for _ in range(ITEMS_EACH)]
    for number, order in enumerate([*orders, TO_COME], start=1):
        amount, price_cents = random.randrange(1, 30), random.randrange(490, 25_000)
        yield {
            "id_erp": f"{order}-{number}",
            "pedido_id": order,
            "codigo_produto": f"P{number % 90}",
            "descricao": f"Produto {number % 90}",
            "quantidade": amount,
            "valor_unitario": price_cents / 100,
            "valor_total": amount * price_cents / 100,
        }
