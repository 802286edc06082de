"""Loading a process's code."""

import gc

import pytest

from sindico_api.loading import loading


def test_the_collector_rests_while_code_is_loaded_and_works_after() -> None:
    with loading():
        while_loading = gc.isenabled()

    assert (while_loading, gc.isenabled()) == (False, True)


def test_the_collector_works_again_after_a_failed_import() -> None:
    with pytest.raises(ModuleNotFoundError), loading():
        import sindico_api.nothing_of_this_name  # type: ignore[import-not-found]  # noqa: F401 - it fails

    assert gc.isenabled()
