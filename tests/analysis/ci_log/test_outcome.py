"""How a log came out: what is green, what failed, and what nobody can tell."""

import pytest

from aof.analysis.ci_log import diagnose
from aof.analysis.ci_log.markdown import as_text
from tests.analysis.ci_log import logs

GREEN = {
    "pytest": "collected 3 items\n\nt.py ...   [100%]\n\n=== 3 passed, 1 warning in 0.10s ===",
    "pytest -q": "...   [100%]\n3 passed, 2 skipped in 0.10s",
    "unittest": "..s\n----------\nRan 3 tests in 0.000s\n\nOK (skipped=1)",
    "jest": "PASS ./a.test.js\nTest Suites: 1 passed, 1 total\nTests:       3 passed, 3 total\n"
    "Snapshots:   0 total\nTime:        2.393 s\nRan all test suites.",
    "vitest": " ✓ a.test.js (2 tests) 3ms\n\n Test Files  1 passed (1)\n      Tests  2 passed (2)\n"
    "   Start at  10:00:00\n   Duration  1.10s",
    "mocha": "  errors\n    ✔ throws Error: x\n\n\n  1 passing (4ms)\n",
    "go": "--- PASS: TestFails (0.00s)\nPASS\nok  \tshop\t0.003s",
    "cargo": "test a ... ok\n\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured",
    "maven": "[INFO] BUILD SUCCESS\n[INFO] -----\n[INFO] Total time:  3.257 s",
    "gradle": "> Task :test\n\nBUILD SUCCESSFUL in 3s\n4 actionable tasks: 4 executed",
    "ctest": "100% tests passed, 0 tests failed out of 12\n\nTotal Test time (real) =   0.01 sec",
    "rspec": "Finished in 0.01 seconds\n2 examples, 0 failures\n",
    "minitest": "3 runs, 4 assertions, 0 failures, 0 errors, 0 skips",
    "phpunit": "Time: 00:00.02, Memory: 6.00 MB\n\nOK (12 tests, 19 assertions)",
    "prove": "t.sh .. ok\nAll tests successful.\nFiles=1, Tests=2\nResult: PASS",
    "mypy": "Success: no issues found in 3 source files",
    "tox": "  py311: OK (3.00 seconds)\n  congratulations :) (3.10 seconds)",
}


@pytest.mark.parametrize("tool", GREEN)
def test_a_plain_log_that_ends_with_a_tools_success_passed(tool: str) -> None:
    assert diagnose(GREEN[tool].encode()).outcome == "passed"


@pytest.mark.parametrize("tool", GREEN)
def test_what_fails_after_a_success_is_not_green(tool: str) -> None:
    assert diagnose(f"{GREEN[tool]}\nbash: ./deploy.sh: Permission denied\n".encode()).primary
    begun = f"{GREEN[tool]}\n+ ./deploy.sh\nrolling out\n"
    assert diagnose(begun.encode()).outcome == "unknown"


@pytest.mark.parametrize("tool", GREEN)
def test_another_tools_report_before_a_success_leaves_it_open(tool: str) -> None:
    log = f"src/a.c:3:1: error: no\n{GREEN[tool]}\n"
    diagnosis = diagnose(log.encode())
    assert (diagnosis.outcome, diagnosis.primary) == ("unknown", None)
    assert diagnosis.candidates


def test_a_log_that_tells_no_outcome_shows_its_last_output() -> None:
    text = "".join(f"line {n}\n" for n in range(1, 201))
    diagnosis = diagnose(text.encode())
    assert diagnosis.outcome == "unknown"
    assert diagnosis.excerpt[-1] == (200, "line 200")
    assert "neither that it failed nor that it passed" in as_text(diagnosis)
    assert "200  line 200" in as_text(diagnosis)


@pytest.mark.parametrize("tool", GREEN)
def test_a_failed_pipeline_stays_failed_whatever_its_tools_say(tool: str) -> None:
    assert diagnose(GREEN[tool].encode(), failed=True).outcome == "failed"
    assert diagnose(logs.github(GREEN[tool])).outcome == "failed"


@pytest.mark.parametrize(
    "summary",
    [
        "1 failed, 3 passed in 0.10s",
        "====== 1 failed, 3 passed in 0.10s ======",
        "3 passed, 1 error in 0.10s",
        "FAILED (failures=1)",
        "Tests:       1 failed, 3 passed, 4 total",
        "2 examples, 1 failure",
        "3 runs, 4 assertions, 1 failures, 0 errors, 0 skips",
    ],
)
def test_a_summary_with_a_failure_is_never_green(summary: str) -> None:
    assert diagnose(f"running\n{summary}\n".encode()).outcome != "passed"


@pytest.mark.parametrize("output", ["make: *** [Makefile:3: all] Error 1", ""])
def test_a_wrapper_alone_names_no_cause(output: str) -> None:
    diagnosis = diagnose(logs.github(f"polishing\n{output}", exit_code=2))
    assert not diagnosis.recognised
    assert diagnosis.primary is not None
    assert diagnosis.primary.text == "polishing"


def steps(*parts: tuple[str, str, int]) -> bytes:
    """A job log of GitHub: (step, output, exit code) of each step that ran."""
    lines = ["Current runner version: '2.336.0'"]
    for name, output, code in parts:
        lines += [f"##[group]Run {name}", "shell: /usr/bin/bash -e {0}", "##[endgroup]", output]
        lines += [f"##[error]Process completed with exit code {code}."] if code else []
    return "\n".join([*lines, "Post job cleanup.", "Cleaning up orphan processes"]).encode()


ADVISORY = ("ruff check .", "src/a.py:1:1: F401 `os` imported but unused", 1)


def test_a_failure_the_job_went_on_from_is_not_the_cause() -> None:
    log = steps(ADVISORY, ("npm ci", "added 3 packages", 0), ("npm test", "not ok 1 - adds", 1))
    diagnosis = diagnose(log)
    assert diagnosis.step == "Run npm test"
    assert diagnosis.primary is not None
    assert diagnosis.primary.text == "not ok 1 - adds"


def test_a_job_whose_only_failure_it_went_on_from_passed() -> None:
    log = steps(ADVISORY, ("actions/setup-node@v4", "Found in cache", 0), ("npm test", "ok", 0))
    assert diagnose(log).outcome == "passed"
    assert diagnose(log, failed=True).step == "Run ruff check ."


def test_steps_that_run_after_a_failure_do_not_excuse_it() -> None:
    log = steps(
        ADVISORY, ("actions/upload-artifact@v4", "1 file uploaded", 0), ("./logs.sh", "x", 1)
    )
    assert diagnose(log).step == "Run ruff check ."


def test_a_composite_action_says_which_failure_did_not_count() -> None:
    end = "##[end-action id=a;outcome=failure;conclusion=success;duration_ms=3]"
    first = ("ruff check .", f"F401 x\n##[error]Process completed with exit code 1.\n{end}", 0)
    log = steps(first, ("npm test", "not ok 1 - adds", 1))
    assert diagnose(log).step == "Run npm test"


def test_the_runners_own_last_words_are_never_the_cause() -> None:
    log = logs.gitlab("the gasket is bent", after="ERROR: No files to upload")
    primary = diagnose(log).primary
    assert primary is not None
    assert primary.text == "the gasket is bent"


def test_what_a_newer_gitlab_runner_marks_as_stderr_comes_first() -> None:
    stamp = "2026-11-20T10:00:00.123456Z 01"
    log = logs.gitlab_stamped("could not read a\ncould not read b").decode()
    log = log.replace(f"{stamp}O could not read b", f"{stamp}E could not read b")
    primary = diagnose(log.encode()).primary
    assert primary is not None
    assert primary.text == "could not read b"
