"""The forms of View integrations: what they show, and what they send."""

from collections.abc import Mapping
from typing import Any, TypeVar

from msgspec import UNSET, structs

from sindico_api.console.submitted import number_in, read_as
from sindico_platform.errors import InvalidInput, field_error
from sindico_provisioning.connectors.view.schemas import TlsMode
from sindico_provisioning.erp_tables.schemas import ErpTable
from sindico_provisioning.view_connections.schemas import (
    ViewConnectionIn,
    ViewConnectionOut,
    ViewMappingIn,
    ViewMappingOut,
)

D = TypeVar("D", bound=ViewConnectionIn)

SENT = (
    "dialect",
    "host",
    "port",
    "database",
    "username",
    "password",
    "tls",
    "ca_certificate",
    "time_zone",
    "statement_seconds",
)
FIELDS = (*SENT, "name", "integration_id", "revision", "signed_report")
NUMBERS = ("port", "statement_seconds", "overlap_minutes")
REQUIRED = ("dialect", "host", "database", "username")
MAPPING_FIELDS = ("db_schema", "view", "watermark", "overlap_minutes", "is_complete", "revision")


def values_of(connection: ViewConnectionOut | None) -> dict[str, Any]:
    """What the form shows of a stored connection; the password stays empty."""
    if connection is None:
        return {}
    shown = {name: getattr(connection, name) for name in SENT if name != "password"}
    return shown | {"revision": connection.revision}


def data_of(kind: type[D], values: Mapping[str, str]) -> D:
    """The struct that the API takes; what the form hides is not sent.

    Raises:
        InvalidInput: a value that the API refuses.
    """
    extra = [name for name in ("name", "integration_id") if name in kind.__struct_fields__]
    sent: dict[str, Any] = {name: values[name] for name in (*SENT, *extra)}
    if values["tls"] == TlsMode.NONE:
        sent["ca_certificate"] = ""
    required = (*REQUIRED, "name") if "name" in extra else REQUIRED
    return read_as(kind, _with_numbers(sent), required=required)


def columns_sent(table: ErpTable) -> tuple[str, ...]:
    """Names of the mapping form's fields: one for each field of the table, and the others."""
    return (*MAPPING_FIELDS, *(f"columns.{field.name}" for field in table.fields))


def mapping_of(table: ErpTable, values: Mapping[str, str]) -> ViewMappingIn:
    """The mapping that was sent.

    Raises:
        InvalidInput: a value that the API refuses.
    """
    chosen = {field.name: values[f"columns.{field.name}"] for field in table.fields}
    sent: dict[str, Any] = {
        name: values[name] for name in ("db_schema", "view", "watermark", "overlap_minutes")
    }
    sent["columns"] = {field: column for field, column in chosen.items() if column}
    data = read_as(ViewMappingIn, _with_numbers(sent), required=["view"])
    return structs.replace(data, is_complete=bool(values["is_complete"]))


def mapping_values(mapping: ViewMappingOut) -> dict[str, Any]:
    """What the form shows of a stored mapping."""
    columns = {f"columns.{field}": column for field, column in mapping.columns.items()}
    return columns | {
        "db_schema": mapping.db_schema or "",
        "view": mapping.view,
        "watermark": mapping.watermark or "",
        "overlap_minutes": mapping.overlap_minutes,
        "is_complete": "true" if mapping.is_complete else "",
        "revision": mapping.revision,
    }


def _with_numbers(sent: dict[str, Any]) -> dict[str, Any]:
    for name in NUMBERS:
        text = sent.get(name)
        if text:
            number = number_in(text)
            if number is None:
                raise InvalidInput(field_error(name, "not-a-number", "Enter a whole number."))
            sent[name] = number
    if sent.get("password") == "":
        sent["password"] = UNSET
    return {name: value for name, value in sent.items() if value is not UNSET}
