"""The SQL that draws every curve of a tenant at once, built once for the measures they have.

Accounts are put in the order of their revenue. The class of each follows from the revenue of all
that stand *before* it: as long as that is less than A's share of the whole, it is an A. So there
is an A whenever there is revenue, and the account that crosses a cut still belongs to the better
class. Equal revenues have the same accounts before them, so they share rank and class. All sums
and comparisons are of whole cents. Who bought nothing, or brought back as much as it bought, has
the class ``none`` and takes nothing from the whole.

However many curves there are, the documents are read once: each counts on the curve of its
account. `join_by_hash` is to be called before any of them.
"""

from collections.abc import Iterable
from functools import lru_cache

from sqlalchemy import TextClause, text

from sindico_tenants.abc_curve.models import Measure

DOCUMENTS = {Measure.NOTES: "crm.fiscal_note", Measure.ORDERS: "crm.sales_order"}
MOST = 9_000_000_000_000_000_000
"""Sums stop here, which is ninety quadrillion reais: what is beyond is a typing error."""

_MEMBERS = """
    curve AS MATERIALIZED (
        SELECT * FROM jsonb_to_recordset(CAST(:curves AS jsonb)) AS each (
            place bigint, settings_id uuid, company_id uuid, branch_id uuid, measure text,
            from_on date, to_on date, ignored text[], a_percent bigint, b_percent bigint
        )
    ), member AS MATERIALIZED (
        SELECT account.id AS account_id, curve.*
        FROM crm.account
        LEFT JOIN curve AS of_branch ON of_branch.branch_id = account.branch_id
        LEFT JOIN curve AS of_company
            ON of_company.company_id = account.company_id AND of_company.branch_id IS NULL
        JOIN curve ON curve.place = COALESCE(of_branch.place, of_company.place, (
            SELECT place FROM curve WHERE company_id IS NULL AND branch_id IS NULL
        ))
        WHERE account.tenant_id = :tenant_id
    )
"""

_SOLD = """
        SELECT document.account_id, count(*) AS documents,
            LEAST(GREATEST(sum(document.total_cents), -{most}), {most})::bigint AS revenue_cents,
            max(document.issued_on) FILTER (WHERE document.total_cents > 0) AS last_on
        FROM {documents} AS document JOIN member ON member.account_id = document.account_id
        WHERE document.tenant_id = :tenant_id AND document.erp_removed_at IS NULL
            AND document.issued_on BETWEEN :first_on AND :last_on
            AND document.issued_on BETWEEN member.from_on AND member.to_on
            AND (document.status IS NULL OR lower(document.status) <> ALL(member.ignored))
            AND member.measure = '{measure}'
        GROUP BY document.account_id
"""

_CLASSED = f"""
    ranked AS (
        SELECT member.*, sold.last_on, COALESCE(sold.documents, 0) AS documents,
            COALESCE(sold.revenue_cents, 0) AS revenue_cents
        FROM member LEFT JOIN sold ON sold.account_id = member.account_id
    ), placed AS (
        SELECT *,
            rank() OVER (PARTITION BY place ORDER BY revenue_cents DESC) AS rank,
            LEAST(COALESCE(sum(GREATEST(revenue_cents, 0)) OVER (
                PARTITION BY place ORDER BY revenue_cents DESC
                GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ), 0), {MOST})::bigint AS before_cents,
            LEAST(sum(GREATEST(revenue_cents, 0)) OVER (PARTITION BY place), {MOST})::bigint
                AS curve_cents
        FROM ranked
    ), classed AS MATERIALIZED (
        SELECT placed.*, known.abc_class AS from_class, CASE
            WHEN placed.revenue_cents <= 0 THEN 'none'
            WHEN placed.before_cents * 100::numeric
                < placed.curve_cents * placed.a_percent::numeric THEN 'A'
            WHEN placed.before_cents * 100::numeric
                < placed.curve_cents * (placed.a_percent + placed.b_percent)::numeric THEN 'B'
            ELSE 'C' END AS abc_class
        FROM placed LEFT JOIN crm.account_abc AS known
            ON known.tenant_id = :tenant_id AND known.account_id = placed.account_id
    )
"""  # noqa: S608  (names of ours alone)

_FIGURES = f"""
    SELECT place, abc_class, count(*) AS accounts,
        LEAST(sum(revenue_cents), {MOST})::bigint AS revenue_cents,
        count(*) FILTER (WHERE from_class IS NULL) AS classified,
        count(*) FILTER (WHERE from_class <> abc_class) AS moved
    FROM classed GROUP BY place, abc_class
"""  # noqa: S608  (names of ours alone)

_KEPT = (
    "settings_id",
    "measure",
    "a_percent",
    "b_percent",
    "from_on",
    "to_on",
    "revenue_cents",
    "documents",
    "last_on",
    "rank",
    "before_cents",
    "curve_cents",
)
"""What is stored of a place beside its class."""

_STORE = f"""
    written AS (
        INSERT INTO crm.account_abc AS kept
            (tenant_id, account_id, abc_class, since, {", ".join(_KEPT)})
        SELECT CAST(:tenant_id AS uuid), account_id, abc_class, CAST(:now AS timestamptz),
            {", ".join(_KEPT)}
        FROM classed ORDER BY account_id
        ON CONFLICT (tenant_id, account_id) DO UPDATE SET
            abc_class = excluded.abc_class,
            since = CASE WHEN kept.abc_class = excluded.abc_class
                THEN kept.since ELSE excluded.since END,
            previous_class = CASE WHEN kept.abc_class = excluded.abc_class
                THEN kept.previous_class ELSE kept.abc_class END,
            {", ".join(f"{name} = excluded.{name}" for name in _KEPT)}
        WHERE (kept.abc_class, {", ".join(f"kept.{name}" for name in _KEPT)})
            IS DISTINCT FROM
            (excluded.abc_class, {", ".join(f"excluded.{name}" for name in _KEPT)})
    )
"""  # noqa: S608  (names of ours alone)

_MOVES = """
    SELECT from_class, abc_class AS to_class, count(*) AS accounts
    FROM classed WHERE from_class IS DISTINCT FROM abc_class
    GROUP BY 1, 2 ORDER BY 1 NULLS FIRST, 2
"""

_MOVERS = """
    SELECT mover.account_id, account.name, mover.from_class, mover.abc_class AS to_class,
        mover.revenue_cents, mover.rank
    FROM (
        SELECT * FROM classed WHERE from_class <> abc_class
        ORDER BY revenue_cents DESC, account_id LIMIT :most
    ) AS mover
    JOIN crm.account ON account.tenant_id = :tenant_id AND account.id = mover.account_id
    ORDER BY mover.revenue_cents DESC, mover.account_id
"""


def draw_and_store(measures: Iterable[Measure]) -> TextClause:
    """Draw all curves, store each account's place, and tell the classes' figures on each curve."""
    return _draw_and_store(frozenset(measures))


def simulate(measures: Iterable[Measure]) -> TextClause:
    """Draw all curves and tell what would be; nothing is written.

    Answers one row of JSON lists: the figures of the curve at ``shown``, how many would go from
    which class to which on any curve, and the largest of those by name.
    """
    return _simulate(frozenset(measures))


@lru_cache
def _draw_and_store(measures: frozenset[Measure]) -> TextClause:
    return text(f"WITH {_draw(measures)}, {_STORE} {_FIGURES}")


@lru_cache
def _simulate(measures: frozenset[Measure]) -> TextClause:
    return text(f"""
        WITH {_draw(measures)}
        SELECT
            (SELECT json_agg(each) FROM ({_FIGURES} HAVING place = :shown) AS each) AS figures,
            (SELECT json_agg(each) FROM ({_MOVES}) AS each) AS moves,
            (SELECT json_agg(each) FROM ({_MOVERS}) AS each) AS movers
    """)  # noqa: S608  (names of ours alone)


def _draw(measures: frozenset[Measure]) -> str:
    sold = " UNION ALL ".join(
        _SOLD.format(documents=DOCUMENTS[each], measure=each, most=MOST)
        for each in sorted(measures)
    )
    return f"{_MEMBERS}, sold AS ({sold}), {_CLASSED}"


@lru_cache
def sum_unassigned(measure: Measure) -> TextClause:
    """Documents that would count but are no account's."""
    return text(f"""
        SELECT count(*) AS documents, COALESCE(LEAST(sum(total_cents), {MOST}), 0)::bigint AS cents
        FROM {DOCUMENTS[measure]}
        WHERE tenant_id = :tenant_id AND issued_on BETWEEN :from_on AND :to_on
            AND erp_removed_at IS NULL AND account_id IS NULL
            AND (status IS NULL OR lower(status) <> ALL(CAST(:ignored AS text[])))
    """)  # noqa: S608  (names of ours alone)


NOTE_CHANGES = text("""
    INSERT INTO crm.abc_change (tenant_id, account_id, run_id, at, from_class, to_class,
        revenue_cents, rank, before_cents, curve_cents)
    SELECT tenant_id, account_id, CAST(:run_id AS uuid), since, previous_class, abc_class,
        revenue_cents, rank, before_cents, curve_cents
    FROM crm.account_abc WHERE tenant_id = :tenant_id AND since = :now
""")
"""What came into its class in this very transaction, whose instant is `now`."""
