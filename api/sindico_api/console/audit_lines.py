"""Audit events as the screens show them: who, what, to which record, before and after."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sindico_api.console.audit_values import RECORD_FIELDS, Reader
from sindico_api.console.audit_words import (
    FIELD_LABELS,
    REGISTRATION_LABELS,
    tag_label,
    target_label,
)
from sindico_api.readers.system_words import PRODUCT, SYSTEM_LABELS, who
from sindico_platform.audit.schemas import AuditActorOut, AuditChangeOut, AuditEventOut
from sindico_platform.database.tx import ActorKind, Tx
from sindico_platform.identity import queries as identity
from sindico_provisioning.connectors.schemas import Property, PropertyType
from sindico_provisioning.default_records.schemas import RecordDifferenceOut
from sindico_provisioning.integrations import queries as integrations
from sindico_provisioning.service_properties.catalogue import SERVICES
from sindico_tenants.companies import queries as companies

SAID = {"cnpj", "cep", "phone", *RECORD_FIELDS}
"""Fields of registered records whose values are not shown as they are: with a mask, or by name."""
LONG_TEXT = 90
"""Characters above which a value is folded, such as a certificate."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangeLine:
    """One field, before and after, as texts; a secret has neither."""

    label: str
    before: str
    after: str
    is_secret: bool = False

    @property
    def is_long(self) -> bool:
        return max(len(self.before), len(self.after)) > LONG_TEXT


@dataclass(frozen=True, kw_only=True, slots=True)
class EventLine:
    """One event in the reader's language."""

    event: AuditEventOut
    title: str
    target: str | None
    """What kind of record it is about."""
    target_name: str | None
    who: str
    who_note: str | None
    changes: list[ChangeLine]
    facts: list[tuple[str, str]]


def ids_told(events: Sequence[AuditEventOut]) -> set[UUID]:
    """The records that the events are about, and those that they name."""
    told = {event.facts.get("integration_id") for event in events}
    for event in events:
        for change in event.changes:
            if change.field in RECORD_FIELDS:
                told |= {change.before, change.after}
    # lint-skip: unread-fields (the audit log's own ids)
    named = {UUID(each) for each in told if each}
    return named | {event.target_id for event in events if event.target_id}


async def name_records(tx: Tx, ids: Collection[UUID]) -> dict[UUID, str]:
    """What records are called; those that are gone are left out."""
    named = await identity.name_records(tx, ids) | await integrations.name_integrations(tx, ids)
    return named | await companies.name_records(tx, ids)


def show_event(event: AuditEventOut, reader: Reader, *, own_tenant: UUID) -> EventLine:
    """Say an event in the reader's language.

    Args:
        own_tenant: whose trail it is; whoever belongs to another one is the vendor's.
    """
    _ = reader.translate
    return EventLine(
        event=event,
        title=_(tag_label(event.tag)),
        target=_(target_label(event.target_type)) if event.target_type else None,
        target_name=reader.names.get(event.target_id) if event.target_id else None,
        who=_say_actor(event.actor, reader),
        who_note=_note_actor(event.actor, reader, own_tenant),
        changes=[_say_change(change, event, reader) for change in event.changes],
        facts=_say_facts(event.facts, reader),
    )


def _say_actor(actor: AuditActorOut, reader: Reader) -> str:
    """The product has a name of its own; a client that calls itself like a job has not."""
    if actor.kind != ActorKind.SYSTEM:
        return actor.name
    known = actor.name in SYSTEM_LABELS or "@" in actor.name
    return who(actor.name, reader.translate) if known else f"{PRODUCT} ({actor.name})"


def _note_actor(actor: AuditActorOut, reader: Reader, own_tenant: UUID) -> str | None:
    _ = reader.translate
    if actor.tenant_id != own_tenant:
        return _("Vendor's staff")
    return _("API client") if actor.kind == ActorKind.API_CLIENT else None


def _say_change(change: AuditChangeOut, event: AuditEventOut, reader: Reader) -> ChangeLine:
    _, known = reader.translate, _property_of(event.facts, change.field)
    if registered := REGISTRATION_LABELS.get(event.target_type or "", {}).get(change.field):
        field = change.field if change.field in SAID else ""
        before, after = reader.say(field, change.before), reader.say(field, change.after)
        return ChangeLine(label=_(registered), before=before, after=after)
    if known is None:
        label = _(FIELD_LABELS.get(change.field, change.field))
        before, after = (
            reader.say(change.field, change.before),
            reader.say(change.field, change.after),
        )
        return ChangeLine(label=label, before=before, after=after)
    label = _(known.label).format(**known.facts)
    if known.type is PropertyType.SECRET:
        return ChangeLine(label=label, before="", after="", is_secret=True)
    before, after = (_say_property(known, value, reader) for value in (change.before, change.after))
    return ChangeLine(label=label, before=before, after=after)


def show_difference(item: RecordDifferenceOut, reader: Reader) -> ChangeLine:
    """What a default record must be, and what it is."""
    expected, found = (
        _say_differing(item.field, text, reader) for text in (item.expected, item.found)
    )
    label = reader.translate(FIELD_LABELS.get(item.field, item.field))
    return ChangeLine(label=label, before=expected, after=found)


def _say_differing(field: str, text: str, reader: Reader) -> str:
    """A difference holds lists with commas, and truth as a word."""
    if text in {"true", "false"}:
        return reader.say(field, text == "true")
    return reader.say(field, text.split(", ") if field == "permissions" and text else text)


def _property_of(facts: dict[str, Any], key: str) -> Property | None:
    service = SERVICES.get((facts.get("domain", ""), facts.get("service", "")))
    return service.property_of(key) if service else None


def _say_property(known: Property, value: Any, reader: Reader) -> str:
    """A property without a value has its default."""
    if value is None and known.default is not None:
        _ = reader.translate
        return _("{value} (default)", value=reader.say("", known.default))
    return reader.say("", value)


def _say_facts(facts: dict[str, Any], reader: Reader) -> list[tuple[str, str]]:
    """What is told besides, in the order of the labels; what an older release told comes last."""
    order = {name: place for place, name in enumerate(FIELD_LABELS)}
    named = sorted(facts.items(), key=lambda fact: order.get(fact[0], len(order)))
    return [
        (reader.translate(FIELD_LABELS.get(name, name)), reader.say(name, value))
        for name, value in named
        if value is not None
    ]
