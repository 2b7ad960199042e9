"""Random access to the lines of a log buffer, by byte offset, without splitting it."""

from __future__ import annotations

from collections.abc import Iterator

from aof.analysis.ci_log.decode import MAX_LINE, Searchable, clean, forget

_CHUNK = 1 << 15
_WINDOW = 1 << 22  # bytes of a mapped log looked at before its memory is given back
_REST = 500
_CACHE = 4_000
_MARK = 300  # bytes at the beginning of a line in which a runner marks it as an error


class Lines:
    """A log as lines that are found, cleaned and numbered on demand.

    A line is named by the offset of its first byte. Lines end at a line feed.
    """

    def __init__(self, buffer: Searchable) -> None:
        self.buffer = buffer
        self.size = len(buffer)
        self.read = 0  # characters given to readers: what expressions had to search
        self._before = [0]  # line feeds before each chunk counted so far
        self._numbered = (0, 1)  # the line asked for last, and its number
        self._reads = 0
        self._texts: dict[int, str] = {}
        self.branches: set[str] = set()  # names that begin lines in brackets, and are no text

    def start(self, offset: int) -> int:
        """First byte of the line that holds `offset`."""
        self._rest()
        while offset > 0:
            window = max(offset - _WINDOW, 0)
            found = self.buffer.rfind(b"\n", window, offset)
            if found >= 0:
                return found + 1
            self._passed(window, offset)
            offset = window
        return 0

    def end(self, offset: int) -> int:
        """Offset of the line feed that ends the line holding `offset`, or the log's size."""
        while offset < self.size:
            window = min(offset + _WINDOW, self.size)
            found = self.buffer.find(b"\n", offset, window)
            if found >= 0:
                return found
            self._passed(offset, window)
            offset = window
        return self.size

    def _passed(self, start: int, stop: int) -> None:
        if stop - start == _WINDOW:
            forget(self.buffer, start, stop)

    def text(self, start: int) -> str:
        """The cleaned line that begins at `start`."""
        text = self._texts.get(start)
        if text is None:
            if len(self._texts) >= _CACHE:
                self._texts.clear()
            text = self._texts[start] = self._without_branch(clean(self.raw(start)))
        self.read += len(text)
        return text

    def _without_branch(self, text: str) -> str:
        name, bracket, rest = text[1:].partition("] ") if text.startswith("[") else ("", "", "")
        return rest if bracket and name in self.branches else text

    def is_marked(self, start: int) -> bool:
        """True when the runner marked the line at `start` as an error."""
        return b"##[error]" in self.raw(start)[:_MARK]

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
        """1-based number of the line at `start`; cheap when lines are asked for in order."""
        known, number = self._numbered
        if not known <= start <= known + _CHUNK:
            chunk = start // _CHUNK
            known, number = chunk * _CHUNK, 1 + self._line_feeds_before(chunk)
        number += bytes(self.buffer[known:start]).count(b"\n")
        self._numbered = (start, number)
        return number

    def _line_feeds_before(self, chunk: int) -> int:
        while len(self._before) <= chunk:
            first = (len(self._before) - 1) * _CHUNK
            counted = self.buffer[first : first + _CHUNK].count(b"\n")
            self._before.append(self._before[-1] + counted)
            forget(self.buffer, first, first + _CHUNK)
        return self._before[chunk]
