"""Random access to the lines of a log buffer, by byte offset, without splitting it."""

from __future__ import annotations

from collections.abc import Iterator

from aof.analysis.ci_log.decode import MAX_LINE, Searchable, clean, forget

_CHUNK = 1 << 15
_REST = 500
_CACHE = 4_000


class Lines:
    """A log as lines that are found, cleaned and numbered on demand.

    A line is named by the offset of its first byte. Lines end at a line feed.
    """

    def __init__(self, buffer: Searchable) -> None:
        self.buffer = buffer
        self.size = len(buffer)
        self._before = [0]  # line feeds before each chunk counted so far
        self._reads = 0
        self._texts: dict[int, str] = {}

    def start(self, offset: int) -> int:
        """First byte of the line that holds `offset`."""
        self._rest()
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
        self._rest()
        end = self.end(start)
        if end - start <= 4 * MAX_LINE:
            return bytes(self.buffer[start:end])
        return bytes(self.buffer[start : start + MAX_LINE]) + bytes(
            self.buffer[end - MAX_LINE : end]
        )

    def _rest(self) -> None:
        """Give the memory of a mapped log back now and then; a reader touches pages all over."""
        self._reads += 1
        if self._reads % _REST == 0:
            forget(self.buffer, 0, self.size)

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
        chunk = start // _CHUNK
        while len(self._before) <= chunk:
            first = (len(self._before) - 1) * _CHUNK
            counted = self.buffer[first : first + _CHUNK].count(b"\n")
            self._before.append(self._before[-1] + counted)
            forget(self.buffer, first, first + _CHUNK)
        return 1 + self._before[chunk] + self.buffer[chunk * _CHUNK : start].count(b"\n")
