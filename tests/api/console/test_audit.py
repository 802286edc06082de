"""The audit screen: in words, of one's own tenant and of a customer's."""

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from sindico_api.console.audit_lines import EventLine, show_event
from sindico_api.console.audit_values import Reader
from sindico_api.console.audit_words import FIELD_LABELS, TAG_LABELS, TARGET_LABELS
from sindico_api.i18n import Locale, translator
from sindico_api.job_modules import JOB_MODULES, import_jobs
from sindico_api.readers.system_words import SYSTEM_LABELS
from sindico_platform.audit import service as audit
from sindico_platform.audit.queries import count_changes
from sindico_platform.audit.schemas import AuditActorOut, AuditChangeOut, AuditEventOut
from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.identity.links.service import LinkPurpose
from sindico_platform.identity.models import TenantUser
from sindico_platform.jobs.registry import all_declarations
from sindico_platform.tenancy.models import Tenant
from sindico_provisioning.freshness.incidents.service import PAUSE_REASON
from sindico_provisioning.freshness.schemas import FreshnessIn
from sindico_provisioning.integrations.schemas import IntegrationFactsIn
from sindico_provisioning.schedules import service as schedules
from sindico_provisioning.webhooks.schemas import WebhookIn
from sindico_provisioning.webhooks.service import AUDIT_NAMES
from sindico_tenants.abc_curve.schemas import AbcSettingsIn
from sindico_tenants.documents.schemas import DocumentEditIn
from sindico_tenants.ftp_settings import service as ftp_settings
from tests.provisioning import factories
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant, MakeUser

ROOT = Path(__file__).parents[3]
SOURCES = [
    path.read_text(encoding="utf-8")
    for folder in ("platform", "tenants", "provisioning", "api")
    for path in (ROOT / folder).rglob("*.py")
]
TAG = re.compile(r'_?(?:record|release_event)\(\s*(?:tx,\s*)?"([a-z-]+:[a-z-]+)"')
TARGET = re.compile(r'target_type="([a-z_]+)"')
SYSTEM = re.compile(r'Actor\.system\([^()]+, "([a-z-]+)"')
OF_THE_EVENT = {"target_type", "target_id", "changes", "follows"}
TENANT = uuid4()


def found_in_sources(pattern: re.Pattern[str]) -> set[str]:
    return {found for source in SOURCES for found in pattern.findall(source)}


def facts_told() -> Iterator[str]:
    """The names of all facts that the product tells the trail."""
    for source in SOURCES:
        for call in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)):
            name = getattr(call.func, "attr", getattr(call.func, "id", ""))
            first = ast.unparse(call.args[0]) if call.args else ""
            if name in {"record", "_record"} and first == "tx":
                yield from (each.arg for each in call.keywords if each.arg)


def shown(
    tag: str = "user:edit",
    *,
    locale: Locale = Locale.PORTUGUESE,
    actor: tuple[str, str] = ("user", "ana@acme"),
    actor_tenant: UUID = TENANT,
    changes: dict[str, tuple[Any, Any]] | None = None,
    names: dict[UUID, str] | None = None,
    **facts: Any,
) -> EventLine:
    """An event as a person of the tenant reads it, in Manaus."""
    event = AuditEventOut(
        id=uuid4(),
        at=datetime(2026, 1, 31, 12, tzinfo=UTC),
        tag=tag,
        actor=AuditActorOut(tenant_id=actor_tenant, kind=actor[0], id=None, name=actor[1]),
        target_type=None,
        target_id=None,
        facts=facts,
        changes=[
            AuditChangeOut(field=name, before=before, after=after)
            for name, (before, after) in (changes or {}).items()
        ],
        is_erased=False,
        request_id=None,
        seal_number=1,
    )
    reader = Reader(translate=translator(locale), zone="America/Manaus", names=names or {})
    return show_event(event, reader, own_tenant=TENANT)


def test_every_event_and_record_has_a_label() -> None:
    assert found_in_sources(TAG) - set(TAG_LABELS) == set()
    assert found_in_sources(TARGET) - set(TARGET_LABELS) == set()


def test_every_fact_that_is_told_has_a_label() -> None:
    told = set(facts_told()) - OF_THE_EVENT

    assert len(told) > 10
    assert told - set(FIELD_LABELS) == set()


def test_every_field_that_changes_has_a_label() -> None:
    changed = {
        *schedules.AUDITED,
        *ftp_settings.AUDITED,
        *IntegrationFactsIn.__struct_fields__,
        *FreshnessIn.__struct_fields__,
        *AbcSettingsIn.__struct_fields__,
        *DocumentEditIn.__struct_fields__,
        *(AUDIT_NAMES.get(name, name) for name in WebhookIn.__struct_fields__),
    }

    assert changed - set(FIELD_LABELS) == set()


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("times", ["12:00", "18:00"], "12:00, 18:00"),
        ("kind", "daily", "Todo dia, em horários fixos"),
        ("contacts", ["ana@acme.example"], "ana@acme.example"),
        ("measure", "orders", "Pedidos"),
        ("told_events", ["integration.stale"], "integration.stale"),
    ],
)
def test_what_changed_is_said_in_words(field: str, value: Any, told: str) -> None:
    (change,) = shown(changes={field: (None, value)}).changes

    assert (change.label == field, change.before, change.after) == (False, "–", told)


def test_records_that_a_change_names_are_called_by_name() -> None:
    company = uuid4()

    (change,) = shown(
        changes={"company_id": (None, str(company))}, names={company: "Padaria"}
    ).changes

    assert (change.label, change.after) == ("Empresa", "Padaria")


def test_every_part_of_the_product_that_acts_has_a_name() -> None:
    import_jobs()
    jobs = {each.name for each in all_declarations() if each.function.__module__ in JOB_MODULES}
    links = {f"{purpose}-link" for purpose in LinkPurpose}

    assert (found_in_sources(SYSTEM) | jobs | links) - set(SYSTEM_LABELS) == set()


@pytest.mark.parametrize(
    ("actor", "reader"),
    [
        (("system", "provisioning_runs.walk_run"), "Síndico (implantação)"),
        (("system", "system"), "Síndico"),
        (("system", "operador@sindico"), "operador@sindico"),
        (("system", "reports.of_an_older_release"), "Síndico (reports.of_an_older_release)"),
        (("user", "ana@acme"), "ana@acme"),
        (("api_client", "release"), "release"),
    ],
    ids=["job", "product", "for-an-operator", "unknown-job", "person", "client-like-a-job"],
)
def test_who_did_it_is_readable(actor: tuple[str, str], reader: str) -> None:
    assert shown(actor=actor).who == reader


def test_staff_of_the_vendor_are_told_apart() -> None:
    assert shown(actor_tenant=uuid4()).who_note == "Equipe do fornecedor"
    assert shown().who_note is None


def test_values_are_said_in_words() -> None:
    integration = uuid4()
    line = shown(
        "tenant:close",
        changes={
            "state": ("active", "closing"),
            "locale": (None, "en"),
            "overrides": ({}, {"active_users": 1200, "branches": None}),
        },
        names={integration: "ERP da matriz"},
        closes_at="2026-02-28T12:00:00Z",
        integration_id=str(integration),
        role="crm-user",
        added=["accounts:view", "accounts:edit", "gone:view"],
        by_mail=False,
    )

    assert [(each.label, each.before, each.after) for each in line.changes] == [
        ("Situação", "Ativo", "Em encerramento"),
        ("Idioma", "–", "English"),
        ("Limites próprios", "–", "Usuários ativos: 1.200; Filiais: sem limite"),
    ]
    assert line.facts == [
        ("Encerra em", "28/02/2026 08:00"),
        ("Integração", "ERP da matriz"),
        ("Papel", "CRM Usuário"),
        ("Permissões concedidas", "Contas (Visualizar, Editar); gone (Visualizar)"),
        ("Enviado por e-mail", "Não"),
    ]


def test_the_reason_of_a_read_across_tenants_is_said_in_words() -> None:
    assert shown("fleet:read", reason="home", locale=Locale.ENGLISH).facts == [("Reason", "Home")]
    assert shown("fleet:read", reason="tenants:view").facts == [("Motivo", "Tenants (Visualizar)")]
    assert shown("tenant:suspend", reason="Sem pagamento: view").facts == [
        ("Motivo", "Sem pagamento: view")
    ]


def test_the_watchdogs_reason_is_said_in_the_readers_language_and_a_persons_as_typed() -> None:
    watchdog = shown("schedule:pause", actor=("system", "freshness"), reason=PAUSE_REASON)
    person = shown("schedule:pause", reason="Inventory")

    assert watchdog.facts == [("Motivo", "As execuções dela falham há dias.")]
    assert person.facts == [("Motivo", "Inventory")]


def test_properties_of_a_service_have_their_own_labels_and_secrets_no_values() -> None:
    line = shown(
        "service-properties:change",
        changes={
            "password": ("changed", "changed"),
            "grantType": ("Api", None),
            "ativo": (True, False),
        },
        domain="crm",
        service="integration_mega",
    )

    assert [(each.label, each.before, each.after) for each in line.changes] == [
        ("Senha", "", ""),
        ("Tipo de concessão (grant type)", "Api", "Api (padrão)"),
        ("Ativo", "Sim", "Não"),
    ]
    assert line.changes[0].is_secret
    assert ("Serviço", "Integração com o ERP Mega XT") in line.facts


async def test_before_and_after_are_shown_in_portuguese(
    console_as: ClientAs, make_tenant: MakeTenant, make_user: MakeUser, uow: UnitOfWork
) -> None:
    tenant = await make_tenant()
    browser, target = await console_as(tenant, "audit:view"), await make_user(tenant)
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        await audit.record(
            tx,
            "user:edit",
            target_type="user",
            target_id=target.id,
            changes={"name": ("Ana", "<b>Bia</b>")},
        )

    text = (await browser.get("/console/audit")).text
    other = (await browser.get("/console/audit", params={"tag": "tenant:close"})).text

    assert "Usuário alterado" in text
    assert f"<strong>{target.name}</strong>" in text
    assert "Ana</del>" in text
    assert "&lt;b&gt;Bia&lt;/b&gt;</ins>" in text
    assert "Nada corresponde aos filtros" in other


async def test_an_operator_reads_a_customers_trail_in_the_customers_zone(
    console_as: ClientAs, make_tenant: MakeTenant, uow: UnitOfWork
) -> None:
    customer = await factories.make_tenant(uow)
    async with uow.begin(Actor.system(customer.id)) as tx:
        (await tx.session.get_one(Tenant, customer.id)).timezone = "America/Manaus"
        await audit.record(
            tx,
            "tenant:close",
            target_type="tenant",
            closes_at=datetime(2026, 1, 31, 12, tzinfo=UTC),
        )
    operator = await console_as(await make_tenant(master=True), "operator")

    page = await operator.get(f"/console/tenants/{customer.id}/audit")

    assert "Encerra em:</span> 31/01/2026 08:00" in page.text


async def test_filters_that_make_no_sense_restrict_nothing(
    console_as: ClientAs, make_tenant: MakeTenant
) -> None:
    browser = await console_as(await make_tenant(), "audit:view")
    wrong = {"tag": "x", "period": "x", "target_id": "x", "target_type": "x"}

    assert (await browser.get("/console/audit", params=wrong)).status_code == 200


async def erasable_user(tenant: Tenant, make_user: MakeUser, uow: UnitOfWork) -> TenantUser:
    """A user with one event that has before and after, and two that have none."""
    target = await make_user(tenant)
    about: dict[str, Any] = {"target_type": "user", "target_id": target.id}
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        await audit.record(tx, "user:edit", **about, changes={"name": ("Ana", "Bia")})
        await audit.record(tx, "user:disable", **about)
    return target


async def test_before_and_after_of_a_record_are_erased_from_its_history(
    console_as: ClientAs, make_tenant: MakeTenant, make_user: MakeUser, uow: UnitOfWork
) -> None:
    tenant = await make_tenant()
    browser = await console_as(tenant, "audit:view", "audit:delete")
    target = await erasable_user(tenant, make_user, uow)
    record = {"target_type": "user", "target_id": str(target.id)}

    offered = (await browser.get("/console/audit", params=record)).text
    done = await browser.post("/console/audit/erase", data=record | {"confirmation": target.name})
    text = (await browser.get(done.headers["location"])).text

    assert f'data-must-equal="{target.name}"' in offered
    assert "Isto se perde para sempre: antes e depois de 1 evento." in offered
    assert "Isto fica: 3 eventos" in offered
    assert done.status_code == 303
    assert "Antes e depois foram apagados de 1 evento;" in text
    assert "Os valores de antes e depois foram apagados." in text
    assert "Bia" not in text
    assert 'data-dialog-open="erase"' not in text
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        assert (await count_changes(tx, "user", target.id)).with_changes == 0


async def test_a_record_is_named_by_its_kind_where_it_has_no_name_any_more(
    console_as: ClientAs, make_tenant: MakeTenant, uow: UnitOfWork
) -> None:
    tenant, gone = await make_tenant(), uuid4()
    browser = await console_as(tenant, "audit:view", "audit:delete")
    about: dict[str, Any] = {"target_type": "user", "target_id": gone}
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        await audit.record(tx, "user:edit", **about, changes={"name": ("Ana", "Bia")})
    record = {"target_type": "user", "target_id": str(gone)}

    offered = (await browser.get("/console/audit", params={"target_id": str(gone)})).text
    done = await browser.post("/console/audit/erase", data=record | {"confirmation": "Usuário"})

    assert 'data-must-equal="Usuário"' in offered
    assert done.status_code == 303


async def test_nothing_is_erased_unless_the_record_is_named(
    console_as: ClientAs, make_tenant: MakeTenant, make_user: MakeUser, uow: UnitOfWork
) -> None:
    tenant = await make_tenant()
    browser = await console_as(tenant, "audit:view", "audit:delete")
    target = await erasable_user(tenant, make_user, uow)
    named = {"target_type": "user", "target_id": str(target.id), "confirmation": target.name}
    wrong = [{"confirmation": "x"}, {"confirmation": ""}, {"target_id": ""}, {"target_id": "x"}]

    said = [await browser.post("/console/audit/erase", data=named | each) for each in wrong]
    unknown = {"target_type": "role", "confirmation": target.name}
    gone = await browser.post("/console/audit/erase", data=named | unknown)

    assert [each.status_code for each in said] == [422] * 4
    assert f"Digite {target.name} para confirmar." in said[0].text
    assert gone.status_code == 404
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        assert (await count_changes(tx, "user", target.id)).with_changes == 1


async def test_erasing_is_offered_of_one_record_to_who_may(
    console_as: ClientAs, make_tenant: MakeTenant, make_user: MakeUser, uow: UnitOfWork
) -> None:
    tenant = await make_tenant()
    target = await erasable_user(tenant, make_user, uow)
    reader = await console_as(tenant, "audit:view")
    admin = await console_as(tenant, "audit:view", "audit:delete")
    record = {"target_id": str(target.id)}

    pages = [
        await admin.get("/console/audit", params=record),
        await admin.get("/console/audit"),
        await admin.get("/console/audit", params={"target_id": str(uuid4())}),
        await reader.get("/console/audit", params=record),
    ]

    assert [each.status_code for each in pages] == [200] * 4
    offered = ['data-dialog-open="erase"' in each.text for each in pages]
    assert offered == [True, False, False, False]


async def test_a_records_history_keeps_to_it_while_it_is_filtered(
    console_as: ClientAs, make_tenant: MakeTenant, make_user: MakeUser, uow: UnitOfWork
) -> None:
    tenant = await make_tenant()
    browser = await console_as(tenant, "audit:view")
    target = await erasable_user(tenant, make_user, uow)

    text = (await browser.get("/console/audit", params={"target_id": str(target.id)})).text

    assert f'<input type="hidden" name="target_id" value="{target.id}">' in text
    assert "De um só registro." in text
