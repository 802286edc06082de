"""Every SELECT on the tree of companies and branches.

The order is that of people: companies by name, in each the head office and then the branches by
name. A page costs the same wherever it stands, as long as no filter asks every branch.
"""

from collections.abc import Collection, Sequence
from dataclasses import astuple, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    Text,
    and_,
    bindparam,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
)

from sindico_platform.database.tx import Tx
from sindico_platform.paging.cursors import decode_cursor, encode_cursor
from sindico_platform.paging.schemas import Page, PageRequest
from sindico_tenants.companies.models import Branch, Company
from sindico_tenants.companies.queries import BRANCH_FILTERS, wanted_of
from sindico_tenants.companies.schemas import BranchFilters, BranchItem
from sindico_tenants.companies.tree.schemas import TreeCompany, TreeLine
from sindico_tenants.search import pattern_of

_COMPANY, _BRANCH = TreeCompany.__struct_fields__, BranchItem.__struct_fields__
_COMPANY_COLUMNS = [getattr(Company, name).label(f"company_{name}") for name in _COMPANY]
_COMPANY_PLACE = Company.search_name.label("company_search_name")
_BRANCH_COLUMNS = [getattr(Branch, name).label(f"branch_{name}") for name in _BRANCH]
_BRANCH_PLACE = Branch.search_name.label("branch_search_name")
_BRANCH_ORDER = (Branch.is_head_office.desc(), Branch.search_name, Branch.id)
_IS_OF = and_(Company.tenant_id == Branch.tenant_id, Company.id == Branch.company_id)
_CURSOR = tuple[str, UUID, bool | None, str | None, UUID | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """The last line of the page before; without a branch, its company is done."""

    company_name: str
    company_id: UUID
    is_head_office: bool | None
    branch_name: str | None
    branch_id: UUID | None

    @classmethod
    def read(cls, cursor: str) -> "Place":
        """Raises: InvalidInput, if the tree did not give the cursor."""
        company_name, company_id, head, branch_name, branch_id = decode_cursor(cursor, _CURSOR)
        return cls(
            company_name=company_name,
            company_id=company_id,
            is_head_office=bool(head),
            branch_name=branch_name or "",
            branch_id=branch_id,
        )

    @classmethod
    def of(cls, row: Row[Any]) -> "Place":
        return cls(
            company_name=row.company_search_name,
            company_id=row.company_id,
            is_head_office=row.branch_is_head_office,
            branch_name=row.branch_search_name,
            branch_id=row.branch_id,
        )

    def write(self) -> str:
        return encode_cursor(astuple(self))


async def list_tree(tx: Tx, *, request: PageRequest, filters: BranchFilters) -> Page[TreeLine]:
    """List companies with their branches; with filters, those that have a branch that meets them.

    Raises:
        InvalidInput: the tree did not give the cursor.
    """
    place = None if request.after is None else Place.read(request.after)
    wanted = {name: value for name, value in wanted_of(filters).items() if value is not None}
    most = request.limit + 1
    if wanted.keys() <= {"company_id"}:
        rows = await _walk(tx, place, most, only=filters.company_id)
    else:
        rows = (await tx.session.execute(_search(tx, place, most, wanted))).all()
    shown = rows[: request.limit]
    following = Place.of(shown[-1]).write() if len(rows) > request.limit else None
    return Page(items=[_line(row) for row in shown], next_cursor=following)


async def count_in(tx: Tx, company_ids: Collection[UUID]) -> dict[UUID, int]:
    """How many branches each of the companies has."""
    found = await tx.session.execute(
        select(Branch.company_id, func.count().label("branches"))
        .where(Branch.tenant_id == tx.tenant_id, Branch.company_id.in_(company_ids))
        .group_by(Branch.company_id)
    )
    return {row.company_id: row.branches for row in found}


async def _walk(tx: Tx, place: Place | None, most: int, *, only: UUID | None) -> Sequence[Row[Any]]:
    """The rest of the company of the place, then the companies after it."""
    rows: list[Row[Any]] = []
    if place is not None and place.branch_id is not None:
        rows += await tx.session.execute(_rest_of_company(tx, place, most))
    if len(rows) < most:
        rows += await tx.session.execute(_following(tx, place, most - len(rows), only=only))
    return rows


def _rest_of_company(tx: Tx, place: Place, most: int) -> Select[Any]:
    return (
        select(*_COMPANY_COLUMNS, _COMPANY_PLACE, *_BRANCH_COLUMNS, _BRANCH_PLACE)
        .join_from(Company, Branch, _IS_OF)
        .where(
            Company.tenant_id == tx.tenant_id,
            Company.id == place.company_id,
            *_later_branches(place),
        )
        .order_by(*_BRANCH_ORDER)
        .limit(most)
    )


def _following(tx: Tx, place: Place | None, most: int, *, only: UUID | None) -> Select[Any]:
    """Companies with their branches.

    No company gives more lines than asked and none gives fewer than one, so neither table is read
    further than the page.
    """
    companies = select(*_COMPANY_COLUMNS, _COMPANY_PLACE).where(Company.tenant_id == tx.tenant_id)
    if place is not None:
        companies = companies.where(_later_company(place))
    if only is not None:
        companies = companies.where(Company.id == only)
    above = companies.order_by(Company.search_name, Company.id).limit(most).subquery("above")
    below = (
        select(*_BRANCH_COLUMNS, _BRANCH_PLACE)
        .where(Branch.tenant_id == tx.tenant_id, Branch.company_id == above.c.company_id)
        .order_by(*_BRANCH_ORDER)
        .limit(most)
        .lateral("below")
    )
    return (
        select(above, below)
        .select_from(above.outerjoin(below, true()))
        .order_by(
            above.c.company_search_name,
            above.c.company_id,
            below.c.branch_is_head_office.desc(),
            below.c.branch_search_name,
            below.c.branch_id,
        )
        .limit(most)
    )


def _search(tx: Tx, place: Place | None, most: int, wanted: dict[str, Any]) -> Select[Any]:
    """The branches that meet filters; a text may also be the company's."""
    conditions = {name: BRANCH_FILTERS[name] for name in wanted}
    if "part" in conditions:
        in_company = Company.search_text.like(pattern_of(bindparam("part", type_=Text)))
        conditions["part"] = or_(conditions["part"], in_company)
    statement = (
        select(*_COMPANY_COLUMNS, _COMPANY_PLACE, *_BRANCH_COLUMNS, _BRANCH_PLACE)
        .join_from(Branch, Company, _IS_OF)
        .where(Branch.tenant_id == tx.tenant_id, *conditions.values())
        .order_by(Company.search_name, Company.id, *_BRANCH_ORDER)
        .limit(most)
        .params(**wanted)
    )
    return statement if place is None else statement.where(_later_line(place))


def _later_company(place: Place) -> ColumnElement[bool]:
    name = literal(place.company_name, Company.search_name.type)
    row_id = literal(place.company_id, Company.id.type)
    return tuple_(Company.search_name, Company.id) > tuple_(name, row_id)


def _later_branches(place: Place) -> list[ColumnElement[bool]]:
    """The branches after the place in its company; after the head office come all that are none."""
    name = literal(place.branch_name, Branch.search_name.type)
    row_id = literal(place.branch_id, Branch.id.type)
    later = tuple_(Branch.search_name, Branch.id) > tuple_(name, row_id)
    if not place.is_head_office:
        return [Branch.is_head_office.is_(False), later]
    return [or_(Branch.is_head_office.is_(False), later)]


def _later_line(place: Place) -> ColumnElement[bool]:
    if place.branch_id is None:
        return _later_company(place)
    same = and_(Company.id == place.company_id, *_later_branches(place))
    return or_(_later_company(place), same)


def _line(row: Row[Any]) -> TreeLine:
    company = {name: getattr(row, f"company_{name}") for name in _COMPANY}
    branch = {name: getattr(row, f"branch_{name}") for name in _BRANCH}
    return TreeLine(
        company=TreeCompany(**company),
        branch=None if row.branch_id is None else BranchItem(**branch),
    )
