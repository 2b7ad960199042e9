from aof.analysis.ci_log import diagnose
from aof.analysis.ci_log.enrich import (
    ci_files,
    lock_files,
    suspects,
    with_flaky,
    with_test_reports,
)
from aof.analysis.ci_log.fixes import advice
from aof.analysis.ci_log.records import Category, FlakyEvidence
from aof.analysis.ci_log.signature import signature
from tests.analysis.ci_log import logs

TWO = "src/a.c:3:1: error: no\nsrc/b.c:4:1: error: no"


def test_a_changed_file_raises_the_failure_in_it() -> None:
    log = logs.github(TWO)
    before, after = diagnose(log).primary, diagnose(log, ["src/b.c"]).primary
    assert before is not None
    assert after is not None
    assert (before.location, after.location) != (None, None)
    assert str(before.location).startswith("src/a.c")
    assert str(after.location).startswith("src/b.c")


def test_suspects_are_changed_files_the_failure_names() -> None:
    assert suspects(diagnose(logs.github(TWO)), ["README.md", "src/b.c"]) == ("src/b.c",)


def test_lock_and_pipeline_files_are_told_apart() -> None:
    changed = ["web/yarn.lock", ".github/workflows/ci.yml", "src/a.c"]
    assert lock_files(changed) == ("web/yarn.lock",)
    assert ci_files(changed) == (".github/workflows/ci.yml",)


def test_a_report_of_tests_fills_in_the_place() -> None:
    diagnosis = diagnose(logs.github("FAILED (failures=1)\nnot ok 1 - adds"))
    reports = [{"failed": [{"name": "adds", "file": "cart.js", "line": 7, "message": ""}]}]
    primary = with_test_reports(diagnosis, reports).primary
    assert primary is not None
    assert str(primary.location) == "cart.js:7"


def test_flakiness_needs_evidence_and_a_failure() -> None:
    evidence = [FlakyEvidence(kind="same-commit-passed", detail="run 9 passed")]
    failed = diagnose(logs.github(TWO))
    assert with_flaky(failed, []).flaky == ()
    assert with_flaky(failed, evidence).flaky == tuple(evidence)
    assert with_flaky(diagnose(logs.github("ok", exit_code=0)), evidence).flaky == ()


def test_signatures_mask_what_differs_between_runs() -> None:
    first = signature("x", "/tmp/a1/cart.py:12: got 0xdeadbeef after 3.2 s at 1234567890abcdef")
    second = signature("x", "/home/b/cart.py:99: got 0x1 after 11 s at fedcba0987654321")
    assert first == second
    assert first != signature("x", "/tmp/other.py:12: got 0x1")


def test_every_category_but_flaky_and_unknown_has_advice() -> None:
    without = {category for category in Category if advice("", category) is None}
    assert without == {Category.FLAKY, Category.UNKNOWN}
