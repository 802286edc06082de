"""The SQL that makes messages to other systems of what came into a class."""

CLASS_CHANGES = """
    SELECT part, jsonb_build_object('run_id', CAST(:run_id AS uuid), 'at', CAST(:at AS text),
        'load_id', CAST(:load_id AS uuid), 'part', part, 'parts', CAST(:parts AS bigint),
        'changes', jsonb_agg(told ORDER BY account_id)) AS data
    FROM (
        SELECT change.account_id,
            (row_number() OVER (ORDER BY change.account_id) - 1) / CAST(:most AS bigint) + 1
                AS part,
            jsonb_build_object('account_id', change.account_id, 'id_erp', NULL,
                'integration_id', NULL, 'from', change.from_class, 'to', change.to_class,
                'measure', place.measure, 'company_id', curve.company_id,
                'branch_id', curve.branch_id)
            || COALESCE((
                SELECT jsonb_build_object('id_erp', id_erp, 'integration_id', integration_id)
                FROM crm.external_ref AS link
                WHERE link.tenant_id = :tenant_id AND link.id = change.account_id
                    AND link.resource = 'account'
                ORDER BY integration_id LIMIT 1
            ), '{}') AS told
        FROM crm.abc_change AS change
        JOIN crm.account_abc AS place
            ON place.tenant_id = :tenant_id AND place.account_id = change.account_id
        LEFT JOIN crm.abc_settings AS curve
            ON curve.tenant_id = :tenant_id AND curve.id = place.settings_id
        WHERE change.tenant_id = :tenant_id AND change.at = :now AND change.run_id = :run_id
    ) AS numbered
    GROUP BY part
"""
"""Changes of the run of this very transaction, so many to a message; ids and classes, no names."""
