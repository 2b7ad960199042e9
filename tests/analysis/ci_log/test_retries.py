"""What failed and passed on a retry within one log."""

import pytest

from aof.analysis.ci_log import diagnose
from aof.analysis.ci_log.retries import evidence, recovered
from tests.analysis.ci_log import logs


@pytest.mark.parametrize(
    ("output", "name"),
    [
        (
            "tests/a.py::test_x RERUN   [ 10%]\ntests/a.py::test_x PASSED  [ 10%]",
            "tests/a.py::test_x",
        ),
        ("[gw0] [ 10%] RERUN a.py::t1 \n[gw1] [ 20%] PASSED a.py::t1 ", "a.py::t1"),
        (
            "  TRY 1 FAIL [   0.005s] shop cart::adds\n"
            "       FLAKY 2/3 [   0.005s] shop cart::adds",
            "shop cart::adds",
        ),
        ("FAIL shop.TestAdds (0.00s)\nPASS shop.TestAdds (re-run 1) (0.00s)", "shop.TestAdds"),
        (" \u2713 test/a.test.ts > adds 3ms (retry x1)", "test/a.test.ts > adds"),
        (
            "[WARNING] Flakes: \n"
            "[WARNING] com.acme.CartTest.adds\n"
            "[ERROR]   Run 1: CartTest.adds:12\n"
            "[INFO]   Run 2: PASS",
            "com.acme.CartTest.adds",
        ),
        (
            "  1 flaky\n"
            "    [chromium] \u203a a.spec.ts:3:1 \u203a pays \u2500\u2500\u2500\n"
            "  2 failed\n"
            "    [chromium] \u203a b.spec.ts:9:1 \u203a ships \u2500\u2500",
            "[chromium] \u203a a.spec.ts:3:1 \u203a pays",
        ),
        ("  LOGGING RETRY ERRORS  adds\n   RETRY 1\n    \u2713 adds (3 ms)", "adds"),
        ("CartTest > adds() FAILED\nCartTest > adds() PASSED", "CartTest > adds()"),
        ("    (Attempt 1 of 3) pays\n    \u2713 pays (120ms)", "pays"),
        ("//shop:test   FLAKY, failed in 1 out of 2 in 0.5s", "//shop:test"),
        (
            "1/3 Test #1: cart ......***Failed    0.01 sec\n"
            "    Test #1: cart ......   Passed    0.01 sec",
            "cart",
        ),
        (
            "##[warning]Attempt 1 failed. Reason: exited with 1\n"
            "Command completed after 2 attempt(s).",
            "the command",
        ),
    ],
)
def test_tools_say_what_passed_on_a_retry(output: str, name: str) -> None:
    assert [one.name for one in recovered(logs.github(output))] == [name]


@pytest.mark.parametrize(
    "output",
    [
        "a.py::test_x RERUN  [ 10%]\na.py::test_x FAILED  [ 10%]",
        "  TRY 1 FAIL [ 0.005s] shop cart::adds\n  TRY 2 FAIL [ 0.005s] shop cart::adds",
        "FAIL shop.TestAdds (re-run 1) (0.00s)",
        "CartTest > adds() FAILED\nCartTest > removes() PASSED",
        "[ERROR] Tests run: 5, Failures: 1, Errors: 0, Skipped: 0, Flakes: 0",
        "Command completed after 1 attempt(s).",
        "  0 flaky\n  2 failed\n    [chromium] \u203a b.spec.ts:9:1 \u203a ships \u2500\u2500",
        "Retrying in 5 s, attempt 2 of 3",
    ],
)
def test_a_retry_that_did_not_pass_shows_nothing(output: str) -> None:
    assert recovered(logs.github(output)) == ()


def test_only_the_cause_itself_is_called_flaky() -> None:
    failed = (
        "______ test_total ______\nE       assert 3 == 4\ntests/test_cart.py:12: AssertionError"
    )
    other = f"t.py::test_other RERUN\nt.py::test_other PASSED\n{failed}\n1 failed in 0.1s"
    log = logs.github(other)
    assert recovered(log)
    assert evidence(diagnose(log), recovered(log)) == []


def test_the_cause_that_passed_on_a_retry_is_flaky() -> None:
    output = "t.py::test_cart RERUN\nt.py::test_cart PASSED\nFAILED t.py::test_cart - assert 3 == 4"
    log = logs.github(output)
    (found,) = evidence(diagnose(log), recovered(log))
    assert (found.kind, "t.py::test_cart" in found.detail) == ("retry-passed", True)


def test_lines_of_a_large_log_keep_their_numbers() -> None:
    log = b"noise\n" * 2_000_000 + b"//shop:test   FLAKY, failed in 1 out of 2 in 0.5s\n"
    assert recovered(log)[0].line == 2_000_001
