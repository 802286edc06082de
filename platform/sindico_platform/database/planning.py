"""What the planner is told where its statistics mislead it."""

from sqlalchemy import text

from sindico_platform.database.tx import Tx

WITHOUT_NESTED_LOOPS = text("SET LOCAL enable_nestloop = off")
WITHOUT_WHOLE_TABLES = text("SET LOCAL enable_seqscan = off")


async def join_by_hash(tx: Tx) -> None:
    """Join by hash or by order for the rest of the transaction, for statements over many rows.

    Of a tenant that has come after the last ANALYZE the planner thinks that it has no rows, so
    that it would loop over all of them for each. What is to be found by its key, row by row, is
    then written as a scalar sub-select, which no plan turns into anything else.
    """
    await tx.session.execute(WITHOUT_NESTED_LOOPS)


async def prefer_indexes(tx: Tx) -> None:
    """Find rows by their keys for the rest of the transaction, in tables of whatever size.

    A table that has filled since the last ANALYZE is taken for an empty one, which would be read
    whole for each row that is looked for.
    """
    await tx.session.execute(WITHOUT_WHOLE_TABLES)
