"""What a sandbox ERPX holds: the made-up trade of the sandbox Mega, as the platform's entities.

Made once for a scale, seed and last day, then kept on disk.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any, Self
from uuid import UUID

import msgspec

from sindico_provisioning.sandbox.book import BookWriter
from sindico_provisioning.sandbox.scale import Scale

EDITION = 2
"""Counted up when the made-up data change, so that older files are not opened."""
CUSTOMERS, SUPPLIERS = 1, 900
"""Groups of persons at this made-up site; which is which is a site's own affair."""
_FIRST_CONTACT = 500_000
_DELETED = 3

Row = dict[str, Any]


class Told(msgspec.Struct, kw_only=True):
    """What a table's rows are: how many, and how many of them are wrong on purpose."""

    rows: int = 0
    spoilt: int = 0


class Content(msgspec.Struct, kw_only=True):
    """Rows by entity, in the order of their ids, and what a load should find by table."""

    entities: dict[str, list[Row]]
    told: dict[str, Told]


class Collector(BookWriter):
    """Keeps the rows of the Mega's chapters instead of writing them."""

    def __init__(self) -> None:
        super().__init__(BytesIO())
        self.kept: dict[str, list[tuple[Row, bool]]] = {}

    @contextmanager
    def chapter(self, name: str, *, dated: bool) -> Iterator[Self]:  # noqa: ARG002 (as a book's)
        self._rows = self.kept[name] = []
        yield self

    def write(
        self,
        row: Mapping[str, Any],
        *,
        day: int = 0,  # noqa: ARG002 (as a book's)
        spoilt: bool = False,
    ) -> None:
        self._rows.append((dict(row), spoilt))


def ensure_content(scale: Scale, seed: int, end: date, directory: Path) -> Content:
    """Open what is there for these parameters, making it first if there is none."""
    path = directory / f"erpx-{scale.name}-{seed}-{end.isoformat()}-{EDITION}.json"
    if not path.exists():
        directory.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".unfinished")
        unfinished.write_bytes(msgspec.json.encode(_make(scale, seed, end)))
        unfinished.replace(path)
    return msgspec.json.decode(path.read_bytes(), type=Content)


def _make(scale: Scale, seed: int, end: date) -> Content:
    # Faker takes longer to import than the content takes to read.
    from sindico_provisioning.sandbox.mega.registers import Registers
    from sindico_provisioning.sandbox.mega.trade import Trade

    registers, collected = Registers(scale, seed, end), Collector()
    registers.write(collected)
    Trade(registers, seed).write(collected)
    return _Translation(collected.kept, Random(f"erpx-{seed}")).content()  # noqa: S311 (made-up data)


class _Translation:
    """From the Mega's wire shapes to the platform's."""

    def __init__(self, chapters: dict[str, list[tuple[Row, bool]]], random: Random) -> None:
        self._chapters, self._random = chapters, random
        self._entities: dict[str, list[Row]] = {}
        self._told: dict[str, Told] = {}
        self._branches = {row["codigo"]: row["codigoEmpresa"] for row, _ in chapters["filial"]}
        self._deals: dict[int, Row] = {}
        self._notes: dict[int, Row] = {}

    def content(self) -> Content:
        self._translate("empresa_propria", "e070emp", self._company)
        self._translate("filial", "e070fil", self._branch)
        self._translate("vendedor", "e090rep", self._seller)
        self._translate("fornecedor", "e001pes", self._supplier)
        self._translate("empresa", "e001pes", self._customer)
        self._translate("contato", "e001pes", self._contact)
        self._delete_some()
        self._translate("pedido", "e120ped", self._order)
        self._translate("itens_pedido", "e120ipd", self._order_line)
        self._translate("nota", "e140nfv", self._note)
        self._translate("itens_nota", "e140ipv", self._note_line)
        self._translate("fatura", "e301tcr", self._bill)
        for rows in self._entities.values():
            rows.sort(key=lambda row: str(row["id"]))
        return Content(entities=self._entities, told=self._told)

    def _translate(self, table: str, entity: str, turn: Any) -> None:
        rows, told = self._entities.setdefault(entity, []), Told()
        for row, spoilt in self._chapters[table]:
            rows.append({"id": self._make_id(), **turn(row)})
            told.rows, told.spoilt = told.rows + 1, told.spoilt + spoilt
        self._told[table] = told

    def _make_id(self) -> str:
        return str(UUID(int=self._random.getrandbits(128), version=4))

    def _delete_some(self) -> None:
        """Customers that are gone, and that the platform still lists, marked."""
        persons = self._entities["e001pes"]
        gone = [
            row
            for row in persons
            if row["tipPes"] == "VJ" and row["e069gre"]["codGre"] == CUSTOMERS
        ]
        for number, row in enumerate(gone[:_DELETED]):
            code = 9_000_000 + number
            persons.append(row | {"id": self._make_id(), "codPes": code, "excluido": True})

    def _company(self, row: Row) -> Row:
        return {"codEmp": row["codigo"], "nomEmp": row["razaoSocial"], **_own(row, "Emp")}

    def _branch(self, row: Row) -> Row:
        return {
            "e070emp": {"codEmp": row["codigoEmpresa"]},
            "codFil": row["codigo"],
            "nomFil": row["razaoSocial"],
            **_own(row, "Fil"),
        }

    def _seller(self, row: Row) -> Row:
        return {
            "codRep": row["codigo"],
            "nomRep": row["nome"],
            "intNet": row["email"],
            "fonRep": row["telefone"],
            "perCom": row["percentualComissao"],
            "sitRep": _state(active=row["ativo"]),
            "lastModifiedDate": _instant(row["ultimaAtualizacao"]),
        }

    def _supplier(self, row: Row) -> Row:
        return {
            **_person(row, f"V{row['tipoPessoa']}", SUPPLIERS),
            "cnpCpf": row["cnpj"],
            "fonPes": row["telefone"][0]["numero"],
        }

    def _customer(self, row: Row) -> Row:
        padded = row["cnpj"].lstrip("0") == str(row["codigoSistema"])
        cep = row["cep"]
        if len(row["codigoIbge"]) != len("3550308"):
            cep = cep[:5]  # the platform has no such code; something must be wrong all the same
        return {
            **_person(row, "VJ", CUSTOMERS),
            "cnpCpf": None if padded else row["cnpj"],
            "insEst": row["inscricaoEstadual"],
            "fonPes": row["telefone"][0]["numero"],
            "e090rep": {"codRep": row["codigoVendedor"]},
            **_place(row | {"cep": cep}),
            "endPes": f"{row['tipoLogradouro']} {row['nomeLogradouro']}",
        }

    def _contact(self, row: Row) -> Row:
        wrong_birthday = row["dataNascimento"].startswith("31/02")
        return {
            "codPes": _FIRST_CONTACT + int(row["codigo"][1:]),
            "nomPes": row["nome"],
            "tipPes": "VF",
            "cnpCpf": "123" if wrong_birthday else row["cpf"],
            "e069gre": {"codGre": CUSTOMERS, "nomGre": "Clientes"},
            "fonPes": row["telefone"][0]["numero"],
            "fonPe2": row["telefone"][1]["numero"],
            "intNet": row["email"],
            "sitPes": _state(active=row["ativo"]),
            "excluido": False,
            "lastModifiedDate": _instant(row["ultimaAtualizacao"]),
        }

    def _order(self, row: Row) -> Row:
        order = {
            **self._deal(row),
            "numPed": row["Codigo"],
            "datPrv": _day(row["DataEntrega"]),
            "sitPed": row["Situacao"],
            "e028cpg": {"desCpg": row["CondicaoPagamento"]},
            "vlrDsc": row["ValorDesconto"],
            "vlrFre": row["ValorFrete"],
        }
        self._deals[row["Codigo"]] = _pick(order, "e070emp", "e070fil", "numPed", "datEmi")
        return order

    def _order_line(self, row: Row) -> Row:
        return {
            "e120ped": self._deals[row["CodigoPedido"]],
            "seqIpd": row["Sequencia"],
            "cplIpd": row["Descricao"],
            "qtdPed": row["Quantidade"],
            **_line(row),
        }

    def _note(self, row: Row) -> Row:
        note = {
            **self._deal(row),
            "codSnf": row["Serie"],
            "numNfv": row["Codigo"],
            "codEdc": row["Modelo"],
            "chvNel": row["ChaveAcesso"],
            "e120ped": {"numPed": row["CodigoPedido"]},
            "codNop": row["Cfop"],
            "sitNfv": row["Situacao"],
        }
        self._notes[row["Codigo"]] = _pick(note, "e070emp", "e070fil", "codSnf", "numNfv", "datEmi")
        return note

    def _note_line(self, row: Row) -> Row:
        return {
            "e140nfv": self._notes[row["CodigoNota"]],
            "seqIpv": row["Sequencia"],
            "cplIpv": row["Descricao"],
            "qtdFat": row["Quantidade"],
            "codClf": row["Ncm"],
            "codNop": row["Cfop"],
            **_line(row),
        }

    def _bill(self, row: Row) -> Row:
        note = self._notes[row["NumeroAP"]]
        part = row["NumeroParcela"].partition("/")[0]
        return {
            **_pick(note, "e070emp", "e070fil", "datEmi"),
            "codTpt": "DUP",
            "numTit": f"{row['NumeroDocumento']}/{part}",
            "e140nfv": _pick(note, "codSnf", "numNfv"),
            **self._buyer(row),
            "vctOri": _day(row["DataVencimento"]),
            "vctPro": _day(row["DataProrrogado"]),
            "vlrOri": row["ValorParcela"],
            "vlrAbe": row["SaldoAtual"],
        }

    def _deal(self, row: Row) -> Row:
        return {
            "e070emp": {"codEmp": row["Empresa"]["Id"]},
            "e070fil": {"codFil": row["Filial"]["Id"]},
            **self._buyer(row),
            "e090rep": {"codRep": row["CodigoVendedor"]},
            "datEmi": _day(row["DataEmissao"]),
            "vlrPro": row["ValorProdutos"],
            "vlrLiq": row["ValorTotal"],
            "lastModifiedDate": _instant(row["DataAlteracao"]),
        }

    @staticmethod
    def _buyer(row: Row) -> Row:
        return {"e001pescli": {"codPes": row["Agente"]["Codigo"], "tipPes": "VJ"}}


def _person(row: Row, sort: str, group: int) -> Row:
    return {
        "codPes": row["codigoSistema"],
        "nomPes": row["nomeAgente"],
        "apePes": row["nomeFantasia"],
        "tipPes": sort,
        "e069gre": {
            "codGre": group,
            "nomGre": "Fornecedores" if group == SUPPLIERS else "Clientes",
        },
        "intNet": row["email"],
        "sitPes": _state(active=row["ativo"]),
        "excluido": False,
        "lastModifiedDate": _instant(row["ultimaAtualizacao"]),
    }


def _own(row: Row, suffix: str) -> Row:
    return {
        f"sig{suffix}": row["nomeFantasia"],
        "numCgc": row["cnpj"],
        "insEst": row["inscricaoEstadual"],
        f"end{suffix}": f"{row['tipoLogradouro']} {row['nomeLogradouro']}",
        "numTel": row["telefone"],
        "intNet": row["email"],
        **_place(row),
    }


def _place(row: Row) -> Row:
    return {
        "e008cep": {"cepIni": row["cep"]},
        "numEnd": row["numeroEndereco"],
        "cplEnd": row["complementoEndereco"],
        "nomBai": row["bairro"],
        "e006pai": {"codPai": 1058, "nomPai": "Brasil"},
        "e007ufs": {"sigUfs": row["ufSigla"]},
        "e008rai": {"codRai": int(row["codigoIbge"]), "nomCid": row["nomeMunicipio"]},
    }


def _line(row: Row) -> Row:
    return {
        "e075pro": {"codPro": row["CodigoProduto"]},
        "e015med": {"uniMed": row["Unidade"]},
        "preUni": row["ValorUnitario"],
        "vlrDsc": row["ValorDesconto"],
        "vlrLiq": row["ValorTotal"],
        "lastModifiedDate": _instant(row["DataAlteracao"]),
    }


def _pick(row: Row, *names: str) -> Row:
    return {name: row[name] for name in names}


def _state(*, active: bool) -> str:
    return "VA" if active else "VI"


def _day(text: str) -> str:
    return f"{text[6:10]}-{text[3:5]}-{text[:2]}"


def _instant(text: str) -> str:
    return f"{_day(text)}T{text[11:]}"
