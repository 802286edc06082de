"""Every column that holds sealed values, declared once; a test compares it with who seals."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table

from sindico_platform.database.base import Base, table_of
from sindico_platform.idempotency.models import IdempotencyKey
from sindico_platform.idempotency.service import SEALED_FIELD
from sindico_provisioning.service_properties.catalogue import SERVICES
from sindico_provisioning.service_properties.models import ServiceProperty
from sindico_provisioning.view_connections import schemas as views
from sindico_provisioning.view_connections.models import ViewConnection
from sindico_provisioning.webhooks.models import WebhookEndpoint
from sindico_provisioning.webhooks.schemas import SECRET_FIELD as WEBHOOK_SECRET_FIELD
from sindico_tenants.ftp_settings.models import FtpSettings
from sindico_tenants.ftp_settings.schemas import PASSWORD_FIELD, PRIVATE_KEY_FIELD
from sindico_tenants.smtp_settings import schemas as smtp
from sindico_tenants.smtp_settings.models import SmtpSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class SealedColumn:
    """One column of a tenant table."""

    model: type[Base]
    column: str
    field_of: Callable[[Mapping[str, Any]], str]
    """From the row's key columns to what its value was sealed for."""

    @property
    def table(self) -> Table:
        return table_of(self.model)

    @property
    def name(self) -> str:
        return f"{self.table.fullname}.{self.column}"


def _property_field(row: Mapping[str, Any]) -> str:
    return SERVICES[row["domain"], row["service"]].secret_field(row["key"])


SEALED_COLUMNS = (
    SealedColumn(
        model=SmtpSettings, column="password_sealed", field_of=lambda _row: smtp.PASSWORD_FIELD
    ),
    SealedColumn(
        model=SmtpSettings,
        column="oauth_client_secret_sealed",
        field_of=lambda _row: smtp.CLIENT_SECRET_FIELD,
    ),
    SealedColumn(
        model=SmtpSettings,
        column="oauth_refresh_token_sealed",
        field_of=lambda _row: smtp.REFRESH_TOKEN_FIELD,
    ),
    SealedColumn(model=ServiceProperty, column="sealed", field_of=_property_field),
    SealedColumn(model=FtpSettings, column="password_sealed", field_of=lambda _row: PASSWORD_FIELD),
    SealedColumn(
        model=FtpSettings, column="private_key_sealed", field_of=lambda _row: PRIVATE_KEY_FIELD
    ),
    SealedColumn(
        model=ViewConnection,
        column="password_sealed",
        field_of=lambda _row: views.PASSWORD_FIELD,
    ),
    SealedColumn(
        model=WebhookEndpoint, column="secret_sealed", field_of=lambda _row: WEBHOOK_SECRET_FIELD
    ),
    SealedColumn(
        model=WebhookEndpoint,
        column="previous_secret_sealed",
        field_of=lambda _row: WEBHOOK_SECRET_FIELD,
    ),
    SealedColumn(model=IdempotencyKey, column="answer", field_of=lambda _row: SEALED_FIELD),
)
