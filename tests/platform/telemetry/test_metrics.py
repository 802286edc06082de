import re
from pathlib import Path

from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.parser import text_string_to_metric_families

from sindico_platform.telemetry import metrics

ROOT = Path(__file__).parents[3]
OURS = {
    name: value
    for name, value in vars(metrics).items()
    if isinstance(value, Counter | Gauge | Histogram)
}


def test_names_follow_the_conventions() -> None:
    for name, metric in OURS.items():
        assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
        assert name.endswith("_total") is isinstance(metric, Counter)
        if isinstance(metric, Histogram):
            assert name.endswith("_seconds")
        assert not name.endswith(("_ms", "_milliseconds", "_count", "_sum", "_bucket"))


def test_every_metric_is_measured_somewhere() -> None:
    sources = [
        path.read_text()
        for package in ("platform", "tenants", "provisioning", "api")
        for path in (ROOT / package).rglob("*.py")
    ]
    unused = {name for name in OURS if not any(f"metrics.{name}" in source for source in sources)}

    assert not unused


def test_every_metric_is_documented_with_its_labels_and_no_other() -> None:
    rows = re.findall(
        r"^\| `sindico_(\w+)` \|([^|]*)\|", (ROOT / "docs/metrics.md").read_text(), re.MULTILINE
    )

    documented = {name: tuple(re.findall(r"`(\w+)`", labels)) for name, labels in rows}
    assert documented == {name: metric._labelnames for name, metric in OURS.items()}


def test_labels_are_never_ids_or_tenants() -> None:
    for metric in OURS.values():
        for label in metric._labelnames:
            assert not re.search(r"(^|_)(id|tenant|user|host|path|email)($|_)", label)


def test_everything_is_rendered_under_the_prefix() -> None:
    metrics.jobs_oldest_due_age_seconds.set(12)
    metrics.http_requests_total.labels("GET", "/api/v1/tenants", "200").inc()

    families = {
        family.name: family
        for family in text_string_to_metric_families(metrics.render_metrics().decode())
    }

    assert families["sindico_jobs_oldest_due_age_seconds"].samples[0].value == 12
    assert families["sindico_http_requests"].samples[0].value >= 1
    assert {f"sindico_{name.removesuffix('_total')}" for name in OURS} <= set(families)
    assert all(family.documentation for family in families.values())
    assert "process_resident_memory_bytes" in families
