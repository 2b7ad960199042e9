"""Nothing a log holds makes the analysis fail or hang."""

import re
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aof.analysis.ci_log import diagnose, reading, segment
from aof.analysis.ci_log.decode import clean
from aof.analysis.ci_log.rules import RuleSet, shipped
from aof.analysis.ci_log.rules.rule import Rule

PIECES = (
    b"error", b"FAILED ", b"##[group]Run x", b"##[endgroup]", b"\n", b"\r", b"\x1b[31m", b": ",
    b"(", b"\x00", b"Process completed with exit code 1", b"section_start:1:a\r\x1b[0K",
    b"___ ", b"Traceback (most recent call last)", b"[Pipeline] { (Test)", b"\xff\xfe",
    b"E   ", b"> Task", b"* What went wrong:", b" failing", b"\xe2\x97\x8f ",
)  # fmt: skip
TOKENS = st.sampled_from(PIECES)


@given(st.binary(max_size=3000))
def test_arbitrary_bytes_give_a_diagnosis(log: bytes) -> None:
    assert diagnose(log).outcome in ("failed", "passed", "unknown")


@settings(max_examples=200)
@given(st.lists(TOKENS, max_size=60))
def test_pieces_of_real_logs_in_any_order_give_a_diagnosis(pieces: list[bytes]) -> None:
    log = b"".join(pieces)
    diagnosis = diagnose(log, tail_bytes=64)
    for number, _ in diagnosis.excerpt:
        assert 1 <= number <= log.count(b"\n") + 1


@given(st.text(max_size=300))
def test_cleaning_is_idempotent_enough_to_keep_plain_words(text: str) -> None:
    assert len(clean(text.encode("utf-8", "surrogatepass"))) <= len(text) + 20


@pytest.mark.parametrize("log", [b"", b"\n", b"\x00" * 5000, b"\xff\xfe", b"\xef\xbb\xbf"])
def test_logs_that_say_nothing_are_unknown(log: bytes) -> None:
    diagnosis = diagnose(log)
    assert (diagnosis.outcome, diagnosis.primary) == ("unknown", None)


def test_a_text_is_not_a_log() -> None:
    with pytest.raises(TypeError):
        diagnose("text")


def test_a_memory_view_is_a_log() -> None:
    assert diagnose(memoryview(b"make: *** No rule to make target 'x'.  Stop.")).primary is not None


def test_a_failure_at_the_end_of_a_very_long_line_is_seen() -> None:
    log = b"x" * 1_000_000 + b"\nbash: foo: command not found\n" + b"y" * 1_000_000
    diagnosis = diagnose(log)
    assert diagnosis.primary is not None
    assert diagnosis.primary.line == 2


def test_the_end_of_a_large_log_is_enough_when_it_holds_the_failure() -> None:
    noise = b"2026-11-20T10:00:00.0000000Z compiling\n" * 5000
    end = (
        b"2026-11-20T10:00:00.0000000Z bash: foo: command not found\n"
        b"2026-11-20T10:00:00.0000000Z ##[error]Process completed with exit code 127.\n"
    )
    diagnosis = diagnose(noise + end, tail_bytes=10_000)
    assert not diagnosis.complete
    assert diagnosis.primary is not None
    assert diagnosis.primary.line == 5001


def test_a_failure_before_a_long_clean_up_needs_the_whole_log() -> None:
    start = b"##[group]Run make\n##[endgroup]\nfoo.c:1:2: error: no\n"
    start += b"##[error]Process completed with exit code 2.\n"
    rest = b"##[group]Run actions/upload-artifact@v4\n##[endgroup]\n" + b"uploading\n" * 20_000
    diagnosis = diagnose(start + rest + b"Cleaning up orphan processes\n", tail_bytes=10_000)
    assert diagnosis.complete
    assert diagnosis.primary is not None
    assert diagnosis.primary.line == 3


def read_by(log: bytes, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Starts of the lines the rules were asked about."""
    starts = []

    def seen_by(_rules: object, _lines: object, start: int, _step: int) -> tuple[()]:
        starts.append(start)
        return ()

    monkeypatch.setattr(reading, "_seen_by", seen_by)
    diagnose(log)
    return starts


def test_of_lines_that_differ_by_numbers_only_the_first_and_the_last_are_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines = [b"error: %03d of 9 failed" % n for n in range(1000)]
    starts = read_by(b"\n".join(lines), monkeypatch)
    assert len(starts) == 200
    assert starts[0] == 0
    assert starts[-1] == sum(len(line) + 1 for line in lines[:-1])


def test_a_log_of_too_many_failures_is_read_from_the_failing_step_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reading, "_MOST_WORK", 10_000)
    noise = b"".join(b"error: %s is odd\n" % (b"x" * n) for n in range(200))
    end = b"foo.c:1:2: error: no\n##[error]Process completed with exit code 2.\n"
    steps = b"##[group]Run a\n##[endgroup]\n%b##[group]Run b\n##[endgroup]\n%b" % (noise, end)
    diagnosis = diagnose(steps)
    assert diagnosis.primary is not None
    assert str(diagnosis.primary.location) == "foo.c:1:2"
    assert any("than are read" in note for note in diagnosis.notes)


def test_of_very_many_endings_the_first_failure_and_the_last_word_count() -> None:
    failed = b"##[error]Process completed with exit code 7.\n"
    passed = b"##[error]Process completed with exit code 0.\n"
    found = diagnose(passed * 5 + failed + passed * 100)
    assert (found.outcome, found.exit_code) == ("failed", 7)
    assert diagnose(b"Finished: FAILURE\n" * 100 + b"Finished: SUCCESS\n").outcome == "passed"


def test_more_sections_than_are_told_apart_hide_no_failure() -> None:
    sections = b"".join(b"section_start:1:a%d\r\x1b[0K\n" % n for n in range(6000))
    log = sections + b"foo.c:1:2: error: no\nERROR: Job failed: exit code 1\n"
    primary = diagnose(log).primary
    assert primary is not None
    assert str(primary.location) == "foo.c:1:2"


@pytest.mark.parametrize("rule", shipped().rules, ids=lambda rule: rule.id)
def test_a_line_a_rule_wants_is_one_the_prefilter_finds(rule: Rule) -> None:
    words = shipped().prefilter.words
    for trigger in rule.triggers:
        assert any(word in trigger for word in words)


@cache
def without_the_wheel() -> RuleSet:
    """The shipped rules, searched for by the standard library alone."""
    rules = RuleSet(shipped().rules)
    rules.prefilter._automaton = rules._index._automaton = None
    return rules


WORDS = st.sampled_from([word.encode() for word in shipped().prefilter.words])


@settings(max_examples=150, deadline=None)
@given(st.lists(WORDS | TOKENS | st.binary(max_size=4), max_size=40), st.sampled_from([b"", b"\n"]))
def test_both_searches_give_the_same_diagnosis(pieces: list[bytes], between: bytes) -> None:
    log = between.join(pieces)
    assert diagnose(log) == diagnose(log, rules=without_the_wheel())


def test_no_marker_holds_another() -> None:
    assert [(a, b) for a in segment.WORDS for b in segment.WORDS if a in b and a != b] == []


def test_rule_ids_are_unique() -> None:
    ids = [rule.id for rule in shipped().rules]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", rule_id) for rule_id in ids)
