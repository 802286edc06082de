"""What to do about a failed load, by the code of what happened, as message ids."""

from typing import Any

from sindico_platform.words import translatable

LOGIN = translatable(
    "Correct user and password in the properties of the integration, test the connection, then"
    " resume the load."
)
ADDRESS = translatable(
    "Correct the URL in the properties of the integration, then resume the load."
)
REACH = translatable(
    "Ask the customer's IT whether the ERP is running and reachable from outside, then resume the"
    " load: it goes on where it stopped."
)
CERTIFICATE = translatable(
    "Enter the certificate of the authority that signed the ERP's certificate in the properties of"
    " the integration, then resume the load."
)
MAPPING = translatable(
    "Correct the mapping of the View integration, then start another load: what was loaded stays."
)
DATABASE = translatable(
    "Correct the connection of the View integration, test it, then resume the load."
)
RIGHTS = translatable("Give the ERP's user the right to read this, then resume the load.")
PROPERTIES = translatable("Complete the properties of the integration, then resume the load.")
LATER = translatable("Resume the load later: it goes on where it stopped.")
OURS = translatable(
    "The fault is ours and was recorded. Resume the load; if it fails again, ask for support."
)

BY_CODE = {
    "erp-login-refused": LOGIN,
    "erp-token-refused": RIGHTS,
    "erp-access-denied": RIGHTS,
    "erp-route-missing": PROPERTIES,
    "erp-redirected": ADDRESS,
    "host-malformed": ADDRESS,
    "invalid-input": PROPERTIES,
    "integration-not-configured": PROPERTIES,
    "view-login-refused": DATABASE,
    "view-address-unwelcome": DATABASE,
    "view-database-missing": DATABASE,
    "view-database-denied": DATABASE,
    "view-not-a-database": DATABASE,
    "view-connection-not-found": DATABASE,
    "view-denied": RIGHTS,
    "view-missing": MAPPING,
    "view-column-missing": MAPPING,
    "view-key-repeated": MAPPING,
    "view-mapping-changed": MAPPING,
    "views-not-mapped": MAPPING,
    "internal-fault": OURS,
    "database-fault": OURS,
}
BY_BEGINNING = {
    "tls-": CERTIFICATE,
    "ca-": CERTIFICATE,
    "dns-": ADDRESS,
    "host-": REACH,
    "egress-": ADDRESS,
    "connection-": REACH,
}


def advice_for(error: dict[str, Any]) -> str:
    """Say what to do about a failure, as an English message id."""
    code = str(error["code"])
    if code in BY_CODE:
        return BY_CODE[code]
    for beginning, advice in BY_BEGINNING.items():
        if code.startswith(beginning):
            return advice
    return PROPERTIES if error["final"] else LATER
