"""What tools print last: how a log came out that no runner has ended with a word of its own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from aof.analysis.ci_log.records import Outcome

_PASSED = re.compile(
    "|".join(
        (
            r"^(?:\[INFO\] )?BUILD SUCCESS(?:FUL)?\b",  # Maven, Gradle, Ant
            r"^=+ (?:\d+ \w+, )*\d+ passed(?:, \d+ (?:skipped|deselected|xfailed|xpassed|warnings?"
            r"|rerun|subtests passed))* in [\d.]+",  # pytest
            r"^\d+ passed(?:, \d+ (?:skipped|deselected|xfailed|xpassed|warnings?|rerun"
            r"|subtests passed))* in [\d.]+",  # pytest -q
            r"^OK(?: \((?:skipped|expected failures|unexpected successes|\d+ tests?).*\))?$",
            r"^OK, but (?:incomplete|there were issues)",  # PHPUnit
            r"^test result: ok\. ",  # cargo test
            r"^ok\s+\S+\s+(?:[\d.]+s|\(cached\))",  # go test
            r"^Tests:\s+(?:\d+ (?:skipped|todo), )*\d+ passed, \d+ total",  # Jest
            r"^\s*Tests\s+\d+ passed(?: \| \d+ (?:skipped|todo))* \(\d+\)",  # Vitest
            r"^\s+\d+ passing \(",  # Mocha
            r"^(?:Build|Deployment) succeeded\.?$|^Passed! +- Failed: +0,",  # dotnet
            r"^100% tests passed, 0 tests failed out of \d",  # CTest
            r"^\[ +PASSED +\] \d+ tests?\.",  # googletest
            r"^# fail +0$|^# failed 0$|^Result: PASS$",  # TAP, prove
            r"^\d+ (?:examples?|specs?|tests?|runs?|scenarios?)(?:, \d+ (?:assertions|doctests?"
            r"|properties|tests?))*, 0 failures(?:, 0 errors)?(?:, \d+ (?:skips|pending|skipped"
            r"|excluded))*$",  # RSpec, Minitest, Jasmine, ExUnit
            r"^\s*congratulations :\)|^nox > Session \S+ was successful",
            r"^Success: no issues found in|^All checks passed!$|^All done! ",  # mypy, Ruff, Black
            r"^All matched files use Prettier code style!|^0 errors, 0 warnings, ",
            r"^\[success\] Total time: ",  # sbt
            r"^Success! The configuration is valid|^Apply complete! Resources: ",  # Terraform
        )
    )
)
_FAILED = re.compile(
    r"^\[INFO\] BUILD FAILURE|^BUILD FAILED|^FAILURE: Build failed|^=+ .{0,300}\b\d+ (?:failed"
    r"|errors?)\b.{0,300}in [\d.]+|^\d+ (?:failed|errors?)(?:, \d+ \w+)* in [\d.]+"
    r"|^FAILED \((?:failures|errors)=|^test result: FAILED|^FAIL(?:\s|$)|^make(?:\[\d+\])?: \*\*\*"
    r"|^ninja: build stopped|^npm (?:ERR!|error) |^error: could not compile|^\s+\d+ failing"
    r"|^Tests:\s+(?:\d+ \w+, )*\d+ failed|^\s*Tests\s+\d+ failed|^Build FAILED"
    r"|exited? (?:with )?(?:code|status)[: ]+[1-9]"
    r"|returned non-zero|^\[\s+FAILED\s+\]|^not ok \d|ELIFECYCLE|^-- Configuring incomplete"
    r"|^ERROR: failed to |^(?:fatal|FATAL): |^error: "
)
_MORE = re.compile(r"^(?:\++ |\$ |> )\S")  # another command was begun
_NEAR_END = 15  # non-empty lines before the end in which a success speaks for the whole


@dataclass(frozen=True, slots=True)
class Summary:
    """What the last summary of a tool says, and the line that holds it."""

    outcome: Outcome
    line: int | None = None


def last_summary(last_lines: Sequence[tuple[int, str]]) -> Summary:
    """How a log came out by its tools' own words.

    Args:
        last_lines: Offset and cleaned text of the last non-empty lines, newest first.
    """
    begun_more = False
    for position, (start, text) in enumerate(last_lines):
        if _FAILED.search(text):
            return Summary("failed", start)
        if not begun_more and position < _NEAR_END and _PASSED.search(text):
            return Summary("passed", start)
        begun_more = begun_more or _MORE.search(text) is not None
    return Summary("unknown")
