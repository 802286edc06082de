"""Structured logs and metrics: what a running installation tells its operators."""

from sindico_platform.telemetry import metrics
from sindico_platform.telemetry.logs import bound_to_log, configure_logs

__all__ = ["bound_to_log", "configure_logs", "metrics"]
