"""What spreadsheets hold that they should not: each row says what is wrong with it."""

from datetime import date

import pytest

from sindico_platform.spreadsheets.schemas import SheetFormat
from sindico_tenants.companies.models import Company
from sindico_tenants.imports.checking import KEPT_CHARACTERS
from tests.support.workbooks import csv_of, xlsx
from tests.tenants.imports.conftest import ACME, BETA, Customer

HEADER = ["CNPJ", "Código", "Razão social", "Telefone", "UF", "Código IBGE", "CEP", "Ativa"]


async def test_every_fault_of_a_row_is_told_at_once(customer: Customer) -> None:
    shown = await customer.preview(
        HEADER,
        ["11.222.333/0001-82", "", "", "123", "XX", "42", "1", "talvez"],
        [ACME, "1", "x" * 201, "", "PR", "4202404", "", ""],
    )

    assert await customer.reasons(shown.id) == {
        2: [
            ("cnpj", "cnpj-check-digits"),
            ("phone", "phone-format"),
            ("state", "uf-unknown"),
            ("ibge_code", "ibge-format"),
            ("cep", "cep-format"),
            ("is_active", "not-yes-or-no"),
            ("name", "required"),
        ],
        3: [("name", "too-long"), ("ibge_code", "ibge-other-state")],
    }


async def test_rows_that_are_the_same_record_reject_each_other(customer: Customer) -> None:
    await customer.company(cnpj=ACME, erp_code="1", name="Acme")

    shown = await customer.preview(
        HEADER[:3],
        [ACME, "", "Acme pelo CNPJ"],
        ["", "1", "Acme pelo código"],
        [BETA, "5", "Beta"],
        ["", "5", "Beta de novo"],
        ["", "6", "Gama"],
    )

    reasons = await customer.reasons(shown.id)
    assert (shown.created, shown.updated, shown.rejected) == (1, 0, 4)
    assert {codes[0][1] for codes in reasons.values()} == {"duplicate-row"}
    rows = await customer.rows(shown.id, "rejected")
    assert [row.reasons[0].detail.split(" is ")[0] for row in rows] == [
        "Row 3",
        "Row 2",
        "Row 5",
        "Row 4",
    ]


async def test_a_cell_of_ten_thousand_characters_rejects_its_row(customer: Customer) -> None:
    shown = await customer.preview(HEADER[:3], [ACME, "1", "x" * 10_000])

    assert await customer.reasons(shown.id) == {2: [("name", "cell-too-long")]}
    assert len((await customer.rows(shown.id))[0].cells[2]) == KEPT_CHARACTERS + 1


async def test_numbers_that_excel_ate_are_mended_or_named(customer: Customer) -> None:
    file = xlsx(
        [*HEADER[:3], "CEP"],
        [191, 7.0, "Banco do Brasil", 1310100],
        [1222333000107, 8, "Dois zeros", None],
        ["1,12223E+13", 9, "Arredondado", None],
    )
    import_id = await customer.upload(file, kind=SheetFormat.XLSX)
    await customer.work()

    reasons = await customer.reasons(import_id)
    assert reasons[4] == [("cnpj", "number-rounded")]
    assert reasons[2] == [("cnpj", "cnpj-length")]


async def test_dates_and_marks_become_texts_and_numbers_their_digits(customer: Customer) -> None:
    file = xlsx(
        ["Código", "Razão social", "CEP", "Ativa", "UF"],
        [7.0, date(2026, 1, 31), 1310100, True, "são paulo"],
    )
    import_id = await customer.upload(file, kind=SheetFormat.XLSX)
    await customer.work()
    await customer.start(import_id)
    await customer.work()

    made = (await customer.all(Company))[0]
    assert (made.erp_code, made.name, made.cep, made.state) == ("7", "2026-01-31", "01310100", "SP")


async def test_merged_cells_leave_rows_without_a_name(customer: Customer) -> None:
    file = xlsx(
        ["Código", "Razão social"],
        ["1", "Acme"],
        ["2", ""],
        change=lambda sheet: sheet.merge_cells("B2:B3"),
    )
    import_id = await customer.upload(file, kind=SheetFormat.XLSX)
    await customer.work()

    shown = await customer.read(import_id)
    assert shown.facts is not None
    assert shown.facts.merged_areas == 1
    assert await customer.reasons(import_id) == {3: [("name", "required")]}


async def test_letters_lost_and_columns_shifted_are_seen(customer: Customer) -> None:
    file = csv_of(["Código", "Razão social"]) + b"1;S\x81o\r\n2;Acme;Ltda.\r\n"
    import_id = await customer.upload(file)
    await customer.work()

    assert await customer.reasons(import_id) == {
        2: [("name", "letter-lost")],
        3: [("", "beyond-columns")],
    }


async def test_a_row_without_a_key_is_no_record(customer: Customer) -> None:
    shown = await customer.preview(HEADER[:3], ["", "", "Acme"])

    assert await customer.reasons(shown.id) == {2: [("cnpj", "key-missing")]}


async def test_what_an_erp_brought_wrong_may_stay_as_it_is(customer: Customer) -> None:
    await customer.company(cnpj=ACME, name="Acme", phone="3326 (ramal 2)")

    shown = await customer.preview(
        ["CNPJ", "Razão social", "Telefone"], [ACME, "Acme Ltda.", "3326 (ramal 2)"]
    )

    assert (shown.updated, shown.rejected) == (1, 0)


async def test_titles_above_the_table_are_skipped(customer: Customer) -> None:
    shown = await customer.preview(
        ["Relação de empresas"], [], ["CNPJ", "Razão social"], [ACME, "Acme"]
    )

    assert (shown.status, shown.rows, shown.created) == ("ready", 1, 1)
    assert (await customer.rows(shown.id))[0].number == 4


@pytest.mark.parametrize(
    "header",
    [
        ["cnpj", "RAZAO  SOCIAL"],
        ["C.N.P.J.", "Razão_Social"],
        ["Tax ID", "Registered name"],
        ["cnpj", "name"],
    ],
    ids=["plain", "dots", "english", "fields"],
)
async def test_columns_are_recognised_however_they_are_written(
    customer: Customer, header: list[str]
) -> None:
    shown = await customer.preview(header, [ACME, "Acme"])

    if header[0] == "C.N.P.J.":
        assert [column.field for column in shown.columns] == [None, "name"]
    else:
        assert shown.status == "ready"


async def test_a_sheet_without_any_key_waits_to_be_told(customer: Customer) -> None:
    shown = await customer.preview(["Documento", "Razão social"], [ACME, "Acme"])
    assert shown.status == "mapping"

    await customer.choose(shown.id, c0="cnpj")
    await customer.work()

    ready = await customer.read(shown.id)
    assert (ready.status, ready.created) == ("ready", 1)


async def test_a_preview_can_be_read_anew_with_other_columns(customer: Customer) -> None:
    shown = await customer.preview(
        ["CNPJ", "Razão social", "Nome fantasia"], [ACME, "Acme", "A fantasia"]
    )
    assert shown.created == 1

    await customer.choose(shown.id, c1="trade_name", c2="name")
    await customer.work()
    await customer.start(shown.id)
    await customer.work()

    made = (await customer.all(Company))[0]
    assert (made.name, made.trade_name) == ("A fantasia", "Acme")
    assert (await customer.read(shown.id)).rows == 1
