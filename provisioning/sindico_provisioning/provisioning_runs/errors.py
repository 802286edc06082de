"""What may be refused about provisioning."""

from sindico_platform.errors import SindicoError, Terminal
from sindico_platform.words import translatable


class ProvisioningRunNotFound(SindicoError):
    """No such run, or none that the actor may see."""

    code, status, title = "provisioning-run-not-found", 404, "There is no such provisioning"
    detail = "Check the id of the provisioning run."


class ProvisioningUnderWay(SindicoError):
    """A tenant is provisioned once at a time."""

    code, status, title = "provisioning-under-way", 409, "This tenant is being provisioned"
    detail = "Another provisioning run of this tenant is not finished."


class CrmAlreadyActive(SindicoError):
    """There is nothing to provision any more."""

    code, status, title = "crm-already-active", 409, "The CRM is already active"
    detail = "The tenant has its CRM. Change the package in its registration."


class ProvisioningNotFailed(SindicoError):
    """Only a run that failed can be tried again."""

    code, status, title = "provisioning-not-failed", 409, "The provisioning has not failed"
    detail = "It is {status}; only a failed provisioning can be tried again."


class AdministratorAlreadyIn(SindicoError):
    """An invitation is for somebody who has no password yet."""

    code, status, title = "administrator-already-in", 409, "There is nobody to invite"
    detail = "{login} has chosen a password already, or is not a user any more."


class DefaultsNotRight(Terminal):
    """The verification found default records missing or different."""

    def __init__(self, records: list[str]) -> None:
        super().__init__(
            "defaults-not-right",
            translatable("These default records are missing or different: {records}."),
            records=", ".join(records),
        )


class StepFailed(Exception):
    """A step raised `error`; nothing of its transaction is kept."""

    def __init__(self, code: str, error: Exception) -> None:
        super().__init__(code)
        self.code, self.error = code, error


class StepLost(Exception):
    """Another worker has the step by now; whatever was done here is rolled back."""


ADVICE = {
    "defaults-not-right": translatable(
        "Open Default records, repair what is not right, then retry."
    ),
    "internal-fault": translatable(
        "Retry. If it fails again, ask for help and quote the provisioning's id."
    ),
    "database-fault": translatable(
        "Retry. If it fails again, ask for help and quote the provisioning's id."
    ),
}
WHEN_REFUSED = translatable("Correct what the error says, then retry from this step.")


def advice_for(code: str) -> str:
    """What to do about a step's error; an English message id."""
    return ADVICE.get(code, WHEN_REFUSED)
