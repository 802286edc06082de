"""What an integration's health is: the one definition, which lists, counts and screens share.

A reason is found first, from the integration's state, its schedule, its complete runs, and what
the watch over it says of its last success; each reason stands for one health. The first that holds
counts.
"""

from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

from sindico_platform.words import translatable


class Health(StrEnum):
    """How an integration is, the worst first."""

    FAILING = "failing"
    LATE = "late"
    NEVER = "never"
    """Nothing has come from it yet."""
    PAUSED = "paused"
    HEALTHY = "healthy"


class Reason(StrEnum):
    """Why an integration's health is what it is, in the order in which they are looked for."""

    TENANT_INACTIVE = "tenant-inactive"
    INTEGRATION_PAUSED = "integration-paused"
    LAST_RUN_FAILED = "last-run-failed"
    NEVER_RUN = "never-run"
    SCHEDULE_PAUSED = "schedule-paused"
    RUN_OVERDUE = "run-overdue"
    SUCCESS_TOO_OLD = "success-too-old"
    NOT_SCHEDULED = "not-scheduled"
    IN_TIME = "in-time"


HEALTH_OF = MappingProxyType(
    {
        Reason.TENANT_INACTIVE: Health.PAUSED,
        Reason.INTEGRATION_PAUSED: Health.PAUSED,
        Reason.LAST_RUN_FAILED: Health.FAILING,
        Reason.NEVER_RUN: Health.NEVER,
        Reason.SCHEDULE_PAUSED: Health.PAUSED,
        Reason.RUN_OVERDUE: Health.LATE,
        Reason.SUCCESS_TOO_OLD: Health.LATE,
        Reason.NOT_SCHEDULED: Health.HEALTHY,
        Reason.IN_TIME: Health.HEALTHY,
    }
)
TEXTS = MappingProxyType(
    {
        Reason.TENANT_INACTIVE: translatable("The tenant is not active"),
        Reason.INTEGRATION_PAUSED: translatable("The integration is paused"),
        Reason.LAST_RUN_FAILED: translatable("The last run failed"),
        Reason.NEVER_RUN: translatable("There was no success yet"),
        Reason.SCHEDULE_PAUSED: translatable("The schedule is paused"),
        Reason.RUN_OVERDUE: translatable("A planned run has not begun"),
        Reason.SUCCESS_TOO_OLD: translatable("The last success is too long ago"),
        Reason.NOT_SCHEDULED: translatable("There was a success; no run is planned"),
        Reason.IN_TIME: translatable("The last success is in time"),
    }
)
OVERDUE = timedelta(minutes=15)
"""A run that was to begin longer ago is overdue."""
