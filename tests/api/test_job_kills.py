"""Every job is killed by a test: the mark `kills` says which, and the hook that reads it checks."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from sindico_api.job_modules import import_jobs
from sindico_platform.jobs.registry import all_declarations
from tests.support.jobs import STRUCK, Kill, Killed

TESTS = Path(__file__).parents[1]


def marks_in(source: str) -> Iterator[tuple[str, str]]:
    """Each job that a test is marked to kill, and the test."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for mark in node.decorator_list:
            if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.kills":
                yield from ((ast.literal_eval(job), node.name) for job in mark.args)


def killers() -> dict[str, set[str]]:
    """Tests by the job that they kill."""
    found = defaultdict(set)
    for file in TESTS.rglob("test_*.py"):
        if "mark.kills(" in (source := file.read_text()):
            for job, test in marks_in(source):
                found[job].add(f"{file.relative_to(TESTS)}::{test}")
    return found


def test_every_job_is_killed_and_run_again_by_a_test() -> None:
    import_jobs()
    declared = {
        each.name for each in all_declarations() if each.function.__module__.startswith("sindico_")
    }

    found = killers()

    assert declared - found.keys() == set(), "jobs that no test kills"
    assert found.keys() - declared == set(), "tests that kill what is no job"


@pytest.mark.kills("imports.run_import")
def test_a_kill_counts_where_it_strikes_and_only_for_its_job() -> None:
    kill = Kill("committed", times=2, only="imports.run_import")
    for job, point in (
        ("loads.run_load", "committed"),
        ("imports.run_import", "claimed"),
        ("imports.run_import", "committed"),
        ("loads.run_load", "committed"),
    ):
        kill.job = job
        kill(point)
    assert set() == STRUCK

    kill.job = "imports.run_import"
    with pytest.raises(Killed):
        kill("committed")

    assert {("imports.run_import", "committed")} == STRUCK
