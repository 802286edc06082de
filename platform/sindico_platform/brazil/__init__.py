"""Brazilian documents, addresses and phones, and how amounts and instants are written.

Each document has the same four functions: ``is_x`` answers fast and for good, ``find_x_fault``
says what is wrong with one input field, ``parse_x`` gives the one form that is stored, and
``format_x`` writes that form for people.
"""

from sindico_platform.brazil.cep import (
    Cep,
    CepInput,
    find_cep_fault,
    format_cep,
    is_cep,
    parse_cep,
)
from sindico_platform.brazil.cnpj import (
    Cnpj,
    CnpjInput,
    find_cnpj_fault,
    format_cnpj,
    is_cnpj,
    parse_cnpj,
)
from sindico_platform.brazil.cpf import (
    Cpf,
    CpfInput,
    find_cpf_fault,
    format_cpf,
    is_cpf,
    parse_cpf,
)
from sindico_platform.brazil.formats import format_date, format_instant, format_money
from sindico_platform.brazil.nfe_key import (
    NfeKey,
    NfeKeyParts,
    find_nfe_key_fault,
    format_nfe_key,
    is_nfe_key,
    parse_nfe_key,
    split_nfe_key,
)
from sindico_platform.brazil.phone import (
    Phone,
    PhoneInput,
    find_phone_fault,
    format_phone,
    is_phone,
    parse_phone,
)
from sindico_platform.brazil.states import STATES, State, Uf, find_uf_fault, is_uf, parse_uf

__all__ = [
    "STATES",
    "Cep",
    "CepInput",
    "Cnpj",
    "CnpjInput",
    "Cpf",
    "CpfInput",
    "NfeKey",
    "NfeKeyParts",
    "Phone",
    "PhoneInput",
    "State",
    "Uf",
    "find_cep_fault",
    "find_cnpj_fault",
    "find_cpf_fault",
    "find_nfe_key_fault",
    "find_phone_fault",
    "find_uf_fault",
    "format_cep",
    "format_cnpj",
    "format_cpf",
    "format_date",
    "format_instant",
    "format_money",
    "format_nfe_key",
    "format_phone",
    "is_cep",
    "is_cnpj",
    "is_cpf",
    "is_nfe_key",
    "is_phone",
    "is_uf",
    "parse_cep",
    "parse_cnpj",
    "parse_cpf",
    "parse_nfe_key",
    "parse_phone",
    "parse_uf",
    "split_nfe_key",
]
