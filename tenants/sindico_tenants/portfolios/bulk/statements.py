"""The SQL that chooses the salesperson of many accounts, and leaves it to the ERP again."""

from sqlalchemy import text

CHOOSE_SELLER = text("""
    WITH moving AS MATERIALIZED (
        SELECT id, seller_id FROM crm.account
        WHERE tenant_id = :tenant_id AND id = ANY(CAST(:account_ids AS uuid[]))
            AND (seller_id IS DISTINCT FROM :seller_id OR 'seller_id' <> ALL (pinned_fields))
        ORDER BY id FOR NO KEY UPDATE
    ), chosen AS (
        UPDATE crm.account SET seller_id = CAST(:seller_id AS uuid),
            pinned_fields = array_append(array_remove(pinned_fields, 'seller_id'), 'seller_id'),
            updated_at = CAST(:now AS timestamptz), updated_by = CAST(:user_id AS uuid)
        FROM moving WHERE account.tenant_id = :tenant_id AND account.id = moving.id
    ), told AS (
        INSERT INTO crm.placement_change
            (tenant_id, account_id, at, kind, from_name, to_name, placed_by, changed_by, reason)
        SELECT CAST(:tenant_id AS uuid), moving.id, CAST(:now AS timestamptz), 'seller', old.name,
            CAST(:seller AS text), 'hand', CAST(:changed_by AS text), CAST(:reason AS text)
        FROM moving LEFT JOIN crm.seller AS old
            ON old.tenant_id = :tenant_id AND old.id = moving.seller_id
        ON CONFLICT DO NOTHING
    )
    SELECT id FROM moving
""")
"""Pins the field, so that loads leave it alone; answers the accounts it changed."""

GIVE_BACK_SELLER = text("""
    WITH moving AS MATERIALIZED (
        SELECT id, seller_id FROM crm.account
        WHERE tenant_id = :tenant_id AND id = ANY(CAST(:account_ids AS uuid[]))
            AND 'seller_id' = ANY (pinned_fields)
        ORDER BY id FOR NO KEY UPDATE
    ), given AS (
        UPDATE crm.account SET pinned_fields = array_remove(pinned_fields, 'seller_id'),
            updated_at = CAST(:now AS timestamptz), updated_by = CAST(:user_id AS uuid)
        FROM moving WHERE account.tenant_id = :tenant_id AND account.id = moving.id
    ), told AS (
        INSERT INTO crm.placement_change
            (tenant_id, account_id, at, kind, from_name, to_name, placed_by, changed_by, reason)
        SELECT CAST(:tenant_id AS uuid), moving.id, CAST(:now AS timestamptz), 'seller', old.name,
            old.name, 'erp', CAST(:changed_by AS text), CAST(:reason AS text)
        FROM moving JOIN crm.seller AS old
            ON old.tenant_id = :tenant_id AND old.id = moving.seller_id
        ON CONFLICT DO NOTHING
    )
    SELECT id FROM moving
""")
"""Who it is stays until the ERP's next load says otherwise; answers the accounts it changed."""
