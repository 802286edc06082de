"""Service properties that connectors of ERPs over HTTP have alike."""

from collections.abc import Iterable
from typing import Any

from sindico_platform.settings import Secret
from sindico_platform.words import translatable
from sindico_provisioning.connectors.schemas import Property, PropertyType, Route

DEFAULT_ZONE = "America/Sao_Paulo"

CA_CERTIFICATE = Property(
    key="caCertificate",
    type=PropertyType.STRING,
    label=translatable("CA certificate"),
    description=translatable(
        "Certificate in PEM form, where the ERP's authority is not a public one."
    ),
    multiline=True,
)
ACTIVE = Property(
    key="ativo",
    type=PropertyType.BOOLEAN,
    label=translatable("Active"),
    description=translatable("Whether the integration may run."),
    default=True,
)
TIME_ZONE = Property(
    key="fusoHorario",
    type=PropertyType.STRING,
    label=translatable("Time zone"),
    description=translatable("Zone of the times that the ERP gives without one."),
    default=DEFAULT_ZONE,
    advanced=True,
)


def declare_routes(routes: Iterable[Route], description: str) -> tuple[Property, ...]:
    """The properties that correct the paths of routes.

    Args:
        description: English message id that tells how a path is written.
    """
    return tuple(
        Property(
            key=route.setting,
            type=PropertyType.STRING,
            label=translatable("Route of the table {table}"),
            description=description,
            facts={"table": route.table},
            default=route.path,
            proposed=not route.verified,
            advanced=True,
        )
        for route in routes
    )


def read_secret(value: Any) -> Secret[str]:
    """A secret in clear or already wrapped; nothing is an empty one."""
    return value if isinstance(value, Secret) else Secret(str(value or ""))
