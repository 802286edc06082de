"""View connections and mappings as callers send and see them."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from sindico_platform.connection_tests.schemas import ConnectionReportOut
from sindico_platform.schemas import Input, Output
from sindico_provisioning.connectors.view.schemas import (
    Dialect,
    FoundColumn,
    FoundView,
    TlsMode,
)

PASSWORD_FIELD = "view-connection/password"  # noqa: S105 (what the stored password is sealed for)
STATEMENT_SECONDS, OVERLAP_MINUTES = 120, 10
MAX_STATEMENT_SECONDS = 280
"""Less than a load waits for a page."""

PasswordText = Annotated[
    str | UnsetType | None,
    Meta(
        description="Absent: the stored one is kept. Null: removed. Never given back.",
        examples=["uma-senha"],
    ),
]
CertificateText = Annotated[
    str | None,
    Meta(
        description="PEM certificates to trust instead of the public authorities.",
        examples=[None],
    ),
]


class ViewConnectionIn(Input, kw_only=True, frozen=True):
    """How a customer's database is reached: fields, never a URL."""

    dialect: Annotated[Dialect, Meta(examples=[Dialect.POSTGRESQL])]
    host: Annotated[str, Meta(examples=["erp.empresa.com.br"])]
    port: Annotated[
        int | None,
        Meta(description="By default the usual one of the dialect.", examples=[5432]),
    ] = None
    database: Annotated[str, Meta(description="In Oracle, the service's name.", examples=["erp"])]
    username: Annotated[str, Meta(examples=["leitura"])]
    password: PasswordText = UNSET
    tls: TlsMode = TlsMode.VERIFIED
    ca_certificate: CertificateText = None
    time_zone: Annotated[
        str | None,
        Meta(
            description=(
                "Of instants that the database keeps without a zone; by default the tenant's."
            ),
            examples=["America/Sao_Paulo"],
        ),
    ] = None
    statement_seconds: Annotated[
        int,
        Meta(description=f"How long a statement may take: 1 to {MAX_STATEMENT_SECONDS}."),
    ] = STATEMENT_SECONDS


class NewViewConnectionIn(ViewConnectionIn, kw_only=True, frozen=True):
    """A further View integration and its connection."""

    name: Annotated[str, Meta(examples=["ERP da filial Sul"])]


class ViewTestIn(ViewConnectionIn, kw_only=True, frozen=True):
    """A connection to be tried as it is typed, whether it is saved or not."""

    integration_id: Annotated[
        UUID | None,
        Meta(
            description=(
                "A saved connection whose stored password is used where none is sent; only for "
                "the dialect, host, port, user and encryption it was stored for."
            ),
            examples=[None],
        ),
    ] = None


class ViewConnectionItem(Output, kw_only=True, frozen=True):
    """One line of the list of View integrations."""

    integration_id: UUID
    name: str
    state: str
    dialect: Dialect | None
    """Null while no connection was entered."""
    host: str | None
    port: int | None
    database: str | None
    username: str | None
    mapped_tables: int
    tested_at: datetime | None
    test_succeeded: bool | None


class ViewConnectionOut(ViewConnectionItem, kw_only=True, frozen=True):
    """A View integration's connection without its password."""

    has_password: bool
    tls: TlsMode
    ca_certificate: str | None
    time_zone: str
    statement_seconds: int
    report: ConnectionReportOut | None
    """The latest test of what is stored now."""
    created_at: datetime
    updated_at: datetime
    revision: int


class ViewMappingIn(Input, kw_only=True, frozen=True):
    """Which view becomes a table."""

    db_schema: Annotated[str | None, Meta(examples=["public"])] = None
    view: Annotated[str, Meta(examples=["v_clientes"])]
    columns: Annotated[
        dict[str, str],
        Meta(
            description="The view's column by the table's field; `id_erp` and required fields too.",
            examples=[{"id_erp": "codigo", "razao_social": "nome"}],
        ),
    ]
    watermark: Annotated[
        str | None,
        Meta(
            description=(
                "Column that grows with every change. With it a load reads what changed since the "
                "last one; without it, everything."
            ),
            examples=["alterado_em"],
        ),
    ] = None
    overlap_minutes: Annotated[
        int,
        Meta(description="How far before the last watermark a load begins: 0 to 10080."),
    ] = OVERLAP_MINUTES
    is_complete: Annotated[
        bool | None,
        Meta(
            description=(
                "Whether the view shows all that the ERP has, so that what it no longer shows is "
                "marked as removed. By default, for tables that keep all history."
            )
        ),
    ] = None


class ViewMappingOut(Output, kw_only=True, frozen=True):
    """Which view becomes a table."""

    table: str
    label: str
    db_schema: str | None
    view: str
    columns: dict[str, str]
    watermark: str | None
    overlap_minutes: int
    is_complete: bool
    updated_at: datetime
    revision: int


class ViewMappingsOut(Output, kw_only=True, frozen=True):
    """Every mapping of an integration, in the order in which tables are loaded."""

    items: list[ViewMappingOut]


class FoundViewsOut(Output, kw_only=True, frozen=True):
    """What the database's user may see, views first."""

    items: list[FoundView]
    is_whole: bool
    """False: there are more; search by name."""


class FoundColumnsOut(Output, kw_only=True, frozen=True):
    """The columns of a view, and those that look like a table's fields."""

    items: list[FoundColumn]
    suggested: dict[str, str]
    """The column by field, for a table that was asked about."""


class PreviewFault(Output, kw_only=True, frozen=True):
    """One thing wrong with a row."""

    field: str
    code: str
    detail: str


class PreviewRow(Output, kw_only=True, frozen=True):
    """One of the first rows: what it is there and what it would become."""

    source: dict[str, str | None]
    """What stands in the view, by column."""
    becomes: dict[str, Any] | None
    """By field; null if the row would be rejected."""
    errors: list[PreviewFault]


class PreviewOut(Output, kw_only=True, frozen=True):
    """The first rows of a view under a mapping, saved or not."""

    table: str
    rows: list[PreviewRow]
    accepted: int
    rejected: int
