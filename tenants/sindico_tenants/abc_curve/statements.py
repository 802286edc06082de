"""The SQL that draws a curve, built once per measure.

Accounts are put in the order of their revenue. The class of each follows from the revenue of all
that stand *before* it: as long as that is less than A's share of the whole, it is an A. So there
is an A whenever there is revenue, and the account that crosses a cut still belongs to the better
class. Equal revenues have the same accounts before them, so they share rank and class. All sums
and comparisons are of whole cents. Who bought nothing, or brought back as much as it bought, has
the class ``none`` and takes nothing from the whole.
"""

from functools import lru_cache

from sqlalchemy import TextClause, text

from sindico_tenants.abc_curve.models import Measure

DOCUMENTS = {Measure.NOTES: "crm.fiscal_note", Measure.ORDERS: "crm.sales_order"}
MOST = 9_000_000_000_000_000_000
"""Sums stop here, which is ninety quadrillion reais: what is beyond is a typing error."""

_COUNTED = """
    tenant_id = :tenant_id AND issued_on BETWEEN :from_on AND :to_on AND erp_removed_at IS NULL
    AND (status IS NULL OR lower(status) <> ALL(CAST(:ignored AS text[])))
"""

_CURVE = f"""
    sold AS (
        SELECT account_id, count(*) AS documents,
            LEAST(GREATEST(sum(total_cents), -{MOST}), {MOST})::bigint AS revenue_cents,
            max(issued_on) FILTER (WHERE total_cents > 0) AS last_on
        FROM {{documents}}
        WHERE {_COUNTED} AND account_id IS NOT NULL
        GROUP BY account_id
    ), member AS (
        SELECT account.id AS account_id, sold.last_on,
            COALESCE(sold.documents, 0) AS documents,
            COALESCE(sold.revenue_cents, 0) AS revenue_cents
        FROM crm.account LEFT JOIN sold ON sold.account_id = account.id
        WHERE account.tenant_id = :tenant_id
            AND (CAST(:branch_id AS uuid) IS NULL OR account.branch_id = :branch_id)
            AND (CAST(:company_id AS uuid) IS NULL OR account.company_id = :company_id)
            AND (account.branch_id = ANY(CAST(:other_branches AS uuid[]))) IS NOT TRUE
            AND (account.company_id = ANY(CAST(:other_companies AS uuid[]))) IS NOT TRUE
    ), ranked AS (
        SELECT *,
            rank() OVER (ORDER BY revenue_cents DESC) AS rank,
            LEAST(COALESCE(sum(GREATEST(revenue_cents, 0)) OVER (
                ORDER BY revenue_cents DESC
                GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ), 0), {MOST})::bigint AS before_cents,
            LEAST(sum(GREATEST(revenue_cents, 0)) OVER (), {MOST})::bigint AS curve_cents
        FROM member
    ), classed AS MATERIALIZED (
        SELECT *, CASE
            WHEN revenue_cents <= 0 THEN 'none'
            WHEN before_cents * 100::numeric
                < curve_cents * CAST(:a_percent AS bigint)::numeric THEN 'A'
            WHEN before_cents * 100::numeric
                < curve_cents * CAST(:ab_percent AS bigint)::numeric THEN 'B'
            ELSE 'C' END AS abc_class
        FROM ranked
    )
"""  # noqa: S608  (names of ours alone)

_FIGURES = """
    SELECT classed.abc_class, count(*) AS accounts,
        LEAST(sum(classed.revenue_cents), 9000000000000000000)::bigint AS revenue_cents,
        count(*) FILTER (WHERE known.account_id IS NULL) AS classified,
        count(*) FILTER (WHERE known.abc_class <> classed.abc_class) AS moved
    FROM classed LEFT JOIN crm.account_abc AS known
        ON known.tenant_id = :tenant_id AND known.account_id = classed.account_id
    GROUP BY classed.abc_class
"""

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
            CAST(:settings_id AS uuid), CAST(:measure AS text), CAST(:a_percent AS bigint),
            CAST(:b_percent AS bigint), CAST(:from_on AS date), CAST(:to_on AS date),
            revenue_cents, documents, last_on, rank, before_cents, curve_cents
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


@lru_cache
def draw_and_store(measure: Measure) -> TextClause:
    """Draw a curve, store each account's place, and tell the classes' figures."""
    curve = _CURVE.format(documents=DOCUMENTS[measure])
    return text(f"WITH {curve}, {_STORE} {_FIGURES}")


@lru_cache
def draw(measure: Measure) -> TextClause:
    """Draw a curve and tell the classes' figures; nothing is written."""
    return text(f"WITH {_CURVE.format(documents=DOCUMENTS[measure])} {_FIGURES}")


@lru_cache
def list_moves(measure: Measure) -> TextClause:
    """Draw a curve and count who would go from which class to which."""
    return text(f"""
        WITH {_CURVE.format(documents=DOCUMENTS[measure])}
        SELECT known.abc_class AS from_class, classed.abc_class AS to_class, count(*) AS accounts
        FROM classed LEFT JOIN crm.account_abc AS known
            ON known.tenant_id = :tenant_id AND known.account_id = classed.account_id
        WHERE known.abc_class IS DISTINCT FROM classed.abc_class
        GROUP BY 1, 2 ORDER BY 1 NULLS FIRST, 2
    """)  # noqa: S608  (names of ours alone)


@lru_cache
def list_movers(measure: Measure) -> TextClause:
    """Draw a curve and name the largest of those who would change."""
    return text(f"""
        WITH {_CURVE.format(documents=DOCUMENTS[measure])}
        SELECT classed.account_id, account.name, known.abc_class AS from_class,
            classed.abc_class AS to_class, classed.revenue_cents, classed.rank
        FROM classed
        JOIN crm.account ON account.tenant_id = :tenant_id AND account.id = classed.account_id
        JOIN crm.account_abc AS known
            ON known.tenant_id = :tenant_id AND known.account_id = classed.account_id
        WHERE known.abc_class <> classed.abc_class
        ORDER BY classed.rank, classed.account_id LIMIT :most
    """)  # noqa: S608  (names of ours alone)


@lru_cache
def sum_unassigned(measure: Measure) -> TextClause:
    """Documents that would count but are no account's."""
    return text(f"""
        SELECT count(*) AS documents, COALESCE(LEAST(sum(total_cents), {MOST}), 0)::bigint AS cents
        FROM {DOCUMENTS[measure]} WHERE {_COUNTED} AND account_id IS NULL
    """)  # noqa: S608  (names of ours alone)


NOTE_CHANGES = text("""
    INSERT INTO crm.abc_change (tenant_id, account_id, run_id, at, from_class, to_class,
        revenue_cents, rank, before_cents, curve_cents)
    SELECT tenant_id, account_id, CAST(:run_id AS uuid), since, previous_class, abc_class,
        revenue_cents, rank, before_cents, curve_cents
    FROM crm.account_abc WHERE tenant_id = :tenant_id AND since = :now
""")
"""What came into its class in this very transaction, whose instant is `now`."""
