"""Every metric of the product, named once. Labels are few and closed: never an id or a tenant.

Gauges of what stands in the database are set by the clock; the rest is counted where it happens.
"""

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
NAMESPACE = "sindico"

registry = CollectorRegistry()
ProcessCollector(registry=registry)
PlatformCollector(registry=registry)

_SHORT = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_LONG = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
_HOURS = (1, 5, 15, 60, 300, 900, 1800, 3600, 7200, 14_400, 43_200)


def _counter(name: str, meaning: str, *labels: str) -> Counter:
    return Counter(name, meaning, labels, namespace=NAMESPACE, registry=registry)


def _gauge(name: str, meaning: str, *labels: str) -> Gauge:
    return Gauge(name, meaning, labels, namespace=NAMESPACE, registry=registry)


def _histogram(
    name: str, meaning: str, *labels: str, buckets: tuple[float, ...] = _SHORT
) -> Histogram:
    return Histogram(name, meaning, labels, namespace=NAMESPACE, registry=registry, buckets=buckets)


http_requests_total = _counter(
    "http_requests_total", "Requests answered.", "method", "route", "status"
)
http_request_duration_seconds = _histogram(
    "http_request_duration_seconds", "From the request's head to its answer's end.", "route"
)
http_requests_in_progress = _gauge("http_requests_in_progress", "Requests being answered.")

sign_ins_total = _counter(
    "sign_ins_total", "Attempts to sign in, succeeded or by error code.", "way", "outcome"
)

jobs_finished_total = _counter("jobs_finished_total", "Job attempts ended.", "function", "outcome")
job_duration_seconds = _histogram(
    "job_duration_seconds", "Run time of one attempt.", "function", buckets=_LONG
)
job_pick_up_seconds = _histogram("job_pick_up_seconds", "From being due to being claimed.", "queue")
jobs_due = _gauge("jobs_due", "Jobs due and not claimed.")
jobs_oldest_due_age_seconds = _gauge(
    "jobs_oldest_due_age_seconds", "How long the oldest due job has waited."
)
jobs_dead = _gauge("jobs_dead", "Jobs that gave up and wait for somebody.")
jobs_leases_expired_total = _counter(
    "jobs_leases_expired_total", "Leases the sweeper took back from silent workers."
)

load_duration_seconds = _histogram(
    "load_duration_seconds",
    "From a load's start to its end, pauses included.",
    "connector",
    "outcome",
    buckets=_HOURS,
)
load_rows_total = _counter("load_rows_total", "Rows of loads, stored.", "table", "outcome")

integrations = _gauge(
    "integrations", "Integrations of all tenants, by what their last success says.", "health"
)

provisioning_run_duration_seconds = _histogram(
    "provisioning_run_duration_seconds",
    "From asking for a provisioning to its end, pauses included.",
    "outcome",
    buckets=_LONG,
)

outside_call_duration_seconds = _histogram(
    "outside_call_duration_seconds",
    "Calls to other people's systems.",
    "system",
    "outcome",
    buckets=_LONG,
)
egress_refused_total = _counter(
    "egress_refused_total", "Hosts the egress guard refused, by error code.", "code"
)
mails_total = _counter("mails_total", "The product's own mail.", "template", "outcome")
outgoing_mails_total = _counter(
    "outgoing_mails_total", "Attempts through customers' own servers.", "template", "outcome"
)
audit_unsealed_rows = _gauge("audit_unsealed_rows", "Audit rows that wait for the sealer.")
clock_last_tick_timestamp_seconds = _gauge(
    "clock_last_tick_timestamp_seconds", "When the leading clock last ticked."
)


def render_metrics() -> bytes:
    """All metrics in Prometheus' text form, `CONTENT_TYPE`."""
    return generate_latest(registry)
