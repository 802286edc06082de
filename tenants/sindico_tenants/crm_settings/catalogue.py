"""The defaults every CRM starts with, in the words its users read."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class DefaultStage:
    """A stage of the funnel as provisioning makes it; name and probability may change later."""

    position: int
    name: str
    probability_percent: int
    promotes_account_to: str | None = None


DEFAULT_STAGES = (
    DefaultStage(position=1, name="Prospecção", probability_percent=10),
    DefaultStage(position=2, name="Qualificação", probability_percent=25),
    DefaultStage(position=3, name="Levantamento de necessidades", probability_percent=40),
    DefaultStage(position=4, name="Proposta", probability_percent=60),
    DefaultStage(position=5, name="Negociação", probability_percent=80),
    DefaultStage(
        position=6, name="Fechamento", probability_percent=95, promotes_account_to="customer"
    ),
)
