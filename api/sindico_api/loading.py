"""Loading a process's code without the garbage collector looking at it again and again."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """Import in this block what the process will keep for its whole life.

    Modules make some hundred thousand objects, none of them garbage. Looked at while they are made,
    they cost a start some 15 % of its time; looked at later, every full collection, in the midst of
    a request, tens of milliseconds.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
