"""Branches from a spreadsheet: they find their company, their record and their head office."""

import pytest

from sindico_tenants.companies.models import Branch
from tests.tenants.imports.conftest import ACME, BETA, NORTE, SUL, Customer

HEADER = ["CNPJ", "Código da filial", "CNPJ da empresa", "Código da empresa", "Nome", "Matriz"]


async def test_a_branch_names_its_company_by_cnpj_or_code(customer: Customer) -> None:
    acme = await customer.company(cnpj=ACME, erp_code="1")
    beta = await customer.company(cnpj=BETA, erp_code="2", name="Beta")

    done = await customer.bring_in(
        HEADER,
        [SUL, "10", "11.222.333/0001-81", "", "Sul", "sim"],
        ["", "20", "", "2", "Oeste", ""],
        resource="branches",
    )

    west, south = await customer.all(Branch)
    assert done.written_created == 2
    assert (south.company_id, south.cnpj, south.is_head_office) == (acme, SUL, True)
    assert (west.company_id, west.erp_code, west.is_head_office) == (beta, "20", False)


async def test_what_is_wrong_with_the_company_is_told(customer: Customer) -> None:
    await customer.company(cnpj=ACME, erp_code="1")
    await customer.company(cnpj=BETA, erp_code="2", name="Beta")
    await customer.company(erp_code="2", name="Beta de novo")

    shown = await customer.preview(
        HEADER,
        [SUL, "10", "", "", "Sem empresa", ""],
        [NORTE, "11", "", "99", "Empresa que não há", ""],
        ["", "12", "11222333000182", "", "CNPJ errado", ""],
        ["", "13", "", "2", "Duas com o código", ""],
        ["", "14", ACME, "2", "Código de outra", ""],
        ["", "15", BETA, "1", "De duas", ""],
        resource="branches",
    )

    assert await customer.reasons(shown.id) == {
        2: [("company_cnpj", "company-missing")],
        3: [("company_code", "company-unknown")],
        4: [("company_cnpj", "cnpj-check-digits")],
        5: [("company_code", "company-ambiguous")],
        6: [("company_code", "company-ambiguous")],
        7: [("company_cnpj", "companies-disagree")],
    }


async def test_codes_are_a_companys_own(customer: Customer) -> None:
    acme = await customer.company(cnpj=ACME, erp_code="1")
    beta = await customer.company(cnpj=BETA, erp_code="2", name="Beta")
    ours = await customer.branch(acme, erp_code="10", name="Sul")
    theirs = await customer.branch(beta, erp_code="10", name="Outra")

    shown = await customer.preview(
        HEADER,
        ["", "10", ACME, "", "Sul da Acme", ""],
        ["", "10", "", "2", "Outra da Beta", ""],
        ["", "10", "", "", "De ninguém", ""],
        resource="branches",
    )

    changed = await customer.rows(shown.id, "updated")
    assert [row.record_id for row in changed] == [ours, theirs]
    assert await customer.reasons(shown.id) == {
        4: [("erp_code", "several-match"), ("company_cnpj", "company-missing")]
    }


async def test_a_known_branch_needs_no_company_and_keeps_its_own(customer: Customer) -> None:
    acme = await customer.company(cnpj=ACME, erp_code="1")
    await customer.company(cnpj=BETA, erp_code="2", name="Beta")
    await customer.branch(acme, cnpj=SUL, erp_code="10", name="Sul")
    await customer.branch(acme, cnpj=NORTE, erp_code="11", name="Norte")

    shown = await customer.preview(
        HEADER,
        [SUL, "", "", "", "Sul Nova", ""],
        [NORTE, "", BETA, "", "Norte", ""],
        resource="branches",
    )

    assert shown.updated == 1
    assert await customer.reasons(shown.id) == {3: [("company_cnpj", "company-differs")]}


async def test_cnpj_and_code_of_two_branches_disagree(customer: Customer) -> None:
    acme = await customer.company(cnpj=ACME, erp_code="1")
    await customer.branch(acme, cnpj=SUL, erp_code="10", name="Sul")
    await customer.branch(acme, cnpj=NORTE, erp_code="11", name="Norte")

    shown = await customer.preview(HEADER, [SUL, "11", ACME, "", "Sul", ""], resource="branches")

    assert await customer.reasons(shown.id) == {2: [("erp_code", "keys-disagree")]}


async def test_a_company_keeps_one_head_office(customer: Customer) -> None:
    acme = await customer.company(cnpj=ACME, erp_code="1")
    await customer.company(cnpj=BETA, erp_code="2", name="Beta")
    await customer.branch(acme, cnpj=SUL, erp_code="10", is_head_office=True)

    shown = await customer.preview(
        HEADER,
        [SUL, "10", ACME, "", "Sul", "Sim"],
        [NORTE, "11", ACME, "", "Norte", "Sim"],
        ["", "20", "", "2", "Uma", "x"],
        ["", "21", "", "2", "Outra", "x"],
        resource="branches",
    )

    assert shown.unchanged == 1
    assert await customer.reasons(shown.id) == {
        3: [("is_head_office", "alone-taken")],
        4: [("is_head_office", "duplicate-row")],
        5: [("is_head_office", "duplicate-row")],
    }


async def test_a_company_that_went_meanwhile_gets_no_branch(customer: Customer) -> None:
    acme = await customer.company(cnpj=ACME, erp_code="1")
    shown = await customer.preview(HEADER, [SUL, "10", ACME, "", "Sul", ""], resource="branches")
    await customer.delete_company(acme)

    await customer.start(shown.id)
    await customer.work()

    done = await customer.read(shown.id)
    assert (done.status, done.written_created, done.rejected) == ("succeeded", 0, 1)


@pytest.mark.parametrize("mark", ["Sim", "S", "true", "VERDADEIRO", "1", "x", "YES"])
async def test_marks_are_read_as_people_write_them(customer: Customer, mark: str) -> None:
    await customer.company(cnpj=ACME, erp_code="1")

    await customer.bring_in(HEADER, [SUL, "10", ACME, "", "Sul", mark], resource="branches")

    assert (await customer.all(Branch))[0].is_head_office
