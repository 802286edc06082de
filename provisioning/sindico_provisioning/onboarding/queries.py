"""Every SELECT of the follow-up. Each counts all tables at once, so their number is constant."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Row,
    String,
    Text,
    cast,
    exists,
    func,
    literal,
    null,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import distinct_on

from sindico_platform.database.tx import Tx
from sindico_platform.words import Translate, in_english
from sindico_provisioning.erp_tables.queries import TABLES
from sindico_provisioning.exchanges.masking import mask_errors, sees_all
from sindico_provisioning.integrations.queries import get_integration
from sindico_provisioning.loads.models import Load, LoadKind, LoadPhase, LoadStatus
from sindico_provisioning.loads.models import PhaseStep as Step
from sindico_provisioning.loads.processing.queries import LINKED, find_erp_table
from sindico_provisioning.loads.queries import find_active_load
from sindico_provisioning.onboarding.models import TableSignOff
from sindico_provisioning.onboarding.rejections.queries import count_rejected, read_rejected
from sindico_provisioning.onboarding.rejections.schemas import Reason
from sindico_provisioning.onboarding.rules import REASONS, Counts
from sindico_provisioning.onboarding.schemas import (
    OnboardingOut,
    ReasonCount,
    SignOffOut,
    TableProgressOut,
)
from sindico_provisioning.reconciliation import queries as reconciliation
from sindico_provisioning.reconciliation.models import UNDER_WAY, ReconciledTable
from sindico_provisioning.staging.models import STAGING
from sindico_tenants.erp_links.models import ExternalRef

MAX_REASONS = 20
"""Of one table."""


def sees_rows(tx: Tx) -> bool:
    """Whether the actor is shown records: not who only follows, and nobody of the vendor."""
    return tx.actor.tenant_id == tx.tenant_id and tx.actor.may("loads:view")


async def read_onboarding(
    tx: Tx, integration_id: UUID, *, translate: Translate = in_english
) -> OnboardingOut:
    """How far the transfer is, table by table.

    What a rejected row was told may quote it, so it is only told to those who see rows, and
    masked where they may not see personal data.

    Raises:
        IntegrationNotFound: no such integration.
    """
    integration = await get_integration(tx, integration_id)
    fetched = await _list_newest_fetches(tx, integration_id)
    compared = await reconciliation.list_newest_tables(tx, integration_id)
    newest = await reconciliation.find_newest(tx, integration_id, translate=translate)
    told = await _list_told_by_loads(tx, integration_id)
    rejected = await read_rejected(tx, integration_id)
    reasons = _list_reasons(tx, rejected.reasons, translate)
    counts = await _count(tx, integration_id, rejected=rejected.rows, compared=compared, told=told)
    signed = await _list_newest_sign_offs(tx, integration_id)
    tables = [
        _show(
            table,
            counts=counts[table],
            fetched=fetched.get(table),
            told=told.get(table),
            compared=compared.get(table),
            reasons=reasons[table],
            rejected_in=rejected.loads.get(table, []),
            is_least=table in rejected.least,
            sign_off=signed.get(table),
            translate=translate,
        )
        for table in TABLES
    ]
    is_loading = await find_active_load(tx, integration_id) is not None
    expected = [table for table in tables if table.is_expected]
    done = sum(table.sign_off is not None for table in expected)
    return OnboardingOut(
        integration_id=integration_id,
        name=integration.name,
        expected=len(expected),
        signed=done,
        percent=100 * done // len(expected) if expected else 0,
        is_loading=is_loading,
        is_running=is_loading or (newest is not None and newest.status in UNDER_WAY),
        reconciliation=newest,
        tables=sorted(tables, key=lambda table: not table.is_expected),
    )


async def find_valid(tx: Tx, integration_id: UUID, table: str) -> TableSignOff | None:
    """The table's sign-off that holds, locked."""
    found: TableSignOff | None = await tx.session.scalar(
        select(TableSignOff)
        .where(
            TableSignOff.tenant_id == tx.tenant_id,
            TableSignOff.integration_id == integration_id,
            TableSignOff.resource == table,
            TableSignOff.withdrawn_at.is_(None),
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return found


async def find_last_sign_off(tx: Tx, integration_id: UUID, table: str) -> UUID | None:
    """The id of the table's last sign-off, valid or withdrawn."""
    found: UUID | None = await tx.session.scalar(
        select(TableSignOff.id)
        .where(
            TableSignOff.tenant_id == tx.tenant_id,
            TableSignOff.integration_id == integration_id,
            TableSignOff.resource == table,
        )
        .order_by(TableSignOff.id.desc())
        .limit(1)
    )
    return found


async def list_valid(tx: Tx, integration_id: UUID) -> list[TableSignOff]:
    """The integration's sign-offs that hold, locked."""
    found = await tx.session.scalars(
        select(TableSignOff)
        .where(
            TableSignOff.tenant_id == tx.tenant_id,
            TableSignOff.integration_id == integration_id,
            TableSignOff.withdrawn_at.is_(None),
        )
        .order_by(TableSignOff.resource)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(found)


async def count_now(tx: Tx, integration_id: UUID) -> dict[str, Counts]:
    """By table, what a sign-off is judged by."""
    return await _count(
        tx,
        integration_id,
        rejected=await count_rejected(tx, integration_id),
        compared=await reconciliation.list_newest_tables(tx, integration_id),
        told=await _list_told_by_loads(tx, integration_id),
    )


async def _count(
    tx: Tx,
    integration_id: UUID,
    *,
    rejected: Counter[str],
    compared: dict[str, ReconciledTable],
    told: dict[str, Row[Any]],
) -> dict[str, Counts]:
    """By table, what is staged and in the CRM, and what the ERP said it has."""
    parts = [_count_of(tx, integration_id, table) for table in TABLES]
    rows = {row.resource: row for row in await tx.session.execute(union_all(*parts))}
    return {
        table: Counts(
            source=_source_rows(compared.get(table), told.get(table)),
            staged=rows[table].staged,
            in_crm=rows[table].in_crm,
            rejected=rejected[table],
            differences=_differences(compared.get(table)),
        )
        for table in TABLES
    }


def _count_of(tx: Tx, integration_id: UUID, table: str) -> Any:
    staged: Any = STAGING[table]
    in_crm: Any = cast(null(), BigInteger)
    if table in LINKED:
        linked = exists().where(
            ExternalRef.tenant_id == tx.tenant_id,
            ExternalRef.integration_id == integration_id,
            ExternalRef.resource == LINKED[table],
            ExternalRef.id_erp == staged.c.id_erp,
        )
        in_crm = func.count().filter(linked)
    return select(
        literal(table, String).label("resource"),
        func.count().label("staged"),
        in_crm.label("in_crm"),
    ).where(
        staged.c.tenant_id == tx.tenant_id,
        staged.c.integration_id == integration_id,
        staged.c.removed_at.is_(None),
    )


def _who_told(compared: ReconciledTable | None, told: Row[Any] | None) -> tuple[Any, str | None]:
    """When the ERP last said what it has, and to whom: the younger of two ways to ask."""
    if compared is not None and (told is None or compared.compared_at >= told.finished_at):
        return compared.compared_at, "reconciliation"
    return (None, None) if told is None else (told.finished_at, "load")


def _source_rows(compared: ReconciledTable | None, told: Row[Any] | None) -> int | None:
    _at, told_from = _who_told(compared, told)
    if compared is not None and told_from == "reconciliation":
        return compared.source_rows + compared.unreadable
    return None if told is None else int(told.received)


def _differences(compared: ReconciledTable | None) -> int:
    return 0 if compared is None else compared.missing + compared.extra + compared.changed


async def _list_newest_fetches(tx: Tx, integration_id: UUID) -> dict[str, Row[Any]]:
    """By table, how the newest load that was to read it came along with it."""
    named = (
        func.unnest(literal(list(TABLES), ARRAY(Text)))
        .table_valued("resource", name="named")
        .render_derived()
    )
    newest = (
        select(LoadPhase.status, LoadPhase.load_id, LoadPhase.received, LoadPhase.progress)
        .join(Load, (Load.tenant_id == LoadPhase.tenant_id) & (Load.id == LoadPhase.load_id))
        .where(
            LoadPhase.tenant_id == tx.tenant_id,
            Load.integration_id == integration_id,
            LoadPhase.step == Step.FETCH,
            LoadPhase.resource == named.c.resource,
        )
        .order_by(LoadPhase.load_id.desc())
        .limit(1)
        .lateral("newest")
    )
    rows: Any = await tx.session.execute(
        select(named.c.resource, newest).select_from(named).join(newest, true())
    )
    return {row.resource: row for row in rows}


async def _list_told_by_loads(tx: Tx, integration_id: UUID) -> dict[str, Row[Any]]:
    """By table, the last initial load that read it to the end: the ERP sent all that it has."""
    rows: Any = await tx.session.execute(
        select(LoadPhase.resource, LoadPhase.received, LoadPhase.finished_at)
        .join(Load, (Load.tenant_id == LoadPhase.tenant_id) & (Load.id == LoadPhase.load_id))
        .where(
            Load.tenant_id == tx.tenant_id,
            Load.integration_id == integration_id,
            Load.kind == LoadKind.INITIAL,
            LoadPhase.step == Step.FETCH,
            LoadPhase.status == LoadStatus.SUCCEEDED,
        )
        .ext(distinct_on(LoadPhase.resource))
        .order_by(LoadPhase.resource, LoadPhase.load_id.desc())
    )
    return {row.resource: row for row in rows}


def _list_reasons(
    tx: Tx, reasons: Iterable[Reason], translate: Translate
) -> defaultdict[str, list[ReasonCount]]:
    """By table, why rows were rejected: read, pushed, or brought into the CRM."""
    found = defaultdict[str, list[ReasonCount]](list)
    for row in reasons:
        table = find_erp_table(row.resource)
        if len(found[table.name]) == MAX_REASONS:
            continue
        [example] = [row.example] if sees_all(tx.actor) else mask_errors(table, [row.example])
        told = translate(example["detail"], **example["facts"]) if sees_rows(tx) else None
        shown = ReasonCount(code=row.code, field=row.field, example=told, rows=row.rows)
        found[table.name].append(shown)
    return found


async def _list_newest_sign_offs(tx: Tx, integration_id: UUID) -> dict[str, TableSignOff]:
    """By table, the sign-off that holds, or else the last that was withdrawn."""
    rows = await tx.session.scalars(
        select(TableSignOff)
        .where(
            TableSignOff.tenant_id == tx.tenant_id,
            TableSignOff.integration_id == integration_id,
        )
        .ext(distinct_on(TableSignOff.resource))
        .order_by(
            TableSignOff.resource, TableSignOff.withdrawn_at.is_not(None), TableSignOff.id.desc()
        )
        .execution_options(populate_existing=True)
    )
    return {row.resource: row for row in rows}


def _show(
    table: str,
    *,
    counts: Counts,
    fetched: Row[Any] | None,
    told: Row[Any] | None,
    compared: ReconciledTable | None,
    reasons: Collection[ReasonCount],
    rejected_in: list[UUID],
    is_least: bool,
    sign_off: TableSignOff | None,
    translate: Translate,
) -> TableProgressOut:
    told_at, told_from = _who_told(compared, told)
    shown = None if sign_off is None else _show_sign_off(sign_off, translate)
    is_valid = sign_off is not None and sign_off.withdrawn_at is None
    return TableProgressOut(
        table=table,
        is_expected=fetched is not None or counts.staged + counts.rejected > 0 or is_valid,
        status=None if fetched is None else fetched.status,
        load_id=None if fetched is None else fetched.load_id,
        received=0 if fetched is None else fetched.received,
        percent=0 if fetched is None else int(fetched.progress * 100),
        source_rows=counts.source,
        source_at=told_at,
        source_from=told_from,
        staged=counts.staged,
        in_crm=counts.in_crm,
        rejected=counts.rejected,
        rejected_is_least=is_least,
        rejected_in=rejected_in if counts.rejected else [],
        reasons=list(reasons),
        missing=0 if compared is None else compared.missing,
        extra=0 if compared is None else compared.extra,
        changed=0 if compared is None else compared.changed,
        reconciliation_id=None if compared is None else compared.reconciliation_id,
        sign_off=shown if is_valid else None,
        withdrawn=None if is_valid else shown,
    )


def _show_sign_off(row: TableSignOff, translate: Translate) -> SignOffOut:
    counts = msgspec.convert(row.counts, Counts)
    code = row.withdrawn_code
    return SignOffOut(
        signed_at=row.signed_at,
        signed_by=row.signed_by,
        note=row.note,
        staged=counts.staged,
        rejected=counts.rejected,
        withdrawn_at=row.withdrawn_at,
        withdrawn_by=row.withdrawn_by,
        withdrawn_code=code,
        withdrawn_reason=row.withdrawn_note or (translate(REASONS[code]) if code else None),
    )
