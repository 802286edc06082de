"""The 27 states (UF), with their names and IBGE codes."""

from typing import Annotated, NamedTuple

from msgspec import Meta

from sindico_platform.brazil.text import accept
from sindico_platform.errors import FieldError, field_error

Uf = Annotated[str, Meta(pattern=r"^[A-Z]{2}$", description="State, two letters.", examples=["SP"])]


class State(NamedTuple):
    """One state."""

    name: str
    ibge_code: str
    """Two digits; they begin every municipality's code and every NF-e key."""


STATES = {
    "AC": State("Acre", "12"),
    "AL": State("Alagoas", "27"),
    "AM": State("Amazonas", "13"),
    "AP": State("Amapá", "16"),
    "BA": State("Bahia", "29"),
    "CE": State("Ceará", "23"),
    "DF": State("Distrito Federal", "53"),
    "ES": State("Espírito Santo", "32"),
    "GO": State("Goiás", "52"),
    "MA": State("Maranhão", "21"),
    "MG": State("Minas Gerais", "31"),
    "MS": State("Mato Grosso do Sul", "50"),
    "MT": State("Mato Grosso", "51"),
    "PA": State("Pará", "15"),
    "PB": State("Paraíba", "25"),
    "PE": State("Pernambuco", "26"),
    "PI": State("Piauí", "22"),
    "PR": State("Paraná", "41"),
    "RJ": State("Rio de Janeiro", "33"),
    "RN": State("Rio Grande do Norte", "24"),
    "RO": State("Rondônia", "11"),
    "RR": State("Roraima", "14"),
    "RS": State("Rio Grande do Sul", "43"),
    "SC": State("Santa Catarina", "42"),
    "SE": State("Sergipe", "28"),
    "SP": State("São Paulo", "35"),
    "TO": State("Tocantins", "17"),
}
UF_BY_IBGE_CODE = {state.ibge_code: uf for uf, state in STATES.items()}


def is_uf(text: str) -> bool:
    """Whether `text` is a state's two letters, in either case."""
    return text in STATES or _normalised(text) in STATES


def find_uf_fault(text: str, *, field: str = "uf") -> FieldError | None:
    """What is wrong with `text` as a state."""
    if is_uf(text):
        return None
    detail = "{uf} is not a Brazilian state; give its two letters, such as SP."
    return field_error(field, "uf-unknown", detail, uf=text[:20])


def parse_uf(text: str, *, field: str = "uf") -> str:
    """The state's two letters in upper case.

    Raises:
        InvalidInput: naming `field` and what is wrong with it.
    """
    return accept(_normalised(text), find_uf_fault(text, field=field))


def _normalised(text: str) -> str:
    return text.strip().upper() if text.isascii() else ""
