"""Results of scenarios as text, JSON, JUnit XML and annotations. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from aof.scenarios.outcome import ScenarioResult


def as_text(results: Sequence[ScenarioResult], seconds: float) -> str:
    """A line of dots per file, every failure with file and line, and a count."""
    lines = []
    for file, group in groupby(results, key=lambda result: result.file):
        marks = "".join("." if result.passed else "F" for result in group)
        lines.append(f"{file} {marks}")
    for result in results:
        if result.failures:
            lines += ["", f"FAILED {result.file}:{result.line} {result.scenario}"]
            for failure in result.failures:
                lines.append(f"  {failure.file}:{failure.line}: {failure.assertion}")
                lines.append(_indented(failure.message))
    lines += ["", f"{summary(results)} in {seconds:.2f} s"]
    return "\n".join(lines)


def summary(results: Iterable[ScenarioResult]) -> str:
    """`3 passed, 1 failed`."""
    everything = list(results)
    failed = sum(not result.passed for result in everything)
    passed = len(everything) - failed
    return f"{passed} passed, {failed} failed" if failed else f"{passed} passed"


def as_json(results: Sequence[ScenarioResult], seconds: float) -> dict[str, Any]:
    """`{passed, failed, duration_s, scenarios: [...]}`."""
    failed = sum(not result.passed for result in results)
    return {
        "passed": len(results) - failed,
        "failed": failed,
        "duration_s": round(seconds, 3),
        "scenarios": [_scenario(result) for result in results],
    }


def _scenario(result: ScenarioResult) -> dict[str, Any]:
    return {
        "test": result.test,
        "scenario": result.scenario,
        "file": result.file,
        "line": result.line,
        "passed": result.passed,
        "duration_s": round(result.duration_s, 4),
        "failures": [
            {
                "assertion": failure.assertion,
                "message": failure.message,
                "file": failure.file,
                "line": failure.line,
            }
            for failure in result.failures
        ],
    }


def as_junit(results: Sequence[ScenarioResult]) -> str:
    """JUnit XML: one suite per test file, one case per scenario."""
    suites = []
    for file, group in groupby(results, key=lambda result: result.file):
        cases = list(group)
        failed = sum(not case.passed for case in cases)
        seconds = sum(case.duration_s for case in cases)
        suites.append(
            f'<testsuite name={quoteattr(file)} tests="{len(cases)}" failures="{failed}" '
            f'errors="0" time="{seconds:.3f}">{"".join(map(_junit_case, cases))}</testsuite>'
        )
    body = "".join(suites)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>{body}</testsuites>\n'


def _junit_case(result: ScenarioResult) -> str:
    failures = "".join(
        f"<failure message={quoteattr(_xml(failure.assertion))}>"
        f"{escape(_xml(f'{failure.file}:{failure.line}: {failure.message}'))}</failure>"
        for failure in result.failures
    )
    return (
        f"<testcase classname={quoteattr(result.test)} name={quoteattr(_xml(result.scenario))} "
        f'file={quoteattr(result.file)} line="{result.line}" time="{result.duration_s:.3f}">'
        f"{failures}</testcase>"
    )


def as_annotations(results: Sequence[ScenarioResult]) -> list[str]:
    """GitHub workflow commands that mark the failing assertion's line."""
    return [
        f"::error file={_property(failure.file)},line={failure.line},"
        f"title={_property(result.scenario)}::{_data(failure.message)}"
        for result in results
        for failure in result.failures
    ]


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _xml(text: str) -> str:
    """`text` without characters XML 1.0 cannot hold."""
    return "".join(
        c for c in text if c in "\t\n\r" or 0x20 <= ord(c) <= 0xD7FF or 0xE000 <= ord(c) <= 0xFFFD
    )


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())
