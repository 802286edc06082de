"""The page of what connection tests tell apart is what the code says."""

from itertools import chain

from scripts.connection_tests import KINDS, PAGE, mistakes_of, render


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(), "run `make docs`"


def test_every_mistake_has_a_code_of_its_own() -> None:
    codes = [each.code for each in chain.from_iterable(map(mistakes_of, KINDS.values()))]

    assert len(codes) == len(set(codes))
