"""What the fields of companies and branches are called on the screens."""

from sindico_platform.words import translatable

COMPANY_LABELS: dict[str, str] = {
    "name": translatable("Corporate name"),
    "trade_name": translatable("Trade name"),
    "erp_code": translatable("Company code"),
    "cnpj": translatable("CNPJ"),
    "state_registration": translatable("State registration"),
    "is_active": translatable("In operation"),
    "email": translatable("E-mail"),
    "phone": translatable("Phone"),
    "cep": translatable("Postcode"),
    "street": translatable("Street"),
    "number": translatable("Number"),
    "complement": translatable("Complement"),
    "district": translatable("District"),
    "city": translatable("City"),
    "state": translatable("State (UF)"),
    "ibge_code": translatable("IBGE code of the municipality"),
}
BRANCH_LABELS: dict[str, str] = {
    **COMPANY_LABELS,
    "erp_code": translatable("Branch code"),
    "is_head_office": translatable("Head office"),
}
"""In the order in which forms and pages show them."""
