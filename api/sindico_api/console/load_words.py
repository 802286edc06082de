"""What loads, their tables and their log are called on the screens."""

from sindico_api.console.labels import Label
from sindico_platform.words import translatable

KIND_LABELS: dict[str, str] = {
    "initial": translatable("Initial load"),
    "scheduled": translatable("Scheduled load"),
    "manual": translatable("Manual load"),
}

LEVELS: dict[str, Label] = {
    "info": Label(translatable("Information"), "info-circle", "info"),
    "warning": Label(translatable("Warning"), "alert-triangle", "warn"),
    "error": Label(translatable("Error"), "alert-circle", "bad"),
}
