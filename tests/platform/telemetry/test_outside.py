import asyncio

import pytest

from sindico_platform.errors import Terminal, Transient
from sindico_platform.telemetry.outside import outside_call
from tests.support.metrics import growth

CALLS = "outside_call_duration_seconds_count"


@pytest.mark.parametrize(
    ("raised", "outcome"),
    [
        (Transient("busy", "Busy."), "transient"),
        (Terminal("refused", "Refused."), "terminal"),
        (asyncio.CancelledError(), "abandoned"),
        (ValueError(), "abandoned"),
    ],
    ids=["transient", "terminal", "cancelled", "bug"],
)
def test_what_a_call_raises_decides_its_outcome_and_passes(
    raised: BaseException, outcome: str
) -> None:
    with growth(CALLS, system="erp", outcome=outcome) as counted:
        with pytest.raises(type(raised)), outside_call("erp"):
            raise raised

        assert counted() == 1


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, "succeeded"),
        (304, "succeeded"),
        (401, "terminal"),
        (429, "transient"),
        (503, "transient"),
    ],
)
def test_an_http_answer_is_judged_by_its_status(status: int, outcome: str) -> None:
    with growth(CALLS, system="erp", outcome=outcome) as counted:
        with outside_call("erp") as call:
            call.note_status(status)

        assert counted() == 1
