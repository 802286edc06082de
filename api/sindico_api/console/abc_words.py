"""What classes, measures and reasons are called on the screens."""

from sindico_api.console.labels import Label
from sindico_platform.words import translatable

CLASSES: dict[str, Label] = {
    "A": Label(translatable("Class A"), "arrow-up", "good"),
    "B": Label(translatable("Class B"), "minus", "info"),
    "C": Label(translatable("Class C"), "arrow-down", "warn"),
    "none": Label(translatable("No purchases"), "circle-dashed", "neutral"),
}
MEASURES: dict[str, str] = {
    "notes": translatable("Fiscal notes, less what came back"),
    "orders": translatable("Orders"),
}
PLACED_BY: dict[str, str] = {
    "hand": translatable("Chosen by hand"),
    "erp": translatable("As the ERP says"),
    "class": translatable("By its class on the ABC curve"),
    "seller": translatable("Its salesperson's"),
    "nothing": translatable("The ERP names neither portfolio nor salesperson"),
}
KINDS: dict[str, str] = {
    "category": translatable("Category"),
    "portfolio": translatable("Portfolio"),
    "seller": translatable("Salesperson"),
}
PERIODS: tuple[tuple[int, str], ...] = (
    (30, translatable("Last 30 days")),
    (90, translatable("Last 90 days")),
    (365, translatable("Last 12 months")),
)
