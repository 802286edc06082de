"""Made-up quotations, orders, fiscal notes and trade bills, in Mega's wire shape."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import accumulate
from random import Random
from typing import Any

from sindico_provisioning.sandbox import documents, places
from sindico_provisioning.sandbox.book import BookWriter
from sindico_provisioning.sandbox.mega.registers import (
    DIRTY,
    Registers,
    Row,
    wire_day,
    wire_instant,
)

HISTORY_DAYS = 729
_PRODUCTS = 160
_FIRST_ORDER, _FIRST_QUOTATION, _FIRST_NOTE = 40_000, 1_000, 10_000
_UF_CODE = "42"


@dataclass(slots=True)
class Line:
    """One product line; amounts in cents."""

    product: int
    quantity: int
    price: int
    discount: int

    @property
    def total(self) -> int:
        return self.quantity * self.price - self.discount


@dataclass(slots=True)
class Deal:
    """A quotation or an order; its note and bills follow from it."""

    code: int
    day: date
    customer: Row
    company: int
    branch: int
    seller: int
    terms: str
    freight: int
    lines: list[Line]

    @property
    def products_total(self) -> int:
        return sum(line.total for line in self.lines)

    @property
    def total(self) -> int:
        return self.products_total + self.freight


def _wire_change(day: date, code: int) -> str:
    """Some time of that day, always the same for a code."""
    return wire_instant(datetime.combine(day, time(8 + code % 10, code % 60)))


class Trade:
    """Deals with the customers of `registers`; a few buy much, many buy little."""

    def __init__(self, registers: Registers, seed: int) -> None:
        self.random = Random(f"mega-trade-{seed}")  # noqa: S311 (made-up data)
        self._registers, self._end = registers, registers.end
        self._weights = list(accumulate(1 / (n + 5) for n in range(len(registers.customers))))
        self._customers = self.random.sample(registers.customers, k=len(registers.customers))
        self._products = list(self._make_products())

    def write(self, book: BookWriter) -> None:
        """Write the chapters of everything sold."""
        scale = self._registers.scale
        quotations = self._make_deals(scale.quotations, _FIRST_QUOTATION)
        self._write_deals(book, "cotacao", quotations, self._quotation_row)
        self._write_lines(book, "itens_cotacao", quotations, "CodigoCotacao")
        orders = self._make_deals(scale.orders, _FIRST_ORDER)
        self._write_deals(book, "pedido", orders, self._order_row)
        self._write_lines(book, "itens_pedido", orders, "CodigoPedido")
        notes = self._make_notes(orders, scale.invoiced)
        self._write_notes(book, notes)
        self._write_bills(book, notes)

    def _chance(self, share: float) -> bool:
        return self.random.random() < share

    def _make_products(self) -> Iterator[tuple[str, str, str, str, int]]:
        for number in range(_PRODUCTS):
            name, unit, ncm, usual = places.PRODUCTS[number % len(places.PRODUCTS)]
            variant = places.VARIANTS[number // len(places.PRODUCTS) % len(places.VARIANTS)]
            price = round(usual * 100 * self.random.uniform(0.7, 1.6))
            yield f"PRD-{number + 1:05d}", name + variant, unit, ncm, price

    def _make_deals(self, count: int, first_code: int) -> list[Deal]:
        days = sorted(self._make_day() for _ in range(count))
        return [self._make_deal(first_code + number, day) for number, day in enumerate(days)]

    def _make_day(self) -> date:
        day = self._end - timedelta(days=self.random.randrange(HISTORY_DAYS))
        weekend = day.isoweekday() > 5  # noqa: PLR2004 (Friday)
        return self._make_day() if weekend and self._chance(0.9) else day

    def _make_deal(self, code: int, day: date) -> Deal:
        random = self.random
        customer = random.choices(self._customers, cum_weights=self._weights)[0]
        company, branch = random.choice(self._registers.branch_codes)
        lines = [self._make_line() for _ in range(random.choice((1, 1, 2, 2, 3, 3, 4, 5, 6)))]
        freight = random.choice((0, 0, 0, random.randrange(2_000, 45_000)))
        return Deal(
            code=code,
            day=day,
            customer=customer,
            company=company,
            branch=branch,
            seller=customer["codigoVendedor"],
            terms=random.choice(places.PAYMENT_TERMS),
            freight=freight,
            lines=lines,
        )

    def _make_line(self) -> Line:
        random = self.random
        product = random.randrange(_PRODUCTS)
        price = round(self._products[product][4] * random.uniform(0.92, 1.08))
        quantity = random.choice((1, 1, 2, 3, 5, 10, 12, 20, 50))
        discount = quantity * price * random.choice((0, 0, 0, 2, 5)) // 100
        return Line(product, quantity, price, discount)

    def _write_deals(
        self, book: BookWriter, chapter: str, deals: Sequence[Deal], make_row: Any
    ) -> None:
        with book.chapter(chapter, dated=True):
            for deal in deals:
                row = make_row(deal)
                spoilt = self._chance(DIRTY)
                if spoilt:
                    self._spoil(row)
                book.write(row, day=deal.day.toordinal(), spoilt=spoilt)

    def _spoil(self, row: Row) -> None:
        match self.random.randrange(3):
            case 0:
                row["ValorTotal"] = f"{row['ValorTotal']:.2f}".replace(".", ",")
            case 1:
                row["Situacao"] = "Aguardando liberação do cadastro " * 3
            case _:
                row["DataEmissao"] = f"31/02/{row['DataEmissao'][6:]}"

    def _deal_row(self, deal: Deal) -> Row:
        return {
            "Codigo": deal.code,
            "Empresa": {"Id": deal.company},
            "Filial": {"Id": deal.branch},
            "Agente": self._agent(deal.customer),
            "CodigoVendedor": deal.seller,
            "DataEmissao": wire_day(deal.day),
            "ValorTotal": deal.total / 100,
            "DataAlteracao": _wire_change(deal.day, deal.code),
        }

    def _agent(self, customer: Row) -> Row:
        return {"Codigo": customer["codigoSistema"], "Nome": None, "Cnpj": None}

    def _quotation_row(self, deal: Deal) -> Row:
        age_days = (self._end - deal.day).days
        open_for_days = 15
        return self._deal_row(deal) | {
            "Numero": f"{deal.day.year}/{deal.code}",
            "DataValidade": wire_day(deal.day + timedelta(days=open_for_days)),
            "Situacao": "Em aberto"
            if age_days <= open_for_days
            else self.random.choice(("Aprovada", "Recusada", "Vencida")),
        }

    def _order_row(self, deal: Deal) -> Row:
        delivery = deal.day + timedelta(days=self.random.randrange(2, 15))
        discount = sum(line.discount for line in deal.lines)
        return self._deal_row(deal) | {
            "Numero": str(deal.code),
            "DataEntrega": wire_day(delivery),
            "Situacao": "Em aberto" if delivery > self._end else "Faturado",
            "CondicaoPagamento": deal.terms,
            "ValorProdutos": (deal.products_total + discount) / 100,
            "ValorDesconto": discount / 100,
            "ValorFrete": deal.freight / 100,
        }

    def _write_lines(
        self, book: BookWriter, chapter: str, deals: Sequence[Deal], parent: str
    ) -> None:
        with book.chapter(chapter, dated=True):
            for deal in deals:
                day, changed = deal.day.toordinal(), _wire_change(deal.day, deal.code)
                for number, line in enumerate(deal.lines, start=1):
                    row = {parent: deal.code, **self._line_row(number, line)}
                    row["DataAlteracao"] = changed
                    book.write(row, day=day, spoilt=self._spoil_line(row))

    def _line_row(self, number: int, line: Line) -> Row:
        code, name, unit, _, _ = self._products[line.product]
        return {
            "Sequencia": number,
            "CodigoProduto": code,
            "Descricao": name,
            "Unidade": unit,
            "Quantidade": line.quantity,
            "ValorUnitario": line.price / 100,
            "ValorDesconto": line.discount / 100,
            "ValorTotal": line.total / 100,
        }

    def _spoil_line(self, row: Row) -> bool:
        if not self._chance(DIRTY):
            return False
        match self.random.randrange(3):
            case 0:
                row["Quantidade"] = "1.000,00"
            case 1:
                row["ValorTotal"] = 1e16
            case _:
                row["Descricao"] = f"{row['Descricao']} — ver observação do pedido " * 6
        return True

    def _make_notes(self, orders: Sequence[Deal], share: float) -> list[tuple[date, int, Deal]]:
        """Date, number and order of each fiscal note, by date."""
        chosen = [order for order in orders if self._chance(share)]
        dated = [(order.day + timedelta(days=self.random.randrange(6)), order) for order in chosen]
        kept = sorted(
            ((day, order) for day, order in dated if day <= self._end),
            key=lambda note: (note[0], note[1].code),
        )
        return [(day, _FIRST_NOTE + n, order) for n, (day, order) in enumerate(kept)]

    def _write_notes(self, book: BookWriter, notes: Sequence[tuple[date, int, Deal]]) -> None:
        with book.chapter("nota", dated=True):
            for day, number, order in notes:
                row = self._note_row(day, number, order)
                spoilt = self._chance(DIRTY)
                if spoilt:
                    row["ChaveAcesso"] = documents.spoil(row["ChaveAcesso"])
                book.write(row, day=day.toordinal(), spoilt=spoilt)
        with book.chapter("itens_nota", dated=True):
            for day, number, order in notes:
                changed = _wire_change(day, number)
                for position, line in enumerate(order.lines, start=1):
                    row = {"CodigoNota": number, **self._line_row(position, line)}
                    row |= {"Ncm": self._products[line.product][3], "Cfop": "5102"}
                    row["DataAlteracao"] = changed
                    book.write(row, day=day.toordinal(), spoilt=self._spoil_line(row))

    def _note_row(self, day: date, number: int, order: Deal) -> Row:
        issuer = self._registers.issuer_cnpjs[order.branch]
        base = f"{_UF_CODE}{day:%y%m}{issuer}55001{number:09d}1{order.code % 10**8:08d}"
        return self._deal_row(order) | {
            "Codigo": number,
            "NumeroNota": str(number),
            "Serie": "1",
            "Modelo": "55",
            "ChaveAcesso": documents.complete_nfe_key(base),
            "CodigoPedido": order.code,
            "DataEmissao": wire_day(day),
            "DataAlteracao": _wire_change(day, number),
            "Cfop": "5102",
            "ValorProdutos": order.products_total / 100,
            "Situacao": "Autorizada",
        }

    def _write_bills(self, book: BookWriter, notes: Sequence[tuple[date, int, Deal]]) -> None:
        bills = [bill for note in notes for bill in self._make_bills(*note)]
        with book.chapter("fatura", dated=True):
            for due, row in sorted(bills, key=lambda bill: (bill[0], bill[1]["NumeroAP"])):
                spoilt = self._chance(DIRTY)
                if spoilt:
                    row["DataProrrogado"] = f"30/02/{due.year}"
                book.write(row, day=due.toordinal(), spoilt=spoilt)

    def _make_bills(self, day: date, number: int, order: Deal) -> Iterator[tuple[date, Row]]:
        """Instalments of a note: overdue ones are mostly paid, future ones never are."""
        periods = [
            int(part) for part in order.terms.removesuffix(" dias").split("/") if part.isdigit()
        ]
        periods = periods or [0]
        share, rest = divmod(order.total, len(periods))
        for instalment, days in enumerate(periods, start=1):
            due = day + timedelta(days=days)
            amount = share + (rest if instalment == 1 else 0)
            paid = due < self._end and self._chance(0.9)
            yield (
                due,
                {
                    "Filial": {"Id": order.branch},
                    "Agente": self._agent(order.customer),
                    "NumeroAP": number,
                    "TipoDocumento": "NF",
                    "NumeroDocumento": str(number),
                    "NumeroParcela": f"{instalment}/{len(periods)}",
                    "DataVencimento": wire_day(due),
                    "DataProrrogado": wire_day(due),
                    "ValorParcela": amount / 100,
                    "SaldoAtual": 0 if paid else amount / 100,
                },
            )
