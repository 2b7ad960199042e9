"""Steps as GitHub reports them, laid over the log of their job."""

from aof.analysis.ci_log import diagnose
from aof.analysis.ci_log.steps import without_tolerated


def stamped(*lines: tuple[int, str]) -> bytes:
    return "\n".join(f"2026-11-20T10:00:{at:02}.1234567Z {text}" for at, text in lines).encode()


def step(name: str, conclusion: str, at: int) -> dict[str, str]:
    return {"name": name, "conclusion": conclusion, "started_at": f"2026-11-20T10:00:{at:02}Z"}


LOG = stamped(
    (0, "Current runner version: '2.336.0'"),
    (1, "##[group]Run npm run lint"),
    (1, "##[endgroup]"),
    (2, "src/a.ts(3,1): error TS2307: Cannot find module 'x'."),
    (2, "##[error]Process completed with exit code 2."),
    (3, "##[group]Run npm test"),
    (3, "##[endgroup]"),
    (4, "src/b.ts(9,1): error TS2322: Type 'string' is not assignable to type 'number'."),
    (4, "##[error]Process completed with exit code 1."),
    (5, "Post job cleanup."),
)
SET_UP = step("Set up job", "success", 0)
END = [step("Post Run actions/checkout@v4", "success", 5), step("Complete job", "success", 5)]


def test_a_step_that_may_fail_is_not_the_cause() -> None:
    steps = [SET_UP, step("Lint", "success", 1), step("Test", "failure", 3), *END]
    log, tolerated = without_tolerated(LOG, steps)
    primary = diagnose(log).primary
    assert tolerated == ["Lint"]
    assert primary is not None
    assert (str(primary.location), primary.line) == ("src/b.ts:9:1", 8)


def test_the_step_that_failed_is_kept_when_an_always_step_failed_too() -> None:
    steps = [SET_UP, step("Lint", "failure", 1), step("Test", "failure", 3), *END]
    assert without_tolerated(LOG, steps) == (LOG, [])


def test_skipped_steps_have_no_place_in_the_log() -> None:
    steps = [
        SET_UP, step("Cache", "skipped", 1), step("Lint", "success", 1), step("Test", "failure", 3),
        *END,
    ]  # fmt: skip
    assert without_tolerated(LOG, steps)[1] == ["Lint"]


def test_steps_that_cannot_be_found_leave_the_log_as_it_is() -> None:
    steps = [SET_UP, *(step(f"s{n}", "success", 1) for n in range(9)), step("x", "failure", 3)]
    assert without_tolerated(LOG, steps) == (LOG, [])
    assert without_tolerated(b"no stamps\n", [step("x", "failure", 1)]) == (b"no stamps\n", [])


def test_a_composite_action_prints_more_headings_than_it_has_steps() -> None:
    nested = LOG.replace(
        b"2026-11-20T10:00:02.1234567Z src",
        b"2026-11-20T10:00:02.1234567Z ##[group]Run inner\n2026-11-20T10:00:02.1234567Z src",
    )
    steps = [SET_UP, step("Lint", "success", 1), step("Test", "failure", 3), *END]
    log, tolerated = without_tolerated(nested, steps)
    assert tolerated == ["Lint"]
    assert b"TS2307" not in log
    assert b"TS2322" in log
