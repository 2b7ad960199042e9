import pytest
from hypothesis import given
from hypothesis import strategies as st

from aof.engine.caution import Opinion, opinion_of, with_caution, without_decision
from aof.errors import ExitCode
from aof.models.scripted import Scripted
from aof.verdict import Assessment, Verdict
from tests.engine.bench import Bench

DECISIONS = {
    Verdict.PASS: "PROCEED",
    Verdict.WARN: "PROCEED",
    Verdict.INCONCLUSIVE: "HOLD",
    Verdict.FAIL: "ROLLBACK",
}


@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_model_that_insists_on_proceed_changes_nothing(bench: Bench, verdict: Verdict) -> None:
    insists = Scripted(["All is well, PROCEED!\n\n## Decision: PROCEED"])
    result = bench.run(insists, verdict=verdict, decision=DECISIONS[verdict])
    assert (result.verdict, result.assessment.decision) == (verdict, DECISIONS[verdict])


@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_model_that_insists_on_rollback_reaches_inconclusive(
    bench: Bench, verdict: Verdict
) -> None:
    insists = Scripted(["Terrible, ROLLBACK!\n\n## Decision: ROLLBACK"])
    result = bench.run(insists, verdict=verdict, decision=DECISIONS[verdict])
    expected = Verdict.FAIL if verdict is Verdict.FAIL else Verdict.INCONCLUSIVE
    assert result.verdict is expected
    assert result.assessment.decision == DECISIONS[expected]
    assert result.exit_code() is (
        ExitCode.STOP if verdict is Verdict.FAIL else ExitCode.INCONCLUSIVE
    )


def test_a_raised_verdict_withholds_the_steps_code_proposed(bench: Bench) -> None:
    assert bench.run().plan is not None
    result = bench.run(Scripted(["Wait.\n## Decision: HOLD"]))
    assert result.plan is None
    assert result.assessment.decision == "HOLD"
    assert bench.memory.entries()[-1]["decision"] == "HOLD"


def test_a_milder_model_is_named_in_a_warning(bench: Bench) -> None:
    result = bench.run(
        Scripted(["## Decision: PROCEED"]), verdict=Verdict.FAIL, decision="ROLLBACK"
    )
    assert any("said PROCEED; the verdict stays ROLLBACK" in one for one in result.warnings)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("## Decision: HOLD", "HOLD"),
        ("**Decision**: NO-GO", "NO-GO"),
        ("**Decision:** `ROLLBACK`", "ROLLBACK"),
        ("Decision: roll back", "ROLL-BACK"),
        ("## Decision: PROCEED TO NEXT STAGE", "PROCEED"),
        ("> ### decision : WARNING", "WARNING"),
        ("## Decision: PROCEED\nno, wait\n## Decision: HOLD", "HOLD"),
        ("## Decision: HOLD\n## Decision: banana", "HOLD"),
        ("no decision here", None),
        ("the decision: is hard", None),
    ],
)
def test_the_last_known_decision_word_counts(text: str, word: str | None) -> None:
    found = opinion_of(text)
    assert (found.word if found else None) == word


def test_decision_lines_are_taken_out() -> None:
    assert without_decision("a\n## Decision: PROCEED\nb") == "a\nb"


@given(
    verdict=st.sampled_from(list(Verdict)),
    said=st.sampled_from(list(Verdict)),
    decision=st.sampled_from(["PROCEED", "CLEAN", "RELEASE", "NO-FAILURE", "ROLLBACK", "DRIFT"]),
    word=st.sampled_from(["PROCEED", "HOLD", "NO-RELEASE", "DIAGNOSED", "FAIL"]),
)
def test_no_opinion_lowers_a_verdict_or_makes_it_fail(
    verdict: Verdict, said: Verdict, decision: str, word: str
) -> None:
    assessment = Assessment(verdict=verdict, decision=decision, summary="s")
    after = with_caution(assessment, Opinion(word, said), model="m").verdict
    assert after.severity >= verdict.severity
    assert (after is Verdict.FAIL) == (verdict is Verdict.FAIL)


@pytest.mark.parametrize(
    ("decision", "word"), [("RELEASE", "NO-RELEASE"), ("NO-FAILURE", "DIAGNOSED")]
)
def test_mild_words_that_contradict_leave_it_open(decision: str, word: str) -> None:
    assessment = Assessment(verdict=Verdict.PASS, decision=decision, summary="s")
    after = with_caution(assessment, Opinion(word, Verdict.PASS), model="m")
    assert (after.verdict, after.decision) == (Verdict.INCONCLUSIVE, "UNKNOWN")
