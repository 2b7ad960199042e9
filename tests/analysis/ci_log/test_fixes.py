"""Advice fits the failure and can be run."""

import shlex

import pytest

from aof.analysis.ci_log import diagnose
from aof.analysis.ci_log.fixes import Advice, advice
from aof.analysis.ci_log.fixes.advice import BLAME
from aof.analysis.ci_log.records import Category
from aof.analysis.ci_log.rules import shipped
from tests.analysis.ci_log import logs

NO_ADVICE = {Category.UNKNOWN, Category.FLAKY}


@pytest.mark.parametrize("rule", [r for r in shipped().rules if r.fix], ids=lambda rule: rule.id)
def test_the_advice_a_rule_names_exists(rule: object) -> None:
    fix = getattr(rule, "fix", "")
    assert advice(fix, Category.UNKNOWN) is not None or fix in {r.id for r in shipped().rules}


@pytest.mark.parametrize("rule", shipped().rules, ids=lambda rule: rule.id)
def test_every_rule_that_knows_its_cause_has_steps(rule: object) -> None:
    category = getattr(rule, "category", Category.UNKNOWN)
    known = advice(getattr(rule, "fix", "") or getattr(rule, "id", ""), category)
    assert category in NO_ADVICE or (known is not None and known.steps)


@pytest.mark.parametrize(
    ("output", "command"),
    [
        ("ModuleNotFoundError: No module named 'yaml.loader'", "python -m pip show yaml"),
        ("Error: Cannot find module 'left-pad'", "npm ls left-pad"),
        ("bash: line 1: frobnicate: command not found", "command -v frobnicate"),
        ("E: Unable to locate package libfoo-dev", "apt-cache policy libfoo-dev"),
        ("a.c:1:1: fatal error: foo/bar.h: No such file or directory", "apt-file search foo/bar.h"),
        ("bash: line 1: ./run.sh: Permission denied", "git update-index --chmod=+x ./run.sh"),
        ("KeyError: 'DATABASE_URL'", "git grep -n DATABASE_URL"),
        (
            "error[E0382]: borrow of moved value: `v`\n --> src/main.rs:6:22",
            "rustc --explain E0382",
        ),
        ("src/a.py:3:1: F401 `os` imported but unused", "ruff check --fix src/a.py"),
        ("bash: line 1: ./tool: cannot execute binary file: Exec format error", "file ./tool"),
        ("/usr/bin/ld: cannot find -lpq: No such file or directory", "ldconfig -p | grep pq"),
        (
            "ERROR: Could not find a version that satisfies the requirement shop (from versions: "
            "none)",
            "python -m pip config list",
        ),
        (
            "ERROR: No matching distribution found for shop-lib",
            "python -m pip index versions shop-lib",
        ),
    ],
)
def test_commands_name_what_the_failing_line_names(output: str, command: str) -> None:
    diagnosis = diagnose(logs.github(output, step="./ci.sh"))
    primary = diagnosis.primary
    assert primary is not None
    known = advice(diagnosis.fix_id, diagnosis.category)
    assert known is not None
    place = primary.location
    file, line = (place.file, place.line) if place else (None, None)
    assert command in known.runnable(file, line, primary.text)


@pytest.mark.parametrize(
    ("output", "fix"),
    [
        ("curl: (22) The requested URL returned error: 404", "url-missing"),
        ("Fatal Python error: Segmentation fault", "crash"),
        ("curl: (60) SSL certificate problem: self-signed certificate", "certificate"),
        ("FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
         "node-heap"),
        ("psql: error: connection to server at \"127.0.0.1\", port 5432 failed: Connection refused",
         "service-not-ready"),
    ],
)  # fmt: skip
def test_the_advice_fits_the_failure(output: str, fix: str) -> None:
    assert diagnose(logs.github(output, step="./ci.sh")).fix_id == fix


def test_a_command_without_its_place_or_subject_is_left_out() -> None:
    known = Advice("", (), (BLAME, "pip show {subject}", "ls"), subject=r"named (\w+)")
    assert known.runnable(None, None) == ("ls",)
    assert known.runnable("a.py", 3, "named yaml") == (
        "git blame -L 3,3 a.py",
        "pip show yaml",
        "ls",
    )


def test_what_a_log_says_never_becomes_shell() -> None:
    known = Advice("", (), ("cat {file}", "grep {subject} x"), subject=r"named (.+)")
    evil = "a; rm -rf $(x) {subject}"
    for command in known.runnable(evil, None, f"named {evil}"):
        assert evil in shlex.split(command)


PYTEST = """________ test_sum ________

    def test_sum():
>       assert total([1, 2]) == 4
E       assert 3 == 4

tests/test_cart.py:4: AssertionError
=========================== short test summary info ===========================
{summary}
1 failed, 1 passed in 0.02s"""


def test_advice_names_the_failed_tests_quoted_for_a_shell() -> None:
    ids = ["tests/test_cart.py::test_sum", "tests/test_cart.py::TestVat::test_vat[a b-$(x)]"]
    summary = f"FAILED {ids[0]} - assert 3 == 4\nERROR {ids[1]}\nFAILED --pdb.py::x - no"
    diagnosis = diagnose(logs.github(PYTEST.format(summary=summary)))
    assert list(diagnosis.tests) == ids
    known = advice(diagnosis.fix_id, diagnosis.category)
    assert known is not None
    command = known.runnable(None, None, "", diagnosis.tests)[0]
    assert shlex.split(command) == ["python", "-m", "pytest", *ids]
    assert not any("last-failed" in line for line in known.commands)


def test_at_most_five_failed_tests_are_named() -> None:
    summary = "\n".join(f"FAILED t/test_{name}.py::test_a - assert" for name in "abcdefgh")
    tests = diagnose(logs.github(PYTEST.format(summary=summary))).tests
    assert tests == tuple(f"t/test_{name}.py::test_a" for name in "abcde")


def test_without_their_names_no_tests_are_run_again() -> None:
    diagnosis = diagnose(logs.github(PYTEST.format(summary="")))
    known = advice(diagnosis.fix_id, diagnosis.category)
    assert known is not None
    assert not [c for c in known.runnable(None, None, "", diagnosis.tests) if "pytest" in c]


def test_two_views_of_one_tool_do_not_make_a_cause_doubtful() -> None:
    alone = diagnose(logs.github(PYTEST.format(summary="")))
    seen_twice = PYTEST.format(summary="FAILED tests/test_cart.py::test_sum - assert 3 == 4")
    assert diagnose(logs.github(seen_twice)).confidence == alone.confidence
    doubtful = f"{seen_twice}\nnpm error code ERESOLVE\nnpm error ERESOLVE could not resolve"
    assert diagnose(logs.github(doubtful)).confidence < alone.confidence
