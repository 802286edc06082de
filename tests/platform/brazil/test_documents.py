"""Documents against python-stdnum and the published examples."""

import re
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from stdnum.br import cnpj as stdnum_cnpj
from stdnum.br import cpf as stdnum_cpf

from sindico_platform.brazil import (
    STATES,
    Cep,
    Cnpj,
    CnpjInput,
    Cpf,
    NfeKey,
    Phone,
    find_cep_fault,
    find_cnpj_fault,
    find_cpf_fault,
    find_nfe_key_fault,
    find_phone_fault,
    find_uf_fault,
    format_cep,
    format_cnpj,
    format_cpf,
    format_nfe_key,
    format_phone,
    is_cep,
    is_cnpj,
    is_cpf,
    is_nfe_key,
    is_phone,
    is_uf,
    parse_cep,
    parse_cnpj,
    parse_cpf,
    parse_nfe_key,
    parse_phone,
    parse_uf,
    split_nfe_key,
)
from sindico_platform.errors import FieldError, InvalidInput

OFFICIAL_ALPHANUMERIC = "12.ABC.345/01DE-35"
NFE_KEY = "52060433009911002506550120000007800267301615"

BASES = st.text("0123456789", min_size=12, max_size=12)
LETTERED_BASES = st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=12, max_size=12)
ENDINGS = st.text("0123456789", min_size=2, max_size=2)


@st.composite
def cnpjs(draw: st.DrawFn) -> str:
    """Right or nearly right, numeric or lettered, masked or bare, in either case."""
    base = draw(st.one_of(BASES, LETTERED_BASES))
    right = base + stdnum_cnpj.calc_check_digits(base)
    text = draw(st.one_of(st.just(right), ENDINGS.map(lambda ending: base + ending)))
    text = draw(st.sampled_from([text, format_cnpj(text), f" {text} "]))
    return draw(st.sampled_from([text, text.lower()]))


@given(st.one_of(cnpjs(), st.text(st.characters(codec="ascii"), max_size=20)))
@example("00.000.000/0000-00")
@example("16727230000197\n")
def test_cnpjs_are_judged_as_stdnum_judges_them(text: str) -> None:
    expected = stdnum_cnpj.is_valid(text)

    assert is_cnpj(text) is expected
    assert (find_cnpj_fault(text) is None) is expected
    if expected:
        assert parse_cnpj(text) == stdnum_cnpj.validate(text)
        assert parse_cnpj(format_cnpj(parse_cnpj(text))) == parse_cnpj(text)


@given(st.text(max_size=20))
def test_no_foreign_character_gets_into_a_cnpj(text: str) -> None:
    if is_cnpj(text):
        assert re.fullmatch("[0-9A-Z]{14}", parse_cnpj(text))


@given(
    digits=st.text("0123456789", min_size=11, max_size=11),
    mask=st.sampled_from([str, stdnum_cpf.format]),
    right=st.booleans(),
)
@example(digits="00000000000", mask=str, right=False)
def test_cpfs_are_judged_as_stdnum_judges_them(
    digits: str, mask: Callable[[str], str], *, right: bool
) -> None:
    bare = digits[:9] + stdnum_cpf._calc_check_digits(digits[:9]) if right else digits
    expected = stdnum_cpf.is_valid(bare) and len(set(bare)) > 1

    assert is_cpf(mask(bare)) is expected
    assert (find_cpf_fault(mask(bare)) is None) is expected
    if expected:
        assert parse_cpf(mask(bare)) == bare


@pytest.mark.parametrize(
    ("parse", "text", "stored", "shown"),
    [
        (parse_cnpj, OFFICIAL_ALPHANUMERIC.lower(), "12ABC34501DE35", OFFICIAL_ALPHANUMERIC),
        (parse_cnpj, "16727230000197", "16727230000197", "16.727.230/0001-97"),
        (parse_cpf, "390.533.447\u201305", "39053344705", "390.533.447-05"),
        (parse_cep, " 01310-100", "01310100", "01310-100"),
        (parse_phone, "41 912345678", "+5541912345678", "(41) 91234-5678"),
        (parse_phone, "(011) 3123-4567", "+551131234567", "(11) 3123-4567"),
        (parse_phone, "+55 (47) 3422.1234", "+554734221234", "(47) 3422-1234"),
        (parse_phone, "0800 123 4567", "08001234567", "0800 123 4567"),
        (parse_phone, "+1 (415) 555-0100", "+14155550100", "+14155550100"),
        (parse_uf, " sp", "SP", None),
        (parse_nfe_key, f"NFe{NFE_KEY}", NFE_KEY, None),
    ],
)
def test_each_document_has_one_stored_and_one_shown_form(
    parse: Callable[[str], str], text: str, stored: str, shown: str | None
) -> None:
    formats: dict[Callable[[str], str], Callable[[str], str]] = {
        parse_cnpj: format_cnpj,
        parse_cpf: format_cpf,
        parse_cep: format_cep,
        parse_phone: format_phone,
    }

    assert parse(text) == stored
    if shown:
        assert formats[parse](stored) == shown
        assert parse(shown) == stored


@pytest.mark.parametrize(
    ("find", "text", "code"),
    [
        (find_cnpj_fault, "12.ABÇ.345/01DE-35", "cnpj-characters"),
        (find_cnpj_fault, "12,345,678/0001-95", "cnpj-characters"),
        (find_cnpj_fault, "\u0661" * 14, "cnpj-characters"),
        (find_cnpj_fault, "1234567800019", "cnpj-length"),
        (find_cnpj_fault, "", "cnpj-length"),
        (find_cnpj_fault, "12ABC34501DEA5", "cnpj-check-characters"),
        (find_cnpj_fault, "00000000000000", "cnpj-zeros"),
        (find_cnpj_fault, "16727230000198", "cnpj-check-digits"),
        (find_cpf_fault, "3905334470A", "cpf-characters"),
        (find_cpf_fault, "", "cpf-characters"),
        (find_cpf_fault, "390533447", "cpf-length"),
        (find_cpf_fault, "111.111.111-11", "cpf-repeated"),
        (find_cpf_fault, "39053344704", "cpf-check-digits"),
        (find_cep_fault, "0131010", "cep-format"),
        (find_cep_fault, "00131010", "cep-format"),
        (find_uf_fault, "XX", "uf-unknown"),
        (find_uf_fault, "\u017fp", "uf-unknown"),
        (find_phone_fault, "12345678", "phone-format"),
        (find_phone_fault, "(20) 3123-4567", "phone-format"),
        (find_phone_fault, "(41) 81234-5678", "phone-format"),
        (find_phone_fault, "+55 20 31234567", "phone-format"),
        (find_nfe_key_fault, NFE_KEY[1:], "nfe-key-length"),
        (find_nfe_key_fault, "A" + NFE_KEY[1:], "nfe-key-characters"),
        (find_nfe_key_fault, "99" + NFE_KEY[2:], "nfe-key-state"),
        (find_nfe_key_fault, NFE_KEY[:4] + "13" + NFE_KEY[6:], "nfe-key-month"),
        (find_nfe_key_fault, NFE_KEY[:-1] + "6", "nfe-key-check-digit"),
    ],
)
def test_each_fault_has_its_code_and_says_what_is_expected(
    find: Callable[..., FieldError | None], text: str, code: str
) -> None:
    fault = find(text, field="company.document")

    assert fault is not None
    assert (fault.field, fault.code) == ("company.document", code)
    assert "{" not in fault.text()


def test_parsing_refuses_with_the_fault() -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_cnpj("16727230000198", field="tenant.cnpj")

    assert [(fault.field, fault.code) for fault in refused.value.errors] == [
        ("tenant.cnpj", "cnpj-check-digits")
    ]
    assert refused.value.errors[0].text().startswith("The check digits of 16.727.230/0001-98")


@given(st.text("0123456789", min_size=36, max_size=36), st.sampled_from(sorted(STATES)))
def test_exactly_one_check_digit_fits_an_access_key(tail: str, uf: str) -> None:
    head = f"{STATES[uf].ibge_code}2611{tail}"[:43].ljust(43, "0")

    fitting = [digit for digit in "0123456789" if is_nfe_key(head + digit)]

    assert len(fitting) == 1


def test_an_access_key_is_read_in_parts_and_shown_in_groups() -> None:
    parts = split_nfe_key(parse_nfe_key(format_nfe_key(NFE_KEY)))

    assert (parts.uf, parts.year, parts.month, parts.model) == ("GO", 2006, 4, "55")
    assert (parts.issuer, parts.series, parts.number) == ("33009911002506", 12, 780)
    assert is_cnpj(parts.issuer)


@given(st.text(max_size=20))
def test_what_parses_fits_its_declared_type(text: str) -> None:
    cases: list[tuple[Callable[[str], bool], Callable[[str], str], object]] = [
        (is_cep, parse_cep, Cep),
        (is_cnpj, parse_cnpj, Cnpj),
        (is_cpf, parse_cpf, Cpf),
        (is_nfe_key, parse_nfe_key, NfeKey),
        (is_phone, parse_phone, Phone),
    ]
    for check, parse, declared in cases:
        if check(text):
            msgspec.convert(parse(text), declared)


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        (Cep, "01310100"),
        (Cnpj, "12ABC34501DE35"),
        (CnpjInput, OFFICIAL_ALPHANUMERIC),
        (Cpf, "39053344705"),
        (NfeKey, NFE_KEY),
        (Phone, "+5541912345678"),
        (Phone, "08001234567"),
    ],
)
def test_stored_forms_fit_their_declared_types(declared: object, value: str) -> None:
    assert msgspec.convert(value, declared) == value


def test_there_are_27_states() -> None:
    assert len(STATES) == len({state.ibge_code for state in STATES.values()}) == 27
    assert is_uf("df")
