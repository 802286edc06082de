"""What can go wrong with loads, and what to do about it."""

from uuid import UUID

from sindico_platform.errors import SindicoError


class LoadNotFound(SindicoError):
    """No such load, or it is another tenant's."""

    code, status, title = "load-not-found", 404, "There is no such load"
    detail = "No load has the id {load_id}."


class LoadAlreadyRunning(SindicoError):
    """The integration has a load that has not ended."""

    code, status, title = "load-already-running", 409, "A load of this integration is under way"
    detail = "The load {load_id} has not ended. Wait for it, or cancel it first."

    def __init__(self, *, load_id: UUID) -> None:
        super().__init__(load_id=str(load_id))


class LoadEnded(SindicoError):
    """Only what has not ended can be cancelled."""

    code, status, title = "load-ended", 409, "The load has ended"
    detail = "The load is {load_status}, so it cannot be cancelled."


class LoadNotResumable(SindicoError):
    """Only a load that failed or was cancelled goes on."""

    code, status, title = "load-not-resumable", 409, "The load cannot be resumed"
    detail = (
        "The load is {load_status}; only the newest, if it failed or was cancelled, can be resumed."
    )


class IntegrationPaused(SindicoError):
    """A paused integration runs no loads."""

    code, status, title = "integration-paused", 409, "The integration is paused"
    detail = "Activate the integration {name} before starting a load."


class IntegrationNotPulled(SindicoError):
    """The integration has no connector: its data are pushed to our API."""

    code, status, title = "integration-not-pulled", 409, "This integration is not read by us"
    detail = "The ERP of the integration {name} sends its data itself; there is nothing to fetch."


class IntegrationNotConfigured(SindicoError):
    """What the connector needs to reach the ERP has not been entered, or not rightly."""

    code, status, title = "integration-not-configured", 409, "The integration is not configured"
    detail = "Complete the service properties {service} before starting a load."


class ViewsNotMapped(SindicoError):
    """A View integration without a mapping reads nothing."""

    code, status, title = "views-not-mapped", 409, "No view is mapped to a table"
    detail = "Enter the integration's database and map a view before starting a load."


class LoadStopped(Exception):
    """The load was cancelled, has ended, or belongs to another job by now: write nothing."""
