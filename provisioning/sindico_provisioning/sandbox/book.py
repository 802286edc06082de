"""Answers rendered once: rows as JSON bytes in one file, sliced by route and day without a copy."""

import json
import mmap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO, Self

import msgspec

_FLUSH_BYTES = 1 << 20


@dataclass(kw_only=True, slots=True)
class Chapter:
    """Where one route's rows stand in the book."""

    start: int
    """Offset of the first row."""
    end: int = 0
    rows: int = 0
    spoilt: int = 0
    """Rows made wrong on purpose, which a load must reject."""
    first_day: int | None = None
    """Ordinal of the first day; None when rows have no day."""
    day_ends: list[int] = field(default_factory=list)
    """Offset after each day's rows, from the first day on."""

    def find_slice(self, first: date, last: date) -> tuple[int, int]:
        """Find the offsets of the rows of a span of days, both ends included."""
        if self.first_day is None:
            return self.start, self.end
        return self._offset_before(first.toordinal()), self._offset_before(last.toordinal() + 1)

    def _offset_before(self, day: int) -> int:
        days = day - (self.first_day or 0)
        if days <= 0:
            return self.start
        return self.day_ends[min(days, len(self.day_ends)) - 1]


class BookWriter:
    """Writes chapters one after the other; the rows of a dated chapter must come by day."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._buffer: list[bytes] = []
        self._pending_bytes = 0
        self._position = 0
        self.chapters: dict[str, Chapter] = {}
        self._chapter = Chapter(start=0)

    @contextmanager
    def chapter(self, name: str, *, dated: bool) -> Iterator[Self]:
        """Open the chapter that the following rows belong to."""
        self._chapter = self.chapters[name] = Chapter(start=self._position)
        self._dated = dated
        yield self
        self._chapter.end = self._position
        if dated and self._chapter.first_day is not None:
            self._chapter.day_ends.append(self._position)

    def write(self, row: Mapping[str, Any], *, day: int = 0, spoilt: bool = False) -> None:
        """Add a row, each followed by a comma.

        Args:
            row: the row as it stands on the wire.
            day: ordinal of the row's day, not earlier than the previous row's.
            spoilt: the row is wrong on purpose.
        """
        if self._dated:
            self._close_days_before(day)
        rendered = msgspec.json.encode(row) + b","
        self._buffer.append(rendered)
        self._position += len(rendered)
        self._pending_bytes += len(rendered)
        self._chapter.rows += 1
        self._chapter.spoilt += spoilt
        if self._pending_bytes >= _FLUSH_BYTES:
            self.flush()

    def _close_days_before(self, day: int) -> None:
        chapter = self._chapter
        if chapter.first_day is None:
            chapter.first_day = day
        while chapter.first_day + len(chapter.day_ends) < day:
            chapter.day_ends.append(self._position)

    def flush(self) -> None:
        self._file.write(b"".join(self._buffer))
        self._buffer.clear()
        self._pending_bytes = 0


class Book:
    """Rendered rows, mapped into memory."""

    def __init__(self, content: "mmap.mmap | bytes", chapters: Mapping[str, Chapter]) -> None:
        self._content = memoryview(content)
        self.chapters = chapters

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a book that `save_book` wrote.

        Raises:
            FileNotFoundError: there is none.
        """
        index = json.loads(_index_path(path).read_text())
        chapters = {name: Chapter(**chapter) for name, chapter in index.items()}
        with path.open("rb") as file:
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        return cls(content, chapters)

    def slice(self, name: str, first: date, last: date) -> memoryview:
        """Give the rows of a chapter and span of days, comma-separated, without brackets."""
        start, end = self.chapters[name].find_slice(first, last)
        return self._content[start : end - 1] if end > start else self._content[:0]


@contextmanager
def save_book(path: Path) -> Iterator[BookWriter]:
    """Write a book to `path`; it appears there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    with unfinished.open("wb") as file:
        writer = BookWriter(file)
        yield writer
        writer.flush()
    index = {name: asdict(chapter) for name, chapter in writer.chapters.items()}
    _index_path(path).write_text(json.dumps(index))
    unfinished.replace(path)


def _index_path(path: Path) -> Path:
    return path.with_suffix(".json")
