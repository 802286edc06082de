"""The book of one sandbox Mega: made once for a scale, seed and last day, then kept on disk."""

from datetime import date
from pathlib import Path

from sindico_provisioning.sandbox.book import Book, save_book
from sindico_provisioning.sandbox.scale import Scale

EDITION = 1
"""Counted up when the made-up data change, so that older books are not opened."""


def ensure_book(scale: Scale, seed: int, end: date, directory: Path) -> Book:
    """Open the book of these parameters, writing it first if there is none.

    Args:
        scale: how much data.
        seed: another seed gives other data of the same kind.
        end: last day of the two years of orders.
        directory: where books are kept.
    """
    path = directory / f"mega-{scale.name}-{seed}-{end.isoformat()}-{EDITION}.book"
    if not path.exists():
        _write_book(path, scale, seed, end)
    return Book.open(path)


def _write_book(path: Path, scale: Scale, seed: int, end: date) -> None:
    # Faker takes longer to import than a book takes to open.
    from sindico_provisioning.sandbox.mega.registers import Registers
    from sindico_provisioning.sandbox.mega.trade import Trade

    registers = Registers(scale, seed, end)
    with save_book(path) as book:
        registers.write(book)
        Trade(registers, seed).write(book)
