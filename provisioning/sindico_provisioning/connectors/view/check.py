"""The connection test of a customer's database: the very way that a load goes."""

from collections.abc import Sequence
from functools import partial
from itertools import islice

from sqlalchemy import Connection

from sindico_platform.connection_tests.schemas import Stage
from sindico_platform.connection_tests.walk import Watch
from sindico_platform.egress import EgressGuard
from sindico_provisioning.connectors.view import errors
from sindico_provisioning.connectors.view.drivers import DRIVERS
from sindico_provisioning.connectors.view.reaching import explain, explained, signed_in
from sindico_provisioning.connectors.view.reflection import list_views, reflect_columns
from sindico_provisioning.connectors.view.schemas import FoundView, ViewServer, ViewSource
from sindico_provisioning.connectors.view.session import Session
from sindico_provisioning.connectors.view.statements import lay_out, select_few

_MOST_NAMED = 5


async def check_database(
    guard: EgressGuard, server: ViewServer, sources: Sequence[ViewSource], watch: Watch
) -> None:
    """Walk `CHECK_STAGES`: sign in, list what can be seen and read a row of each mapped view.

    Raises:
        Transient, Terminal: the stage at which it ended, which `watch` has seen.
    """
    async with signed_in(guard, server, watch=watch) as session:
        await _check_transaction(session, server, watch)
        with watch.stage(Stage.VIEWS) as seen:
            with explained(server, server.database):
                found = await session.run(partial(list_views, server=server))
            if not found:
                raise errors.NONE_VISIBLE.error(user=server.username, database=server.database)
            seen.note(
                "{count} views and tables can be seen, such as {names}.",
                count=len(found),
                names=", ".join(map(_name_of, islice(found, _MOST_NAMED))),
            )
        await _check_sources(session, server, sources, watch)


async def _check_transaction(session: Session, server: ViewServer, watch: Watch) -> None:
    if not DRIVERS[server.dialect].has_read_only:
        watch.skip(
            Stage.TRANSACTION,
            "{dialect} has no read-only transactions: only SELECT is sent, and all is rolled back.",
            dialect=DRIVERS[server.dialect].label,
        )
        return
    with watch.stage(Stage.TRANSACTION) as seen:
        try:
            await session.run(lambda _: None)
        except Exception as error:
            told = explain(server, server.database, error)
            if told.code != errors.VIEW_BROKEN.code:
                raise told from error
            raise errors.READ_ONLY_REFUSED.error(**told.facts) from error
        seen.note(
            "Nothing can be written; a statement may take {seconds} seconds.",
            seconds=server.statement_seconds,
        )


async def _check_sources(
    session: Session, server: ViewServer, sources: Sequence[ViewSource], watch: Watch
) -> None:
    if not sources:
        watch.skip(Stage.READ, "No view is mapped to a table yet.")
        return
    with watch.stage(Stage.READ) as seen:
        for source in sources:
            with explained(server, source.name):
                await session.run(partial(_read_one, server, source))
        names = ", ".join(source.name for source in islice(sources, _MOST_NAMED))
        seen.note("{count} mapped views can be read: {names}.", count=len(sources), names=names)


def _read_one(server: ViewServer, source: ViewSource, connection: Connection) -> None:
    columns = reflect_columns(connection, server, schema=source.schema, view=source.view)
    layout = lay_out(source, columns, row_comparison=False)
    connection.execute(select_few(layout, rows=1)).all()


def _name_of(view: FoundView) -> str:
    return f"{view.db_schema}.{view.name}" if view.db_schema else view.name
