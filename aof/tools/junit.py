"""JUnit XML, as test runners write it: which tests failed, where, with which words.

Read from artifacts of strangers, so: no document type, no entities, limited depth, limited
text. There is no schema; pytest, Surefire, Gradle, Jest, go-junit-report, nextest and
others differ in details, and unknown elements are passed over.
"""

from __future__ import annotations

from typing import Any
from xml.parsers import expat

from aof.errors import Unreachable

MOST_BYTES = 32 * 1024 * 1024
_MOST_DEPTH = 64
_MOST_TEXT = 4000
_MOST_FAILED = 500
_FAILED = {"failure": "failure", "error": "error"}
_FLAKY = frozenset({"flakyFailure", "flakyError"})


class NotJUnit(Unreachable):
    """The document is not JUnit XML, or not one we are willing to read."""


def parse_junit(document: bytes, source: str) -> dict[str, Any]:
    """The tests of one JUnit XML document.

    Args:
        document: The file.
        source: Where it came from, for people.

    Returns:
        `source, tests, failed_count, skipped_count, time_s, failed, flaky`; each failed
        test has `suite, name, classname, file, line, kind, type, message, text`. `flaky`
        holds tests that failed and then passed in the same run, as Surefire reports them.

    Raises:
        NotJUnit: Malformed, another kind of XML, with a DOCTYPE, too large or too deep.
    """
    if len(document) > MOST_BYTES:
        raise NotJUnit(f"{source}: larger than {MOST_BYTES // 2**20} MiB")
    reader = _Reader(source)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    parser.StartDoctypeDeclHandler = reader.doctype
    try:
        parser.Parse(document, True)
    except expat.ExpatError as error:
        raise NotJUnit(f"{source}: not well-formed XML", why=str(error)) from None
    return reader.report


class _Reader:
    """Collects while expat walks; keeps one test case and one text in memory."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.report: dict[str, Any] = {
            "source": source,
            "tests": 0,
            "failed_count": 0,
            "skipped_count": 0,
            "time_s": 0.0,
            "failed": [],
            "flaky": [],
        }
        self._path: list[str] = []
        self._suites: list[str] = []
        self._case: dict[str, Any] | None = None
        self._text: list[str] | None = None
        self._length = 0

    def doctype(self, *_: object) -> None:
        raise NotJUnit(f"{self.source}: has a DOCTYPE", why="entities are not read from artifacts")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if not self._path and name not in {"testsuites", "testsuite"}:
            raise NotJUnit(f"{self.source}: not JUnit XML", why=f"it begins with <{name[:40]}>")
        if len(self._path) >= _MOST_DEPTH:
            raise NotJUnit(f"{self.source}: nested more than {_MOST_DEPTH} deep")
        self._path.append(name)
        if name == "testsuite":
            self._suites.append(attributes.get("name", ""))
        elif name == "testcase":
            self._begin_case(attributes)
        elif self._case is not None:
            self._inside_case(name, attributes)

    def end(self, name: str) -> None:
        self._path.pop()
        if name == "testsuite" and self._suites:
            self._suites.pop()
        elif name == "testcase":
            self._end_case()
        elif self._case is not None and self._text is not None and name in _FAILED:
            self._case["text"] = "".join(self._text).strip()[:_MOST_TEXT]
            self._text = None

    def characters(self, text: str) -> None:
        if self._text is not None and self._length < _MOST_TEXT:
            self._text.append(text)
            self._length += len(text)

    def _begin_case(self, attributes: dict[str, str]) -> None:
        self._case = {
            "suite": self._suites[-1] if self._suites else "",
            "name": attributes.get("name", "")[:_MOST_TEXT],
            "classname": attributes.get("classname", "")[:_MOST_TEXT],
            "file": attributes.get("file") or None,
            "line": _whole(attributes.get("line", "")),
        }
        self.report["tests"] += 1
        self.report["time_s"] += _seconds(attributes.get("time", ""))

    def _inside_case(self, name: str, attributes: dict[str, str]) -> None:
        assert self._case is not None
        if name in _FAILED and "kind" not in self._case:
            self._case["kind"] = _FAILED[name]
            self._case["type"] = attributes.get("type", "")[:200]
            self._case["message"] = attributes.get("message", "").strip()[:_MOST_TEXT]
            self._text, self._length = [], 0
        elif name == "skipped":
            self._case["skipped"] = True
        elif name in _FLAKY:
            self._case["flaky"] = attributes.get("message", "").strip()[:_MOST_TEXT]

    def _end_case(self) -> None:
        case, self._case = self._case, None
        if case is None:
            return
        if case.pop("skipped", False):
            self.report["skipped_count"] += 1
        flaky = case.pop("flaky", None)
        if "kind" in case:
            self.report["failed_count"] += 1
            if len(self.report["failed"]) < _MOST_FAILED:
                self.report["failed"].append(case)
        elif flaky is not None and len(self.report["flaky"]) < _MOST_FAILED:
            self.report["flaky"].append({**case, "message": flaky})


def _whole(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _seconds(text: str) -> float:
    try:
        seconds = float(text.replace(",", ""))
    except ValueError:
        return 0.0
    return seconds if 0 <= seconds < 1e9 else 0.0
