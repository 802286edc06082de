"""Made-up companies, branches, sellers, suppliers, customers and contacts, in Mega's wire shape."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from random import Random
from typing import Any

from faker import Faker

from sindico_provisioning.sandbox import documents, places
from sindico_provisioning.sandbox.book import BookWriter
from sindico_provisioning.sandbox.scale import Scale

DIRTY = 0.02
"""Share of rows that are wrong in a way a real register is."""
PADDED_CODES = 0.01
"""Share of customers whose CNPJ field holds their own code, padded; that is no fault."""
_ALPHANUMERIC = 0.1
_FIRST_CUSTOMER_CODE = 6_000
_YEARS_OF_CHANGES = 8

Row = dict[str, Any]


@lru_cache(maxsize=20_000)
def wire_day(day: date) -> str:
    return f"{day.day:02d}/{day.month:02d}/{day.year:04d}"


def wire_instant(instant: datetime) -> str:
    return f"{wire_day(instant)} {instant:%H:%M:%S}"


class Pools:
    """Words to combine; asking Faker for every row would take minutes."""

    def __init__(self, seed: int) -> None:
        faker = Faker("pt_BR", use_weighting=False)
        faker.seed_instance(seed)
        self.first_names = [faker.first_name() for _ in range(300)]
        self.last_names = [faker.last_name() for _ in range(300)]
        self.streets = [faker.street_name().partition(" ")[2] for _ in range(400)]
        self.districts = [faker.bairro() for _ in range(200)]


class Registers:
    """Everything that orders refer to; deterministic by scale, seed and last day."""

    def __init__(self, scale: Scale, seed: int, end: date) -> None:
        self.random = Random(f"mega-registers-{seed}")  # noqa: S311 (made-up data)
        self.scale, self.end = scale, end
        self._pools = Pools(seed)
        self._roots = [
            documents.make_cnpj_root(self.random, alphanumeric=bool(number % 2))
            for number in range(scale.companies)
        ]
        self._companies = list(self._make_companies())
        self._branches = list(self._make_branches())
        self.branch_codes = [(row["codigoEmpresa"], row["codigo"]) for row in self._branches]
        """Company and branch code of each branch."""
        self.issuer_cnpjs = {row["codigo"]: row["cnpj"] for row in self._branches}
        """CNPJ by branch code, for access keys."""
        self._sellers = [self._make_seller(code) for code in range(1, scale.sellers + 1)]
        self._customers = self._make_dated(self._make_customer, scale.customers)
        self.customers: Sequence[Row] = [row for _, row, _ in self._customers]
        self._contacts = self._make_dated(self._make_contact, scale.contacts)

    def write(self, book: BookWriter) -> None:
        """Write the chapters of every register."""
        with book.chapter("empresa_propria", dated=False):
            for row in self._companies:
                book.write(row)
        with book.chapter("filial", dated=False):
            for row in self._branches:
                book.write(row)
        with book.chapter("vendedor", dated=False):
            for row in self._sellers:
                book.write(row)
        with book.chapter("fornecedor", dated=False):
            for code in range(1, self.scale.suppliers + 1):
                row, spoilt = self._make_supplier(code)
                book.write(row, spoilt=spoilt)
        with book.chapter("empresa_marca", dated=False):
            for row in self._make_brand_links():
                book.write(row)
        self._write_dated(book, "empresa", self._customers)
        self._write_dated(book, "contato", self._contacts)

    @staticmethod
    def _write_dated(book: BookWriter, name: str, rows: list[tuple[int, Row, bool]]) -> None:
        with book.chapter(name, dated=True):
            for day, row, spoilt in sorted(rows, key=lambda item: item[0]):
                book.write(row, day=day, spoilt=spoilt)

    def _make_dated(self, make: Any, count: int) -> list[tuple[int, Row, bool]]:
        """Make rows with a time of last change, most of them recent."""
        rows = []
        for number in range(count):
            days = int(self.random.random() ** 3 * 365 * _YEARS_OF_CHANGES)
            day = self.end - timedelta(days=days)
            row, spoilt = make(number)
            row["ultimaAtualizacao"] = wire_instant(datetime.combine(day, self._make_time()))
            rows.append((day.toordinal(), row, spoilt))
        return rows

    def _make_time(self) -> time:
        random = self.random
        return time(random.randrange(7, 20), random.randrange(60), random.randrange(60))

    def _make_companies(self) -> Iterator[Row]:
        for code, root in enumerate(self._roots, start=1):
            name = f"{self._make_name()} Indústria e Comércio"
            yield {
                "codigo": code,
                "razaoSocial": f"{name} Ltda.",
                "nomeFantasia": name,
                "cnpj": documents.complete_cnpj(f"{root}0001"),
                "inscricaoEstadual": self._make_state_registration(),
                "email": f"contato{code}@empresa.example",
                "ativo": True,
                **self._make_address(),
            }

    def _make_branches(self) -> Iterator[Row]:
        for code in range(1, self.scale.branches + 1):
            company = self._companies[(code - 1) % len(self._companies)]
            order = (code - 1) // len(self._companies) + 1
            address = self._make_address()
            yield {
                **company,
                **address,
                "codigo": code,
                "codigoEmpresa": company["codigo"],
                "nomeFantasia": f"{company['nomeFantasia']} {address['nomeMunicipio']}",
                "cnpj": documents.complete_cnpj(f"{self._roots[company['codigo'] - 1]}{order:04d}"),
                "matriz": order == 1,
            }

    def _make_seller(self, code: int) -> Row:
        return {
            "codigo": code,
            "nome": self._make_person(),
            "email": f"vendedor{code}@empresa.example",
            "telefone": self._make_phone(self.random.choice(places.PLACES), mobile=True),
            "percentualComissao": self.random.choice((1, 1.5, 2, 2.5, 3)),
            "ativo": self._chance(0.95),
            "ultimaAtualizacao": wire_instant(datetime.combine(self.end, time(8))),
        }

    def _make_supplier(self, code: int) -> tuple[Row, bool]:
        person = self._chance(0.1)
        document = documents.make_cpf(self.random) if person else self._make_cnpj()
        spoilt = self._chance(DIRTY)
        phone = self._make_phone(self.random.choice(places.PLACES))
        trade, _ = self.random.choice(places.TRADES)
        name = self._make_person() if person else f"{self._make_name()} {trade} Ltda."
        return {
            "codigoSistema": 3_000 + code,
            "nomeAgente": name,
            "nomeFantasia": name,
            "cnpj": documents.spoil(document) if spoilt else document,
            "tipoPessoa": "F" if person else "J",
            "email": f"fornecedor{code}@fornecedor.example",
            "telefone": [{"numero": phone, "tipo": "Comercial"}],
            "ativo": True,
            "ultimaAtualizacao": wire_instant(datetime.combine(self.end, time(8))),
        }, spoilt

    def _make_customer(self, number: int) -> tuple[Row, bool]:
        random = self.random
        code = _FIRST_CUSTOMER_CODE + number
        trade, category = random.choice(places.TRADES)
        name = f"{trade} {self._make_name()}"
        address = self._make_address()
        company, branch = random.choice(self.branch_codes)
        row = {
            "codigoSistema": code,
            "nomeAgente": f"{name} {random.choice(places.LEGAL_FORMS)}",
            "nomeFantasia": name,
            "cnpj": f"{code:014d}" if self._chance(PADDED_CODES) else self._make_cnpj(),
            "statusCNPJ": "Ativa",
            "tipoPessoa": "J",
            "inscricaoEstadual": self._make_state_registration(),
            "inscricaoMunicipal": None,
            "codigoCNAE": f"{random.randrange(1_000_000, 9_999_999)}",
            "email": f"compras{code}@cliente.example",
            "telefone": [{"numero": address.pop("telefone"), "tipo": "Comercial"}],
            **address,
            "formaPagamento": random.choice(places.PAYMENT_TERMS),
            "codigoEmpresa": company,
            "codigoFilial": branch,
            "codigoVendedor": random.choice(self._sellers)["codigo"],
            "carteira": random.choice(places.PORTFOLIOS),
            "categoria": category,
            "curvaAbc": random.choices("ABC", (20, 30, 50))[0],
            "ativo": self._chance(0.93),
        }
        spoilt = self._chance(DIRTY)
        return self._spoil_customer(row) if spoilt else row, spoilt

    def _spoil_customer(self, row: Row) -> Row:
        match self.random.randrange(5):
            case 0:
                return row | {"cnpj": documents.spoil(self._make_cnpj())}
            case 1:
                return row | {"cep": row["cep"][:7]}
            case 2:
                return row | {"nomeAgente": None}
            case 3:
                return row | {"codigoIbge": row["codigoIbge"][:5]}
            case _:
                return row | {"nomeAgente": f"{row['nomeAgente']} " * 8}

    def _make_contact(self, number: int) -> tuple[Row, bool]:
        random = self.random
        place = random.choice(places.PLACES)
        employed = self._chance(0.6)
        company, branch = random.choice(self.branch_codes)
        birthday = date(1955, 1, 1) + timedelta(days=random.randrange(18_000))
        row = {
            "codigo": f"C{number + 1}",
            "codigoAgente": random.choice(self.customers)["codigoSistema"] if employed else None,
            "cpf": documents.make_cpf(random) if self._chance(0.9) else None,
            "nome": self._make_person(),
            "email": f"pessoa{number + 1}@cliente.example",
            "telefone": [
                {"numero": self._make_phone(place), "tipo": "Comercial"},
                {"numero": self._make_phone(place, mobile=True), "tipo": "Celular"},
            ],
            "cargo": random.choice(places.POSITIONS) if employed else None,
            "dataNascimento": wire_day(birthday),
            "codigoEmpresa": company,
            "codigoFilial": branch,
            "ativo": self._chance(0.95),
        }
        spoilt = self._chance(DIRTY)
        return self._spoil_contact(row) if spoilt else row, spoilt

    def _spoil_contact(self, row: Row) -> Row:
        match self.random.randrange(3):
            case 0:
                return row | {"cpf": documents.spoil(documents.make_cpf(self.random))}
            case 1:
                return row | {"nome": None}
            case _:
                return row | {"dataNascimento": "31/02/1985"}

    def _make_brand_links(self) -> Iterator[Row]:
        for row in self.customers:
            for brand in self.random.sample(places.BRANDS, k=self.random.choice((0, 1, 1, 2, 3))):
                yield {
                    "codigoAgente": row["codigoSistema"],
                    "marca": brand,
                    "situacaoComercial": self.random.choice(("Ativo", "Inativo", "Prospecção")),
                    "ultimaCompra": wire_day(
                        self.end - timedelta(days=self.random.randrange(1, 700))
                    ),
                    "valor12Meses": self.random.randrange(10_000, 9_000_000) / 100,
                }

    def _make_address(self) -> Row:
        random = self.random
        place = random.choice(places.PLACES)
        return {
            "cep": f"{place.cep_prefix}{random.randrange(1_000_000):06d}",
            "tipoLogradouro": random.choice(places.STREET_KINDS),
            "nomeLogradouro": random.choice(self._pools.streets),
            "numeroEndereco": str(random.randrange(1, 4_000)),
            "complementoEndereco": random.choice((None, None, "Sala 2", "Galpão B", "Térreo")),
            "bairro": random.choice(self._pools.districts),
            "nomeMunicipio": place.name,
            "codigoIbge": place.ibge_code,
            "ufSigla": place.uf,
            "paisSigla": "BRA",
            "telefone": self._make_phone(place),
        }

    def _make_phone(self, place: places.Place, *, mobile: bool = False) -> str:
        number = self.random.randrange(10_000_000)
        return f"{place.area_code} {'99' if mobile else '3'}{number:07d}"

    def _make_cnpj(self) -> str:
        return documents.make_cnpj(self.random, alphanumeric=self._chance(_ALPHANUMERIC))

    def _chance(self, share: float) -> bool:
        return self.random.random() < share

    def _make_name(self) -> str:
        one, two = self.random.sample(self._pools.last_names, k=2)
        return f"{one} {two}" if self._chance(0.4) else f"{one} & {two}"

    def _make_person(self) -> str:
        pools = self._pools
        return f"{self.random.choice(pools.first_names)} {self.random.choice(pools.last_names)}"

    def _make_state_registration(self) -> str:
        if self._chance(0.15):
            return "ISENTO"
        return f"{self.random.randrange(10**8, 10**9)}"
