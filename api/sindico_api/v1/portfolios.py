"""Categories and portfolios, and who stands in which."""

from uuid import UUID

from litestar import Response, get, patch, post
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED, HTTP_207_MULTI_STATUS

from sindico_api.dependencies import AskedPage, CurrentActor, Translate, Uow
from sindico_api.guards import requires
from sindico_api.once import OnlyOnce
from sindico_platform.database.tx import Tx
from sindico_platform.paging.schemas import Page
from sindico_tenants.portfolios import queries, service
from sindico_tenants.portfolios.bulk.schemas import (
    BulkPlacementIn,
    BulkPlacementOut,
    PlacementRefusalOut,
)
from sindico_tenants.portfolios.bulk.service import place_many
from sindico_tenants.portfolios.schemas import (
    GroupingIn,
    GroupingOut,
    PlacementIn,
    PlacementOut,
)

TAGS = ["portfolios"]
MAY_VIEW, MAY_INCLUDE = requires("portfolios:view"), requires("portfolios:include")
MAY_EDIT = requires("portfolios:edit")


@get("/categories", guards=[MAY_VIEW], tags=TAGS)
async def list_categories(actor: CurrentActor, uow: Uow, page: AskedPage) -> Page[GroupingOut]:
    """List categories by `name`."""
    async with uow.begin(actor) as tx:
        return await queries.list_categories(tx, request=page)


@post("/categories", guards=[MAY_INCLUDE], tags=TAGS)
async def create_category(data: JSONBody[GroupingIn], once: OnlyOnce) -> Response[GroupingOut]:
    """Add a category; loads add those that the ERP names by themselves."""

    async def create(tx: Tx) -> Response[GroupingOut]:
        row = await service.create_category(tx, name=data.name)
        found = await queries.get_category(tx, row.id)
        return Response(found, status_code=HTTP_201_CREATED)

    return await once.run(create)


@get("/portfolios", guards=[MAY_VIEW], tags=TAGS)
async def list_portfolios(actor: CurrentActor, uow: Uow, page: AskedPage) -> Page[GroupingOut]:
    """List portfolios by `name`."""
    async with uow.begin(actor) as tx:
        return await queries.list_portfolios(tx, request=page)


@post("/portfolios", guards=[MAY_INCLUDE], tags=TAGS)
async def create_portfolio(data: JSONBody[GroupingIn], once: OnlyOnce) -> Response[GroupingOut]:
    """Add a portfolio; loads add those of the ERP, and one for each seller, by themselves."""

    async def create(tx: Tx) -> Response[GroupingOut]:
        row = await service.create_portfolio(tx, name=data.name)
        found = await queries.get_portfolio(tx, row.id)
        return Response(found, status_code=HTTP_201_CREATED)

    return await once.run(create)


@post(
    "/accounts/placements",
    guards=[MAY_EDIT],
    tags=TAGS,
    status_code=HTTP_200_OK,
    responses={
        HTTP_207_MULTI_STATUS: ResponseSpec(
            BulkPlacementOut, description="Some accounts were refused"
        )
    },
)
async def place_accounts(
    data: JSONBody[BulkPlacementIn], once: OnlyOnce, translate: Translate
) -> Response[BulkPlacementOut]:
    """Put many accounts into a category or portfolio, or give them a salesperson, by hand.

    Up to 10,000 `account_ids`, or a `filter` that matches up to 50,000 accounts. Null gives the
    decision back to the rules, what is left out stays. 207 if some accounts were refused; they are
    listed.
    """

    async def place(tx: Tx) -> Response[BulkPlacementOut]:
        placed = await place_many(tx, data=data)
        refused = len(placed.refusals)
        shown = BulkPlacementOut(
            matched=placed.matched,
            changed=placed.changed,
            unchanged=placed.matched - placed.changed - refused,
            refused=refused,
            refusals=[
                PlacementRefusalOut(
                    index=each.index,
                    account_id=each.account_id,
                    code=each.error.code,
                    detail=translate.detail(each.error),
                )
                for each in placed.refusals
            ],
        )
        return Response(shown, status_code=HTTP_207_MULTI_STATUS if refused else HTTP_200_OK)

    return await once.run(place)


@patch("/accounts/{account_id:uuid}/placement", guards=[MAY_EDIT], tags=TAGS)
async def place_account(
    account_id: FromPath[UUID], data: JSONBody[PlacementIn], actor: CurrentActor, uow: Uow
) -> PlacementOut:
    """Put an account into a category or portfolio by hand; null gives it back to the rules."""
    async with uow.begin(actor) as tx:
        return await service.place_by_hand(tx, account_id=account_id, data=data)
