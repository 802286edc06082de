"""What may stand in the fields of companies and branches."""

from typing import get_type_hints

import pytest

from sindico_tenants.companies.models import Branch, Company
from sindico_tenants.companies.registration.fields import (
    BRANCH_FIELDS,
    COMPANY_FIELDS,
    TEXTS,
    Value,
    find_place_fault,
    is_same,
    read_values,
)
from sindico_tenants.companies.schemas import BranchIn, BranchPatch, CompanyPatch


def test_the_fields_are_those_of_the_api_and_of_the_tables() -> None:
    assert set(CompanyPatch.__struct_fields__) == set(COMPANY_FIELDS)
    assert set(BranchPatch.__struct_fields__) == set(BRANCH_FIELDS)
    assert set(BranchIn.__struct_fields__) == {*BRANCH_FIELDS, "company_id"}
    assert {*COMPANY_FIELDS} <= {*get_type_hints(Company)}
    assert {*BRANCH_FIELDS} <= {*get_type_hints(Branch)}


@pytest.mark.parametrize("name", TEXTS)
def test_every_text_has_its_limit_and_takes_no_line_break(name: str) -> None:
    _, long = read_values({name: "9" * 10_000})
    _, broken = read_values({name: "9\r\nx: y"})

    assert [(fault.field, fault.code) for fault in long] == [(name, "too-long")]
    assert [(fault.field, fault.code) for fault in broken] == [(name, "control-character")]


@pytest.mark.parametrize(
    ("name", "text", "stored"),
    [
        ("name", "  Metalúrgica   Itajaí ", "Metalúrgica Itajaí"),
        ("cnpj", "12.abc.345/01de-35", "12ABC34501DE35"),
        ("cep", "89010-025", "89010025"),
        ("phone", "(47) 3326-1234", "+554733261234"),
        ("state", "sc", "SC"),
        ("state", "ex", "EX"),
        ("ibge_code", "4202404", "4202404"),
        ("email", "contato@itajai.com.br", "contato@itajai.com.br"),
        ("trade_name", "   ", None),
        ("cnpj", "", None),
        ("is_active", False, False),
    ],
)
def test_a_value_is_stored_in_one_form(name: str, text: Value, stored: Value) -> None:
    assert read_values({name: text}) == ({name: stored}, [])


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("name", "", "required"),
        ("name", " \n", "required"),
        ("name", None, "required"),
        ("cnpj", "12.ABC.345/01DE-36", "cnpj-check-digits"),
        ("cep", "00000-000", "cep-format"),
        ("phone", "3326-1234", "phone-format"),
        ("state", "XX", "uf-unknown"),
        ("ibge_code", "42024", "ibge-format"),
        ("email", "contato", "email-form"),
    ],
)
def test_a_wrong_value_is_named(name: str, text: Value, code: str) -> None:
    values, faults = read_values({name: text})

    assert values == {}
    assert [(fault.field, fault.code) for fault in faults] == [(name, code)]


@pytest.mark.parametrize(
    ("name", "stored", "sent", "same"),
    [
        ("cnpj", "12ABC34501DE35", "12.abc.345/01de-35", True),
        ("phone", "47 33261234", "(47) 3326-1234", True),
        ("phone", "ramal 12", "ramal 12", True),
        ("name", "ACME  LTDA ", "ACME LTDA", True),
        ("email", None, "", True),
        ("email", "", None, True),
        ("is_active", True, True, True),
        ("is_active", True, False, False),
        ("phone", "ramal 12", "ramal 13", False),
        ("email", "a@b.com", None, False),
        ("email", None, "a@b.com", False),
        ("name", "ACME", "", False),
    ],
)
def test_saying_the_same_again_is_no_edit(
    name: str, stored: Value, sent: Value, *, same: bool
) -> None:
    assert is_same(name, stored, sent) is same


def test_a_municipality_lies_in_its_state() -> None:
    contradicting = {"state": "PR", "ibge_code": "4202404"}

    assert find_place_fault(contradicting, ["name"]) is None
    assert find_place_fault(contradicting | {"state": "SC"}, ["state"]) is None
    assert find_place_fault(contradicting | {"state": "EX"}, ["state"]) is None
    fault = find_place_fault(contradicting, ["state"])
    assert fault is not None
    assert (fault.field, fault.code) == ("ibge_code", "ibge-other-state")
