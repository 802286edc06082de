"""A rejected row is settled when its key is met again, and no longer judged by times."""

import ddl
from alembic import op

revision = "0050"
down_revision = "0049"

CAME_RIGHT = """
    UPDATE staging.rejection AS kept SET is_settled = true
    FROM control.load, staging.{table} AS staged
    WHERE NOT kept.is_settled AND kept.resource = '{table}'
        AND load.tenant_id = kept.tenant_id AND load.id = kept.load_id
        AND staged.tenant_id = kept.tenant_id AND staged.integration_id = load.integration_id
        AND staged.id_erp = kept.id_erp AND staged.changed_at > kept.at
        AND staged.removed_at IS NULL
"""
REJECTED_ANEW = """
    UPDATE staging.rejection AS kept SET is_settled = true
    FROM control.load
    WHERE NOT kept.is_settled AND load.tenant_id = kept.tenant_id AND load.id = kept.load_id
        AND EXISTS (
            SELECT FROM staging.rejection AS later JOIN control.load AS by
                ON by.tenant_id = later.tenant_id AND by.id = later.load_id
            WHERE later.tenant_id = kept.tenant_id AND later.resource = kept.resource
                AND later.id_erp = kept.id_erp AND later.load_id > kept.load_id
                AND NOT later.is_settled AND by.integration_id = load.integration_id
        )
"""
TABLES = (
    "empresa_propria",
    "filial",
    "vendedor",
    "fornecedor",
    "empresa",
    "empresa_marca",
    "contato",
    "cotacao",
    "itens_cotacao",
    "pedido",
    "itens_pedido",
    "nota",
    "itens_nota",
    "fatura",
)


def upgrade() -> None:
    ddl.guard_timeouts(op)
    with op.get_context().autocommit_block():  # years of rows take longer than a statement may
        op.execute(REJECTED_ANEW)
        for table in TABLES:
            op.execute(CAME_RIGHT.format(table=table))


def downgrade() -> None:
    """What is settled stays so: the release before would come to the same."""
