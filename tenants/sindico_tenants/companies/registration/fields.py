"""The fields of companies and branches that people fill in: limits, rules, the form to store."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from sindico_platform.brazil import (
    STATES,
    find_cep_fault,
    find_cnpj_fault,
    find_phone_fault,
    find_uf_fault,
    parse_cep,
    parse_cnpj,
    parse_phone,
    parse_uf,
)
from sindico_platform.errors import FieldError, field_error
from sindico_platform.identity.service import email_fault
from sindico_platform.texts import find_text_fault, squeeze

Value = str | bool | None
FindFault = Callable[[str], FieldError | None]

ABROAD = "EX"
"""In place of a state, as fiscal documents have it."""
_IBGE_DIGITS = 7


def _find_state_fault(text: str) -> FieldError | None:
    return None if text.upper() == ABROAD else find_uf_fault(text, field="state")


def _read_state(text: str) -> str:
    return ABROAD if text.upper() == ABROAD else parse_uf(text)


def _find_ibge_fault(text: str) -> FieldError | None:
    if len(text) == _IBGE_DIGITS and text.isascii() and text.isdigit():
        return None
    detail = "An IBGE code of a municipality has 7 digits, such as 4202404."
    return field_error("ibge_code", "ibge-format", detail)


@dataclass(frozen=True, kw_only=True, slots=True)
class TextRule:
    """How one field of text may be filled in."""

    most: int
    """Characters."""
    find_fault: FindFault | None = None
    """What else is wrong with a text that fits; it knows its field's name."""
    read: Callable[[str], str] = squeeze
    """From a right text to the form that is stored."""


TEXTS: dict[str, TextRule] = {
    "name": TextRule(most=200),
    "trade_name": TextRule(most=200),
    "erp_code": TextRule(most=60),
    "cnpj": TextRule(most=60, find_fault=find_cnpj_fault, read=parse_cnpj),
    "state_registration": TextRule(most=80),
    "email": TextRule(most=254, find_fault=email_fault),
    "phone": TextRule(most=60, find_fault=find_phone_fault, read=parse_phone),
    "cep": TextRule(most=60, find_fault=find_cep_fault, read=parse_cep),
    "street": TextRule(most=200),
    "number": TextRule(most=80),
    "complement": TextRule(most=200),
    "district": TextRule(most=200),
    "city": TextRule(most=200),
    "ibge_code": TextRule(most=60, find_fault=_find_ibge_fault),
    "state": TextRule(most=60, find_fault=_find_state_fault, read=_read_state),
}
REQUIRED = frozenset({"name"})
COMPANY_FIELDS = (*TEXTS, "is_active")
BRANCH_FIELDS = (*COMPANY_FIELDS, "is_head_office")


def read_values(given: Mapping[str, Value]) -> tuple[dict[str, Value], list[FieldError]]:
    """Read what was filled in: the values to store, and everything that is wrong.

    An empty text is none. A field with a fault has no value.
    """
    values: dict[str, Value] = {}
    faults: list[FieldError] = []
    for name, text in given.items():
        fault = None if isinstance(text, bool) else find_fault(name, text or "")
        if fault is None:
            values[name] = text if isinstance(text, bool) else stored_form(name, text or "")
        else:
            faults.append(fault)
    return values, faults


def find_fault(name: str, text: str) -> FieldError | None:
    """What is wrong with the text of one field."""
    rule = TEXTS[name]
    if not text.strip():
        missing = field_error(name, "required", "This field is required.")
        return missing if name in REQUIRED else None
    fault = find_text_fault(text, field=name, most=rule.most)
    if fault is None and rule.find_fault is not None:
        fault = rule.find_fault(squeeze(text))
    return fault


def stored_form(name: str, text: str) -> str | None:
    """A right text in the form that is stored."""
    return TEXTS[name].read(squeeze(text)) or None if text.strip() else None


def is_same(name: str, stored: Value, sent: Value) -> bool:
    """Whether what was sent merely says again what is stored.

    What an ERP brought may break our rules, or be written otherwise than we would. Sent back as it
    was shown, it is no edit.
    """
    if sent == stored or not (sent or stored):
        return True
    if not isinstance(stored, str) or not isinstance(sent, str):
        return False
    return _comparable(name, stored) == _comparable(name, sent)


def _comparable(name: str, text: str) -> str | None:
    return squeeze(text) if find_fault(name, text) else stored_form(name, text)


def find_place_fault(values: Mapping[str, Value], touched: Iterable[str]) -> FieldError | None:
    """Whether state and municipality contradict each other, if one of them was touched."""
    state, code = str(values.get("state") or ""), str(values.get("ibge_code") or "")
    if not {"state", "ibge_code"} & set(touched) or state not in STATES or not code:
        return None
    if code.startswith(STATES[state].ibge_code):
        return None
    detail = "The municipality {municipality} does not lie in {state}."
    return field_error("ibge_code", "ibge-other-state", detail, municipality=code, state=state)
