"""What the fields of an audit event hold, in words for people."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from sindico_api.console.abc_words import MEASURES
from sindico_api.console.audit_words import VALUE_LABELS
from sindico_api.console.company_words import BRANCH_LABELS
from sindico_api.console.failed_tasks import TASK_LABELS
from sindico_api.console.grid_form import ACCESS_LABELS
from sindico_api.console.labels import status_label
from sindico_api.console.load_words import KIND_LABELS
from sindico_api.grid import GRID
from sindico_api.i18n import Translator
from sindico_api.readers import formats, offers
from sindico_platform.identity.default_roles import ADMIN, OPERATOR
from sindico_platform.identity.grid import Access
from sindico_provisioning.packages.catalogue import LIMITS
from sindico_provisioning.provisioning_runs.steps.catalogue import STEP_BY_CODE
from sindico_provisioning.service_properties.catalogue import SERVICES
from sindico_tenants.default_roles import CRM_ROLES

ROLE_NAMES = {role.code: role.name for role in (ADMIN, OPERATOR, *CRM_ROLES)}
SERVICE_TITLES = {service.name: service.title for service in SERVICES.values()}
ACCESSES: tuple[str, ...] = tuple(Access)
RECORD_FIELDS = ("company_id", "branch_id", "user_id")
"""What holds the id of a record, before and after."""
LANGUAGES = {"pt-BR": "Português", "en": "English"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Reader:
    """Who reads: in which language and zone, and what the records are called."""

    translate: Translator
    zone: str
    names: Mapping[UUID, str]

    def say(self, field: str, value: Any) -> str:
        """A value as people read it; one that no catalogue names shows as it is."""
        _ = self.translate
        if value is None or value in ("", [], {}):
            return formats.MISSING
        if isinstance(value, str) and (field, value) in VALUE_LABELS:
            return _(VALUE_LABELS[field, value])
        if field in SAYINGS:
            return SAYINGS[field](self, value)
        if isinstance(value, bool):
            return _("Yes") if value else _("No")
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            return ", ".join(value)
        return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def say_grants(reader: Reader, permissions: Iterable[str]) -> str:
    """``Contas (Visualizar, Editar)``, resource by resource."""
    held: dict[str, list[str]] = {}
    for permission in sorted(permissions, key=_place):
        code, _, access = permission.partition(":")
        held.setdefault(code, []).append(access)
    return "; ".join(_grant(reader, code, accesses) for code, accesses in held.items())


def _grant(reader: Reader, code: str, accesses: list[str]) -> str:
    _ = reader.translate
    labels = [_(ACCESS_LABELS[Access(each)]) if each in ACCESSES else each for each in accesses]
    told = _("everything") if len(accesses) == len(ACCESSES) else ", ".join(labels)
    return f"{_resource(reader, code)} ({told})"


def _place(permission: str) -> tuple[str, int]:
    code, _, access = permission.partition(":")
    return code, ACCESSES.index(access) if access in ACCESSES else len(ACCESSES)


def _resource(reader: Reader, code: str) -> str:
    labels = {each.code: each.label for each in GRID.resources(master=True)}
    return reader.translate(labels[code]) if code in labels else code


def say_reason(reader: Reader, reason: str) -> str:
    """A sentence somebody typed, or the permission that a read across tenants was made with."""
    access = reason.rpartition(":")[2]
    return say_grants(reader, [reason]) if access in ACCESSES else reason


def say_instant(reader: Reader, text: str) -> str:
    return formats.instant(datetime.fromisoformat(text), reader.translate.locale, reader.zone)


def say_overrides(reader: Reader, overrides: Mapping[str, int | None]) -> str:
    """Each limit that differs from the package's."""
    _ = reader.translate
    return "; ".join(
        f"{_(LIMITS[code].title) if code in LIMITS else code}: "
        + (_("without limit") if most is None else formats.number(most, _.locale))
        for code, most in overrides.items()
    )


def _named(labels: Mapping[str, str]) -> Callable[[Reader, Any], str]:
    """Says a code by its label, which is a message id."""
    return lambda reader, code: reader.translate(labels[code]) if code in labels else code


def _as_known(names: Mapping[str, str]) -> Callable[[Reader, Any], str]:
    """Says a code by a name that is the same in every language."""
    return lambda _reader, code: names.get(code, code)


def _record(reader: Reader, record_id: str) -> str:
    # lint-skip: unread-fields (the audit log's own id)
    return reader.names.get(UUID(record_id), record_id)


SAYINGS: dict[str, Callable[[Reader, Any], str]] = {
    "state": lambda reader, state: reader.translate(status_label(state).text),
    "locale": _as_known(LANGUAGES),
    "package": lambda _reader, code: offers.package_title(code) or code,
    "contracted_package": lambda _reader, code: offers.package_title(code) or code,
    "default_integration": lambda _reader, kind: offers.integration_title(kind) or kind,
    "kind": lambda reader, kind: (
        reader.translate(KIND_LABELS[kind])
        if kind in KIND_LABELS
        else offers.integration_title(kind) or kind
    ),
    "overrides": say_overrides,
    "reason": say_reason,
    "field": _named(BRANCH_LABELS),
    "cnpj": lambda _reader, cnpj: formats.BRAZILIAN["cnpj"](cnpj),
    "cep": lambda _reader, cep: formats.BRAZILIAN["cep"](cep),
    "phone": lambda _reader, phone: formats.BRAZILIAN["phone"](phone),
    "closes_at": say_instant,
    "ends_at": say_instant,
    "service": _named(SERVICE_TITLES),
    **dict.fromkeys(("integration_id", *RECORD_FIELDS), _record),
    "measure": _named(MEASURES),
    "step": _named({code: step.title for code, step in STEP_BY_CODE.items()}),
    "function": _named(TASK_LABELS),
    "role": _as_known(ROLE_NAMES),
    "roles": lambda _reader, codes: ", ".join(ROLE_NAMES.get(code, code) for code in codes),
    "permissions": say_grants,
    "added": say_grants,
    "removed": say_grants,
    "events": lambda reader, count: formats.number(count, reader.translate.locale),
    "values": lambda reader, count: formats.number(count, reader.translate.locale),
}
"""How a field's values are said; the others show as they are."""
