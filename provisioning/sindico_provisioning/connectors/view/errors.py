"""What goes wrong between us and a customer's database, each with its own code."""

from sindico_platform.connection_tests.schemas import Mistake, Stage

DRIVER_MISSING = Mistake(
    code="view-driver-missing",
    stage=Stage.CONNECT,
    detail="This system has no driver for {dialect}.",
    advice="Ask whoever runs this system to install sindico[{extra}].",
)
NOT_SPOKEN = Mistake(
    code="view-not-a-database",
    stage=Stage.AUTHENTICATE,
    detail="What listens on port {port} of {host} does not answer as {dialect} does.",
    advice="Correct the port or the kind of database.",
)
LOGIN_TIMED_OUT = Mistake(
    code="view-login-timed-out",
    stage=Stage.AUTHENTICATE,
    detail="{host} took the connection but did not let us sign in within {seconds} seconds.",
    advice=(
        "Correct the port or the kind of database; if both are right, the server may be overloaded."
    ),
    passes=True,
)
ELSEWHERE = Mistake(
    code="view-sent-elsewhere",
    stage=Stage.AUTHENTICATE,
    detail="{host} sends us on to another address, {address}, which is not followed.",
    advice="Enter the address of the database itself, not of what distributes its connections.",
)
TLS_NOT_OFFERED = Mistake(
    code="view-tls-not-offered",
    stage=Stage.TLS,
    detail="The database at {host} offers no encryption.",
    advice=(
        "Have TLS switched on at the database, or choose no encryption inside a private network."
    ),
)
TLS_DEMANDED = Mistake(
    code="view-tls-demanded",
    stage=Stage.TLS,
    detail="The database at {host} takes encrypted connections only.",
    advice="Choose TLS, with the certificate of the database's authority if it is a private one.",
)
LOGIN_REFUSED = Mistake(
    code="view-login-refused",
    stage=Stage.AUTHENTICATE,
    detail="The database did not accept the user {user} with this password.",
    advice=(
        "Correct user and password. It is not tried again by itself, because repeated attempts "
        "lock the account."
    ),
)
ADDRESS_UNWELCOME = Mistake(
    code="view-address-unwelcome",
    stage=Stage.AUTHENTICATE,
    detail="The database does not let the user {user} in from our address.",
    advice=(
        "Have our address allowed at the database (pg_hba.conf, or the user's host). If it is, the "
        "database takes encrypted connections only: choose TLS."
    ),
)
DATABASE_MISSING = Mistake(
    code="view-database-missing",
    stage=Stage.AUTHENTICATE,
    detail="There is no database {database} on this server.",
    advice="Correct the database's name (in Oracle, the service's name).",
)
DATABASE_DENIED = Mistake(
    code="view-database-denied",
    stage=Stage.AUTHENTICATE,
    detail="The user {user} may not use the database {database}.",
    advice="Grant the user the right to connect to it.",
)
TOO_MANY_CONNECTIONS = Mistake(
    code="view-too-many-connections",
    stage=Stage.AUTHENTICATE,
    detail="The database has as many connections as it allows.",
    advice="It is tried again; if it stays so, have the limit raised.",
    passes=True,
)
NOT_READY = Mistake(
    code="view-database-not-ready",
    stage=Stage.AUTHENTICATE,
    detail="The database is starting or shutting down.",
    advice="Try again in a moment.",
    passes=True,
)
READ_ONLY_REFUSED = Mistake(
    code="view-read-only-refused",
    stage=Stage.TRANSACTION,
    detail="The database did not begin a read-only transaction: {reason}",
    advice="Have the database's log looked at: nothing is read in any other transaction.",
)
NONE_VISIBLE = Mistake(
    code="view-none-visible",
    stage=Stage.VIEWS,
    detail="The user {user} sees no view and no table in the database {database}.",
    advice="Grant the user SELECT on the views that the integration is to read.",
)
VIEW_MISSING = Mistake(
    code="view-missing",
    stage=Stage.READ,
    detail="There is no view {view}, or the user {user} may not see it.",
    advice="Choose the view again in the mapping, or grant the user SELECT on it.",
)
VIEW_DENIED = Mistake(
    code="view-denied",
    stage=Stage.READ,
    detail="The user {user} has no right to read the view {view}.",
    advice="Grant the user SELECT on it.",
)
COLUMN_MISSING = Mistake(
    code="view-column-missing",
    stage=Stage.READ,
    detail="The view {view} has no longer the column {columns}.",
    advice="Choose the columns again in the mapping.",
)
VIEW_BROKEN = Mistake(
    code="view-refused",
    stage=Stage.READ,
    detail="The database could not read {view}: {reason}",
    advice="Have whoever wrote the view correct it; then try again.",
)
STATEMENT_TIMED_OUT = Mistake(
    code="view-statement-timed-out",
    stage=Stage.READ,
    detail="The database did not read {view} within {seconds} seconds.",
    advice=(
        "Have an index made on what the view's key and watermark are taken from, or allow "
        "statements more time."
    ),
    passes=True,
)
CONNECTION_LOST = Mistake(
    code="view-connection-lost",
    stage=Stage.READ,
    detail="The connection to the database at {host} broke off while {view} was read.",
    advice="It goes on by itself where it stopped, as soon as the database answers again.",
    passes=True,
)
KEY_REPEATED = Mistake(
    code="view-key-repeated",
    stage=Stage.READ,
    detail="In the view {view} more than {rows} rows have the key {key}.",
    advice="Choose a column that tells every row from the others as the key, id_erp.",
)
MAPPING_CHANGED = Mistake(
    code="view-mapping-changed",
    stage=Stage.READ,
    detail="The mapping of {table} was changed while it was read.",
    advice="Start another load.",
)
