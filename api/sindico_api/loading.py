"""Loading a process's code without the garbage collector looking at it again and again."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

YOUNG_OBJECTS = 20_000
"""How many more may be made than were dropped before a collection."""


@contextmanager
def loading() -> Iterator[None]:
    """Import in this block what the process will keep for its whole life.

    Modules make some hundred thousand objects, none of them garbage. Looked at while they are made,
    they cost a start some 15 % of its time; looked at later, every full collection, in the midst of
    a request, tens of milliseconds.

    Nor is the young generation then looked over every 700 objects: a page of rows is many thousand
    of which none is garbage, and that took a third of the time of checking it.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.set_threshold(YOUNG_OBJECTS, *gc.get_threshold()[1:])
        gc.enable()
