"""The first page of 10,000 branches beside one of the last, by the API and on the console.

They take turns, so that a busy moment of the machine falls on both.
"""

import re
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import httpx
from uuid_utils.compat import uuid7

from benchmarks.figures import Figure
from benchmarks.http_load import ask
from benchmarks.list_route import free_port, make_user, until_ready
from benchmarks.stack import Stack
from sindico_api.cookies import session_cookie_name
from sindico_platform.database.tx import Actor
from sindico_platform.identity.sessions import service as sessions
from sindico_platform.identity.tokens import service as tokens

ROUNDS, SECONDS, CONNECTIONS = 5, 2, 4
TENANTS, COMPANIES, BRANCHES, ROWS = 3, 4, 2_500, 50
API, TREE = f"/api/v1/branches?limit={ROWS}", "/console/company-settings/branches"
MOST_PAGES = 1_000
FILL = """
    WITH companies AS (
        INSERT INTO crm.company (tenant_id, id, name, is_active, created_at, updated_at)
        SELECT $1, gen_random_uuid(), 'Empresa ' || n, true, now(), now()
        FROM generate_series(1, $2::int) AS n
        RETURNING tenant_id, id
    )
    INSERT INTO crm.branch (tenant_id, id, company_id, is_head_office, name, trade_name, cnpj, city,
                            state, erp_code, is_active, created_at, updated_at)
    SELECT tenant_id, gen_random_uuid(), id, n = 1, md5(id::text || n) || ' Ltda.', 'Loja ' || n,
           lpad(n::text, 14, '0'), 'Blumenau', 'SC', n::text, true, now(), now()
    FROM companies, generate_series(1, $3::int) AS n
"""
Follow = Callable[[httpx.Response], str | None]
NEXT = re.compile(r'rel="next" href="([^"]+)"')


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """How one person comes in by both ways."""

    token: str
    cookie: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Cookie": self.cookie}

    def keys_for(self, path: str) -> list[str]:
        """The header of the way in that the path belongs to."""
        kept = "Authorization" if path.startswith("/api/") else "Cookie"
        return [f"{kept}: {self.headers[kept]}"]


async def measure(stack: Stack) -> list[Figure]:
    """Milliseconds of a deep page beside those of the first, medians of all rounds."""
    visitor = await make_visitor(stack, await fill(stack))
    port = free_port()
    with stack.process("sindico_api.cli.main", "api", "--port", str(port)):
        await until_ready(port)
        return [
            await compare(port, visitor, "the API", API, follow_api),
            await compare(port, visitor, "the console's tree", TREE, follow_console),
        ]


async def compare(port: int, visitor: Visitor, where: str, first: str, follow: Follow) -> Figure:
    """Ask for both pages in turns."""
    deep = await find_deep(port, visitor, first, follow)
    keys = visitor.keys_for(first)
    times: dict[str, list[float]] = {first: [], deep: []}
    for number in range(ROUNDS + 1):
        for path in (first, deep):
            measured = await ask(port, path, seconds=SECONDS, connections=CONNECTIONS, keys=keys)
            if number:  # the first round warms up
                times[path] += measured.latencies_ms
    return Figure(
        name=f"deep page of {COMPANIES * BRANCHES:,} branches by {where}",
        value=statistics.median(times[deep]),
        unit="ms",
        yardstick="first page",
        yardstick_value=statistics.median(times[first]),
        at_most=1.2,
    )


async def find_deep(port: int, visitor: Visitor, first: str, follow: Follow) -> str:
    """Walk the list to its last full page, as a reader would.

    Raises:
        RuntimeError: the list never ends, or it has too few pages.
    """
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        path, pages = first, [first]
        while len(pages) < MOST_PAGES:
            answer = await client.get(path, headers=visitor.headers)
            answer.raise_for_status()
            following = follow(answer)
            if following is None:
                break
            pages.append(path := following)
    if not COMPANIES * BRANCHES / ROWS - 1 <= len(pages) < MOST_PAGES:
        raise RuntimeError(f"the list has {len(pages)} pages")
    return pages[-2]


def follow_api(answer: httpx.Response) -> str | None:
    cursor = answer.json()["next_cursor"]
    return None if cursor is None else f"{API}&after={cursor}"


def follow_console(answer: httpx.Response) -> str | None:
    found = NEXT.search(answer.text)
    return None if found is None else found[1].replace("&amp;", "&")


async def fill(stack: Stack) -> UUID:
    """Several tenants with companies and branches; gives one of them."""
    tenants = [uuid7() for _ in range(TENANTS)]
    connection = await asyncpg.connect(stack.urls.owner)
    try:
        for tenant in tenants:
            await connection.execute(FILL, tenant, COMPANIES, BRANCHES)
        await connection.execute("VACUUM ANALYZE crm.company, crm.branch")
    finally:
        await connection.close()
    return tenants[0]


async def make_visitor(stack: Stack, tenant_id: UUID) -> Visitor:
    """A person of the tenant who may see companies and branches."""
    async with stack.context() as context, context.uow.begin(Actor.system(tenant_id)) as tx:
        user_id = await make_user(tx, "companies:view", "branches:view")
        issued = await tokens.issue_to_user(tx, user_id=user_id)
        session = await sessions.open_session(
            tx, user_id=user_id, address="127.0.0.1", user_agent="benchmark"
        )
    return Visitor(
        token=issued.access.reveal(),
        cookie=f"{session_cookie_name(stack.settings)}={session.reveal()}",
    )
