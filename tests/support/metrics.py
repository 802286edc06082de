"""How much a metric grew, read as a scraper reads it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from prometheus_client.parser import text_string_to_metric_families

from sindico_platform.telemetry import metrics


def read_sample(name: str, **labels: str) -> float:
    """Sum of the samples of a name whose labels include these."""
    text = metrics.render_metrics().decode()
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == f"sindico_{name}" and labels.items() <= sample.labels.items()
    )


@contextmanager
def growth(name: str, **labels: str) -> Iterator[Callable[[], float]]:
    """Gives a function that says by how much the sample has grown since the block began."""
    before = read_sample(name, **labels)
    yield lambda: read_sample(name, **labels) - before
