"""Companies with their branches, page by page."""

from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.errors import InvalidInput
from sindico_platform.paging.cursors import encode_cursor
from sindico_platform.paging.schemas import PageRequest
from sindico_tenants.companies.models import Branch, Company
from sindico_tenants.companies.schemas import BranchFilters
from sindico_tenants.companies.tree.queries import count_in, list_tree
from tests.api.test_crm_lists import add

# By company, in the order they are shown: the head office, then by name.
TREE = {
    "Álamo": ["Zulmira *", "Bela Vista", "Centro", "Centro"],
    "Beta": [],
    "Colina": ["Norte", "Sul"],
    "Colina Alta": ["Matriz *", "Outra matriz *", "Aurora"],
    "Zênite": [],
}
Line = tuple[str, str | None]
FLAT: list[Line] = [
    (company, branch)
    for company, branches in TREE.items()
    for branch in (*branches, None)
    if branch or not branches
]


@pytest.fixture
async def tenant(uow: UnitOfWork) -> UUID:
    """The tree, put in from its end."""
    tenant_id = uuid7()
    async with uow.begin(Actor.system(tenant_id)) as tx:
        for company, branches in reversed(TREE.items()):
            company_id = await add(tx, Company, name=company)
            for branch in reversed(branches):
                name = branch.removesuffix(" *")
                head = branch.endswith("*")
                await add(tx, Branch, name=name, company_id=company_id, is_head_office=head)
    return tenant_id


async def walk(
    uow: UnitOfWork, tenant: UUID, limit: int, filters: BranchFilters | None = None
) -> list[Line]:
    """All lines, page after page."""
    lines: list[Line] = []
    request = PageRequest(limit=limit)
    while True:
        async with uow.begin(Actor.system(tenant)) as tx:
            page = await list_tree(tx, request=request, filters=filters or BranchFilters())
        assert len(page.items) <= limit
        for line in page.items:
            branch = line.branch
            mark = " *" if branch and branch.is_head_office else ""
            lines.append((line.company.name, branch.name + mark if branch else None))
        if page.next_cursor is None:
            return lines
        request = PageRequest(limit=limit, after=page.next_cursor)


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 50])
async def test_pages_of_any_size_make_the_whole_tree(
    uow: UnitOfWork, tenant: UUID, limit: int
) -> None:
    assert await walk(uow, tenant, limit) == FLAT


@pytest.mark.parametrize("limit", [1, 2, 50])
@pytest.mark.parametrize(
    ("filters", "shown"),
    [
        (BranchFilters(is_head_office=True), [line for line in FLAT if "*" in (line[1] or "")]),
        (BranchFilters(q="centro"), [("Álamo", "Centro")] * 2),
        (BranchFilters(q="colina"), [line for line in FLAT if line[0].startswith("Colina")]),
        (BranchFilters(is_active=False), []),
    ],
    ids=["head offices", "by branch", "by company", "none"],
)
async def test_filters_keep_the_order(
    uow: UnitOfWork,
    tenant: UUID,
    limit: int,
    filters: BranchFilters,
    shown: list[Line],
) -> None:
    assert await walk(uow, tenant, limit, filters) == shown


async def test_one_company_is_shown_alone_even_without_branches(
    uow: UnitOfWork, tenant: UUID
) -> None:
    async with uow.begin(Actor.system(tenant)) as tx:
        found = await list_tree(tx, request=PageRequest(), filters=BranchFilters())
        ids = {line.company.name: line.company.id for line in found.items}

    for name in ("Álamo", "Beta"):
        alone = BranchFilters(company_id=ids[name])
        assert await walk(uow, tenant, 2, alone) == [line for line in FLAT if line[0] == name]


async def test_branches_are_counted_by_company(uow: UnitOfWork, tenant: UUID) -> None:
    async with uow.begin(Actor.system(tenant)) as tx:
        found = await list_tree(tx, request=PageRequest(), filters=BranchFilters())
        ids = {line.company.id: line.company.name for line in found.items}
        counted = await count_in(tx, ids)

    assert {ids[company]: count for company, count in counted.items()} == {
        company: len(branches) for company, branches in TREE.items() if branches
    }


async def test_another_tenant_sees_none_of_it(uow: UnitOfWork, tenant: UUID) -> None:
    assert tenant is not None
    assert await walk(uow, uuid7(), 50) == []


@pytest.mark.parametrize(
    "cursor",
    ["x", "", encode_cursor(["a"]), encode_cursor(["\x00", uuid7(), None, None, None])],
    ids=["no text of ours", "empty", "too short", "unstorable"],
)
async def test_a_cursor_of_something_else_is_refused(uow: UnitOfWork, cursor: str) -> None:
    async with uow.begin(Actor.system(uuid7())) as tx:
        with pytest.raises(InvalidInput):
            await list_tree(tx, request=PageRequest(after=cursor), filters=BranchFilters())
