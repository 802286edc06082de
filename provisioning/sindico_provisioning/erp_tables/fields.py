"""Annotated types that the rows are declared with, and `about`, which describes one field."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from msgspec import Meta

from sindico_provisioning.erp_tables import kinds


def about(
    label: str,
    description: str,
    example: Any,
    *,
    personal: bool = False,
    references: str | None = None,
) -> Meta:
    """Describe a field to integrators.

    Args:
        label: heading on screens and sheets.
        description: one sentence, in the integrators' language.
        example: one value as it stands on the wire.
        personal: the field is personal data under the LGPD.
        references: table whose `id_erp` the field holds.
    """
    return Meta(
        title=label,
        description=description,
        examples=[example],
        extra={"personal": personal, "references": references},
    )


def _of(kind: kinds.Kind) -> dict[str, Any]:
    return {"kind": kind}


_NUMBER: dict[str, Any] = {"type": ["number", "string"]}  # text keeps what a float would lose

Key = Annotated[str, Meta(min_length=1, max_length=60, extra=_of(kinds.KEY))]
Code = Annotated[str, Meta(max_length=60, extra=_of(kinds.TEXT))]
Short = Annotated[str, Meta(max_length=80, extra=_of(kinds.TEXT))]
Name = Annotated[str, Meta(max_length=200, extra=_of(kinds.TEXT))]
Email = Annotated[str, Meta(max_length=254, extra=_of(kinds.EMAIL))]
Phone = Annotated[str, Meta(max_length=40, extra=_of(kinds.PHONE))]
Cnpj = Annotated[str, Meta(max_length=30, extra=_of(kinds.CNPJ))]
Cpf = Annotated[str, Meta(max_length=30, extra=_of(kinds.CPF))]
CnpjOrCpf = Annotated[str, Meta(max_length=30, extra=_of(kinds.CNPJ_OR_CPF))]
Cep = Annotated[str, Meta(max_length=20, extra=_of(kinds.CEP))]
Ibge = Annotated[str, Meta(max_length=20, extra=_of(kinds.IBGE))]
Uf = Annotated[str, Meta(max_length=20, extra=_of(kinds.UF))]
NfeKey = Annotated[str, Meta(max_length=80, extra=_of(kinds.NFE_KEY))]
Count = Annotated[int, Meta(ge=0, le=2_147_483_647, extra=_of(kinds.INTEGER))]
Money = Annotated[Decimal, Meta(extra=_of(kinds.MONEY), extra_json_schema=_NUMBER)]
UnitPrice = Annotated[Decimal, Meta(extra=_of(kinds.UNIT_PRICE), extra_json_schema=_NUMBER)]
Quantity = Annotated[Decimal, Meta(extra=_of(kinds.QUANTITY), extra_json_schema=_NUMBER)]
Percentage = Annotated[Decimal, Meta(extra=_of(kinds.PERCENTAGE), extra_json_schema=_NUMBER)]
Day = Annotated[date, Meta(extra=_of(kinds.DATE))]
Instant = Annotated[datetime, Meta(tz=True, extra=_of(kinds.INSTANT))]
Flag = Annotated[bool, Meta(extra=_of(kinds.BOOLEAN))]
