"""Random access to the lines of a log buffer, by byte offset, without splitting it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from aof.analysis.ci_log.decode import MAX_LINE, Searchable, clean

_CHUNK = 1 << 18
_CACHE = 20_000


class Lines:
    """A log as lines that are found, cleaned and numbered on demand.

    A line is named by the offset of its first byte. Lines end at a line feed.
    """

    def __init__(self, buffer: Searchable) -> None:
        self.buffer = buffer
        self.size = len(buffer)
        self._offsets = [0]
        self._numbers = [1]
        self._texts: dict[int, str] = {}

    def start(self, offset: int) -> int:
        """First byte of the line that holds `offset`."""
        return self.buffer.rfind(b"\n", 0, offset) + 1

    def end(self, offset: int) -> int:
        """Offset of the line feed that ends the line holding `offset`, or the log's size."""
        end = self.buffer.find(b"\n", offset)
        return self.size if end < 0 else end

    def text(self, start: int) -> str:
        """The cleaned line that begins at `start`."""
        text = self._texts.get(start)
        if text is None:
            if len(self._texts) >= _CACHE:
                self._texts.clear()
            text = self._texts[start] = clean(self.raw(start))
        return text

    def raw(self, start: int) -> bytes:
        """The bytes of the line at `start`, its middle left out when it is very long."""
        end = self.end(start)
        if end - start <= 4 * MAX_LINE:
            return bytes(self.buffer[start:end])
        return bytes(self.buffer[start : start + MAX_LINE]) + bytes(
            self.buffer[end - MAX_LINE : end]
        )

    def following(self, start: int, count: int) -> Iterator[int]:
        """Starts of the next `count` lines after the one at `start`."""
        for _ in range(count):
            start = self.end(start) + 1
            if start >= self.size:
                return
            yield start

    def preceding(self, start: int, count: int) -> Iterator[int]:
        """Starts of the `count` lines before the one at `start`, nearest first."""
        for _ in range(count):
            if start <= 0:
                return
            start = self.start(start - 1)
            yield start

    def number(self, start: int) -> int:
        """1-based number of the line at `start`."""
        index = bisect_right(self._offsets, start) - 1
        offset, number = self._offsets[index], self._numbers[index]
        while offset < start:
            stop = min(offset + _CHUNK, start)
            number += self.buffer[offset:stop].count(b"\n")
            offset = stop
        if offset not in self._offsets[index : index + 1]:
            self._offsets.insert(index + 1, offset)
            self._numbers.insert(index + 1, number)
        return number
