"""What is not imported cannot run."""

from pathlib import Path

import sindico_api
from sindico_api.job_modules import JOB_MODULES, import_jobs
from sindico_platform.jobs.registry import all_declarations

SOURCES = Path(sindico_api.__file__).parents[2]


def test_every_file_of_jobs_is_named() -> None:
    found = {
        ".".join(file.relative_to(root).with_suffix("").parts)
        for root in (SOURCES / "platform", SOURCES / "tenants", SOURCES / "provisioning")
        for file in root.rglob("jobs.py")
    }

    assert set(JOB_MODULES) == found


def test_every_job_has_a_lease_longer_than_its_timeout() -> None:
    import_jobs()

    declared = all_declarations()

    assert declared
    assert all(item.lease_seconds > item.timeout_seconds > 0 for item in declared)
    assert all(item.parameters is not None for item in declared)
