"""The SQL that puts accounts into categories and portfolios, built once for each kind.

What a person decided stays. Else the ERP's word counts; without one the category follows from the
class of the ABC curve, and the portfolio is the seller's. So every account stands in one of each.
"""

from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import TextClause, text

from sindico_tenants.portfolios.schemas import Kind

CLASS_CATEGORIES = {"A": "Curva A", "B": "Curva B", "C": "Curva C", "none": "Sem compras"}
NO_PORTFOLIO = "Sem carteira"
"""Records of the customer's, in the language of its people; they may be renamed."""

_BY_CLASS = " ".join(
    f"WHEN '{abc_class}' THEN '{name}'" for abc_class, name in CLASS_CATEGORIES.items()
)
_WANTED = {
    Kind.CATEGORY: f"""
        SELECT account.id AS account_id,
            COALESCE(NULLIF(btrim(account.erp_category), ''),
                CASE COALESCE(abc.abc_class, 'none') {_BY_CLASS} END) AS name,
            CASE WHEN btrim(account.erp_category) <> '' THEN 'erp' ELSE 'class' END AS placed_by
        FROM crm.account LEFT JOIN crm.account_abc AS abc
            ON abc.tenant_id = :tenant_id AND abc.account_id = account.id
    """,  # noqa: S608  (names of ours alone)
    Kind.PORTFOLIO: f"""
        SELECT account.id AS account_id,
            COALESCE(NULLIF(btrim(account.erp_portfolio), ''), seller.name, '{NO_PORTFOLIO}')
                AS name,
            CASE WHEN btrim(account.erp_portfolio) <> '' THEN 'erp'
                WHEN seller.name IS NOT NULL THEN 'seller' ELSE 'nothing' END AS placed_by
        FROM crm.account LEFT JOIN crm.seller
            ON seller.tenant_id = :tenant_id AND seller.id = account.seller_id
    """,  # noqa: S608  (names of ours alone)
}


HOLD = text("""
    INSERT INTO crm.account_placement AS kept (tenant_id, account_id, updated_at)
    SELECT CAST(:tenant_id AS uuid), chosen.account_id, CAST(:now AS timestamptz)
    FROM unnest(CAST(:account_ids AS uuid[])) AS chosen (account_id) ORDER BY chosen.account_id
    ON CONFLICT (tenant_id, account_id) DO UPDATE SET updated_at = kept.updated_at WHERE false
""")
"""Holds where accounts stand until a decision about them is made, in the order in which the rules
place them; all of them, as the other kind may change what this one leaves, and with a row for those
that stand nowhere yet, else the rules could be just making it. ``WHERE false`` holds a row without
writing it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlacingStatements:
    """Everything said about one kind; each takes ``tenant_id`` and ``account_ids``.

    Placing by the rules takes null instead for every account there is.
    """

    list_missing: TextClause
    """Names that accounts are to have and that no category, or portfolio, bears yet."""
    place: TextClause
    """Answers how many accounts there are, came to stand somewhere, and went elsewhere."""
    decide: TextClause
    """Puts accounts where a person says, ``target_id``; answers those it changed."""
    give_back: TextClause
    """Leaves to the rules what a person decided; answers whose it was."""


@lru_cache
def statements_of(kind: Kind) -> PlacingStatements:
    wanted = f"""
        wanted AS MATERIALIZED (
            {_WANTED[kind]}
            WHERE account.tenant_id = :tenant_id
                AND (CAST(:account_ids AS uuid[]) IS NULL OR account.id = ANY(:account_ids))
        )
    """
    missing = f"""
        WITH {wanted}, name AS MATERIALIZED (SELECT DISTINCT name FROM wanted)
        SELECT DISTINCT ON (control.search_form(name.name)) name.name FROM name
        WHERE NOT EXISTS (SELECT FROM crm.{kind} AS one WHERE one.tenant_id = :tenant_id
            AND one.search_name = control.search_form(name.name))
        ORDER BY control.search_form(name.name), name.name
    """  # noqa: S608  (names of ours alone)
    return PlacingStatements(
        list_missing=text(missing),
        place=text(_place(kind, wanted)),
        decide=text(_decide(kind)),
        give_back=text(_give_back(kind)),
    )


def _place(kind: Kind, wanted: str) -> str:
    """What a person decided meanwhile stays, and nothing is told of it.

    ``IS TRUE`` has what was placed looked up by hash: of a tenant without statistics the planner
    would join both by a loop over all of them for each.
    """
    return f"""
        WITH {wanted}, name AS MATERIALIZED (SELECT DISTINCT name FROM wanted),
        target AS MATERIALIZED (
            SELECT name.name, one.id, one.name AS shown FROM name JOIN crm.{kind} AS one
                ON one.tenant_id = :tenant_id AND one.search_name = control.search_form(name.name)
        ), moving AS MATERIALIZED (
            SELECT wanted.account_id, wanted.placed_by, target.id, target.shown,
                kept.{kind}_id AS old_id
            FROM wanted JOIN target ON target.name = wanted.name
            LEFT JOIN crm.account_placement AS kept
                ON kept.tenant_id = :tenant_id AND kept.account_id = wanted.account_id
            WHERE kept.{kind}_by IS DISTINCT FROM 'hand'
                AND (kept.{kind}_id IS DISTINCT FROM target.id
                    OR kept.{kind}_by IS DISTINCT FROM wanted.placed_by)
        ), placed AS (
            INSERT INTO crm.account_placement AS kept
                (tenant_id, account_id, {kind}_id, {kind}_by, updated_at)
            SELECT CAST(:tenant_id AS uuid), account_id, id, placed_by, CAST(:now AS timestamptz)
            FROM moving ORDER BY account_id
            ON CONFLICT (tenant_id, account_id) DO UPDATE SET {kind}_id = excluded.{kind}_id,
                {kind}_by = excluded.{kind}_by, updated_at = excluded.updated_at
            WHERE kept.{kind}_by IS DISTINCT FROM 'hand'
            RETURNING kept.account_id
        ), moved AS MATERIALIZED (
            SELECT * FROM moving WHERE (account_id IN (SELECT account_id FROM placed)) IS TRUE
        ), told AS (
            INSERT INTO crm.placement_change
                (tenant_id, account_id, at, kind, from_name, to_name, placed_by, changed_by, reason)
            SELECT CAST(:tenant_id AS uuid), moved.account_id, CAST(:now AS timestamptz),
                '{kind}', old.name, moved.shown, moved.placed_by, CAST(:changed_by AS text),
                CAST(:reason AS text)
            FROM moved LEFT JOIN crm.{kind} AS old
                ON old.tenant_id = :tenant_id AND old.id = moved.old_id
            WHERE moved.old_id IS DISTINCT FROM moved.id OR CAST(:is_given_back AS boolean)
            ON CONFLICT DO NOTHING
        )
        SELECT (SELECT count(*) FROM wanted) AS accounts,
            count(*) FILTER (WHERE old_id IS NULL) AS placed,
            count(*) FILTER (WHERE old_id <> id) AS moved
        FROM moved
    """  # noqa: S608  (names of ours alone)


def _decide(kind: Kind) -> str:
    return f"""
        WITH moving AS MATERIALIZED (
            SELECT chosen.account_id, kept.{kind}_id AS old_id
            FROM unnest(CAST(:account_ids AS uuid[])) AS chosen (account_id)
            LEFT JOIN crm.account_placement AS kept
                ON kept.tenant_id = :tenant_id AND kept.account_id = chosen.account_id
            WHERE kept.{kind}_id IS DISTINCT FROM :target_id
                OR kept.{kind}_by IS DISTINCT FROM 'hand'
        ), placed AS (
            INSERT INTO crm.account_placement AS kept
                (tenant_id, account_id, {kind}_id, {kind}_by, updated_at)
            SELECT CAST(:tenant_id AS uuid), account_id, CAST(:target_id AS uuid), 'hand',
                CAST(:now AS timestamptz)
            FROM moving ORDER BY account_id
            ON CONFLICT (tenant_id, account_id) DO UPDATE SET {kind}_id = excluded.{kind}_id,
                {kind}_by = excluded.{kind}_by, updated_at = excluded.updated_at
        ), told AS (
            INSERT INTO crm.placement_change
                (tenant_id, account_id, at, kind, from_name, to_name, placed_by, changed_by, reason)
            SELECT CAST(:tenant_id AS uuid), moving.account_id, CAST(:now AS timestamptz),
                '{kind}', old.name, CAST(:target_name AS text), 'hand', CAST(:changed_by AS text),
                CAST(:reason AS text)
            FROM moving LEFT JOIN crm.{kind} AS old
                ON old.tenant_id = :tenant_id AND old.id = moving.old_id
            ON CONFLICT DO NOTHING
        )
        SELECT account_id FROM moving
    """  # noqa: S608  (names of ours alone)


def _give_back(kind: Kind) -> str:
    return f"""
        UPDATE crm.account_placement
        SET {kind}_by = NULL, updated_at = CAST(:now AS timestamptz)
        WHERE tenant_id = :tenant_id AND account_id = ANY(CAST(:account_ids AS uuid[]))
            AND {kind}_by = 'hand'
        RETURNING account_id
    """  # noqa: S608  (names of ours alone)
