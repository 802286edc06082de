"""What Senior's platform may answer that no other ERP does, each with its own code."""

from sindico_platform.connection_tests.schemas import Mistake, Stage

KEY_REFUSED = Mistake(
    code="erpx-key-refused",
    stage=Stage.AUTHENTICATE,
    detail="The platform did not accept the access key {key} for the tenant {tenant}: {message}",
    advice=(
        "Check access key, secret and the tenant's name, which is not its domain. It is not tried "
        "again by itself, because repeated attempts are throttled."
    ),
)
USER_REFUSED = Mistake(
    code="erpx-user-refused",
    stage=Stage.AUTHENTICATE,
    detail="The platform did not accept the user {user} with this password: {message}",
    advice=(
        "Enter the user as user@tenant-domain and correct the password, or sign in with an "
        "application's key. It is not tried again by itself, because repeated attempts are "
        "throttled."
    ),
)
SECOND_FACTOR = Mistake(
    code="erpx-second-factor",
    stage=Stage.AUTHENTICATE,
    detail="The platform asks the user {user} for a second factor, which a program cannot give.",
    advice="Register an application on the platform and sign in with its key and secret.",
)
PASSWORD_RESET = Mistake(
    code="erpx-password-reset",
    stage=Stage.AUTHENTICATE,
    detail="The platform wants the user {user} to choose a new password first.",
    advice=(
        "Sign in to the platform once as this user, choose a password and enter it here; or sign "
        "in with an application's key, which does not expire."
    ),
)
TOKEN_MISSING = Mistake(
    code="erpx-token-missing",
    stage=Stage.AUTHENTICATE,
    detail="The platform answered the sign-in without a token that could be read.",
    advice="Check that the URL and the base path are those of the platform.",
)
QUERY_REFUSED = Mistake(
    code="erpx-query-refused",
    stage=Stage.READ,
    detail="The platform refused the query {path}: {message}",
    advice="Correct entity and filter in the property {setting}.",
)
ORDER_IGNORED = Mistake(
    code="erpx-order-ignored",
    stage=Stage.READ,
    detail=(
        "The platform did not give the rows of {path} in the order of their ids, so that some "
        "could be missed."
    ),
    advice="Set the property paginacao to pagina, so that it is read by page number.",
)
IDS_MISSING = Mistake(
    code="erpx-ids-missing",
    stage=Stage.READ,
    detail="Rows of {path} have no id to read on from.",
    advice="Set the property paginacao to pagina, so that it is read by page number.",
)
