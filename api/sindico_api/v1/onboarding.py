"""Acompanhamento da implantação: what came of each table, sign-offs, and reconciliation."""

from typing import Annotated, Literal
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK, HTTP_202_ACCEPTED

from sindico_api.dependencies import AskedPage, CurrentActor, Translate, Uow
from sindico_api.guards import requires
from sindico_api.once import OnlyOnce
from sindico_platform.database.tx import Tx
from sindico_platform.paging.schemas import Page
from sindico_provisioning.onboarding import queries, service
from sindico_provisioning.onboarding.schemas import OnboardingOut, SignOffIn, WithdrawIn
from sindico_provisioning.reconciliation import queries as reconciliation
from sindico_provisioning.reconciliation.jobs import start_reconciliation as start
from sindico_provisioning.reconciliation.schemas import Basis, KeyDifferenceOut, ReconciliationOut

TAGS = ["onboarding"]
OWN = "/integrations/{integration_id:uuid}"
THEIRS = "/tenants/{tenant_id:uuid}/integrations/{integration_id:uuid}"
MAY_VIEW, MAY_SIGN = requires("onboarding:view"), requires("onboarding:edit")
MAY_COMPARE = requires("onboarding:include")
MAY_FOLLOW, MAY_SIGN_FOR = requires("provisioning:view"), requires("provisioning:edit")
Table = Annotated[str, QueryParameter(description="An ERP table.", max_length=40)]
Kind = Literal["missing", "extra", "changed", "outside-crm"]


@get(f"{OWN}/onboarding", tags=TAGS, guards=[MAY_VIEW])
async def read_onboarding(
    integration_id: FromPath[UUID], actor: CurrentActor, uow: Uow, translate: Translate
) -> OnboardingOut:
    """Read per table what the ERP has, what arrived, what is in the CRM, what was rejected."""
    async with uow.begin(actor) as tx:
        return await queries.read_onboarding(tx, integration_id, translate=translate)


@post(
    f"{OWN}/onboarding/{{table:str}}/sign-off",
    tags=TAGS,
    guards=[MAY_SIGN],
    status_code=HTTP_200_OK,
)
async def sign_table_off(
    *,
    integration_id: FromPath[UUID],
    table: FromPath[str],
    data: JSONBody[SignOffIn],
    actor: CurrentActor,
    uow: Uow,
    translate: Translate,
) -> OnboardingOut:
    """Sign a table off: nothing of it was left behind, by the counts as they are now."""
    async with uow.begin(actor) as tx:
        await service.sign_off(tx, integration_id=integration_id, table=table, note=data.note)
        return await queries.read_onboarding(tx, integration_id, translate=translate)


@post(
    f"{OWN}/onboarding/{{table:str}}/withdraw",
    tags=TAGS,
    guards=[MAY_SIGN],
    status_code=HTTP_200_OK,
)
async def withdraw_sign_off(
    *,
    integration_id: FromPath[UUID],
    table: FromPath[str],
    data: JSONBody[WithdrawIn],
    actor: CurrentActor,
    uow: Uow,
    translate: Translate,
) -> OnboardingOut:
    """Take the sign-off of a table back, and say why."""
    async with uow.begin(actor) as tx:
        await service.withdraw(tx, integration_id=integration_id, table=table, reason=data.reason)
        return await queries.read_onboarding(tx, integration_id, translate=translate)


@get(f"{THEIRS}/onboarding", tags=TAGS, guards=[MAY_FOLLOW])
async def read_onboarding_of_tenant(
    *,
    tenant_id: FromPath[UUID],
    integration_id: FromPath[UUID],
    actor: CurrentActor,
    uow: Uow,
    translate: Translate,
) -> OnboardingOut:
    """Read how far the transfer of a customer's history is: counts and reasons, no record."""
    async with uow.begin(actor, tenant=tenant_id) as tx:
        return await queries.read_onboarding(tx, integration_id, translate=translate)


@post(
    f"{THEIRS}/onboarding/{{table:str}}/sign-off",
    tags=TAGS,
    guards=[MAY_SIGN_FOR],
    status_code=HTTP_200_OK,
)
async def sign_table_off_for_tenant(
    *,
    tenant_id: FromPath[UUID],
    integration_id: FromPath[UUID],
    table: FromPath[str],
    data: JSONBody[SignOffIn],
    actor: CurrentActor,
    uow: Uow,
    translate: Translate,
) -> OnboardingOut:
    """Sign a customer's table off, as the focal point of its deployment."""
    async with uow.begin(actor, tenant=tenant_id) as tx:
        await service.sign_off(tx, integration_id=integration_id, table=table, note=data.note)
        return await queries.read_onboarding(tx, integration_id, translate=translate)


@post(
    f"{THEIRS}/onboarding/{{table:str}}/withdraw",
    tags=TAGS,
    guards=[MAY_SIGN_FOR],
    status_code=HTTP_200_OK,
)
async def withdraw_sign_off_for_tenant(
    *,
    tenant_id: FromPath[UUID],
    integration_id: FromPath[UUID],
    table: FromPath[str],
    data: JSONBody[WithdrawIn],
    actor: CurrentActor,
    uow: Uow,
    translate: Translate,
) -> OnboardingOut:
    """Take the sign-off of a customer's table back, and say why."""
    async with uow.begin(actor, tenant=tenant_id) as tx:
        await service.withdraw(tx, integration_id=integration_id, table=table, reason=data.reason)
        return await queries.read_onboarding(tx, integration_id, translate=translate)


@post(f"{OWN}/reconciliations", tags=TAGS, guards=[MAY_COMPARE], status_code=HTTP_202_ACCEPTED)
async def start_reconciliation(
    integration_id: FromPath[UUID], once: OnlyOnce, by: FromQuery[Basis] = Basis.ROWS
) -> Response[ReconciliationOut]:
    """Compare what was staged with its source, in the background; follow `Location`.

    By `totals`, a table is only read where the ERP does not tell its count and sums, or they are
    others than ours.
    """

    async def run(tx: Tx) -> Response[ReconciliationOut]:
        row = await start(tx, integration_id=integration_id, by=by)
        return Response(
            reconciliation.show(row, []),
            status_code=HTTP_202_ACCEPTED,
            headers={"Location": f"/api/v1/reconciliations/{row.id}"},
        )

    return await once.run(run)


@get(f"{OWN}/reconciliations", tags=TAGS, guards=[MAY_VIEW])
async def list_reconciliations(
    integration_id: FromPath[UUID],
    actor: CurrentActor,
    uow: Uow,
    page: AskedPage,
    translate: Translate,
) -> Page[ReconciliationOut]:
    """List an integration's reconciliations, newest first, without their tables."""
    async with uow.begin(actor) as tx:
        return await reconciliation.list_reconciliations(
            tx, integration_id, page, translate=translate
        )


@get("/reconciliations/{reconciliation_id:uuid}", tags=TAGS, guards=[MAY_VIEW])
async def read_reconciliation(
    reconciliation_id: FromPath[UUID], actor: CurrentActor, uow: Uow, translate: Translate
) -> ReconciliationOut:
    """Read what a reconciliation came to: counts, checksums and differences, table by table."""
    async with uow.begin(actor) as tx:
        return await reconciliation.read_reconciliation(tx, reconciliation_id, translate=translate)


@get("/reconciliations/{reconciliation_id:uuid}/differences", tags=TAGS, guards=[MAY_VIEW])
async def list_differences(
    *,
    reconciliation_id: FromPath[UUID],
    actor: CurrentActor,
    uow: Uow,
    page: AskedPage,
    table: Table = "empresa",
    kind: Annotated[Kind, QueryParameter(description="In which way.")] = "missing",
) -> Page[KeyDifferenceOut]:
    """List the keys of a table that differ in one way; of each the first thousand are kept."""
    async with uow.begin(actor) as tx:
        return await reconciliation.list_differences(
            tx, reconciliation_id, page, table=table, kind=kind
        )
