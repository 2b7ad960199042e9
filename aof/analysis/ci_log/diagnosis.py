"""The whole analysis of one log: from its bytes to a diagnosis. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from aof.analysis.ci_log import choose, outcome, score
from aof.analysis.ci_log.blocks import Candidate
from aof.analysis.ci_log.decode import as_utf8
from aof.analysis.ci_log.excerpt import excerpt
from aof.analysis.ci_log.failed_tests import failed_tests
from aof.analysis.ci_log.fallback import RECOGNISED, last_output
from aof.analysis.ci_log.lines import Lines
from aof.analysis.ci_log.reading import candidates_of
from aof.analysis.ci_log.records import Category, Diagnosis, Failure
from aof.analysis.ci_log.rules import RuleSet, shipped
from aof.analysis.ci_log.segment import Segmenter, Segments
from aof.analysis.ci_log.signature import signature

EXCERPT_BYTES = 7000
TAIL_BYTES = 1 << 20
_RUNNERS_UP = 10
_LARGE = 16
_LAST_WORDS = 50  # lines before the end in which an error ends a program
_LIKELY = 60
_CUT = "the log was cut off by its size limit: the cause may be missing"
_MANY = "more lines look like failures than are read: the failing step was read first"
_TAIL_ONLY = "only the end of the log was read: it holds a clear failure"


@dataclass(slots=True)
class _Scan:
    segments: Segments
    verdict: outcome.Verdict
    best: list[Candidate]
    all_read: bool = True


def diagnose(
    buffer: object,
    changed_files: Sequence[str] = (),
    *,
    failed: bool = False,
    rules: RuleSet | None = None,
    excerpt_bytes: int = EXCERPT_BYTES,
    tail_bytes: int = TAIL_BYTES,
) -> Diagnosis:
    """Find the line that broke the build.

    Args:
        buffer: The log: `bytes`, `mmap.mmap` or any other buffer; any encoding an
            ASCII-compatible reader copes with, or UTF-16.
        changed_files: Paths changed since the last green run; failures in them count more.
        failed: It is known from elsewhere that the pipeline failed, whatever the log says.
        rules: The rules to use; the shipped ones by default.
        excerpt_bytes: Largest size of the excerpt.
        tail_bytes: A log more than 16 times as large is first read from its end, so far.

    Returns:
        The diagnosis; never raises for any content.

    Raises:
        TypeError: `buffer` is not a buffer.
    """
    lines = Lines(as_utf8(buffer))
    rules = rules or shipped()
    scan = None
    if lines.size > _LARGE * tail_bytes:
        start = lines.end(lines.size - tail_bytes) + 1
        tail = _scan(lines, min(start, lines.size), rules, tuple(changed_files), failed=failed)
        scan = tail if _answers(tail) else None
    complete = scan is None
    if scan is None:
        scan = _scan(lines, 0, rules, tuple(changed_files), failed=failed)
    return _diagnosis(lines, scan, excerpt_bytes=excerpt_bytes, complete=complete)


def _scan(
    lines: Lines, start: int, rules: RuleSet, changed_files: tuple[str, ...], *, failed: bool
) -> _Scan:
    segments = Segmenter(lines, rules.prefilter).run(start, lines.size)
    verdict = outcome.judge(segments, lines, _last_lines(lines), failed=failed)
    if failed and verdict.outcome != "failed":
        verdict = replace(verdict, outcome="failed")
    if verdict.outcome == "passed":
        return _Scan(segments, verdict, [])
    candidates, all_read = candidates_of(lines, segments, verdict, rules)
    score.score_all(lines, candidates, verdict, changed_files)
    best = choose.ranked(candidates)
    if _holds(verdict, best):
        return _Scan(segments, replace(verdict, outcome="passed"), [])
    if verdict.outcome == "failed" and not (best and best[0].rule.weight >= RECOGNISED):
        last = last_output(lines, segments, verdict)
        best = [last, *best] if last is not None else best
    return _Scan(segments, verdict, best, all_read=all_read)


def _holds(verdict: outcome.Verdict, best: list[Candidate]) -> bool:
    """True when a tool said last that all passed, and nothing speaks against it."""
    claimed = verdict.claimed
    if verdict.outcome != "unknown" or claimed is None:
        return False
    return not any(_contradicts(candidate, claimed) for candidate in best)


def _contradicts(candidate: Candidate, claimed: int) -> bool:
    """True when a failure stands against a tool's word that all passed.

    After that word anything counts that a rule calls a failure; before it only the report of
    another tool, because what passing tests print looks like failures too.
    """
    if candidate.score < choose.TELLING:
        return False
    return candidate.start > claimed or score.is_report(candidate)


def _answers(scan: _Scan) -> bool:
    """True when the end of the log alone holds how it ended and a clear cause."""
    if scan.verdict.outcome == "passed":
        return any(ending.strength == "job" for ending in scan.segments.endings)
    if scan.verdict.outcome == "unknown" or not scan.best:
        return False
    best = scan.best[0]
    in_step = scan.verdict.step is None or best.step == scan.verdict.step
    return choose.is_sure(best) and in_step


def _last_lines(lines: Lines, count: int = 60) -> list[tuple[int, str]]:
    starts = lines.preceding(lines.size, count)
    return [(start, lines.text(start)) for start in starts if lines.text(start).strip()]


def _diagnosis(lines: Lines, scan: _Scan, *, excerpt_bytes: int, complete: bool) -> Diagnosis:
    verdict, segments, best = scan.verdict, scan.segments, scan.best
    result = verdict.outcome
    if result == "unknown" and best and _shows_failure(lines, best[0], verdict):
        result = "failed"
    limits = (
        (_CUT, segments.truncated),
        (_TAIL_ONLY, not complete),
        (_MANY, not scan.all_read),
    )
    notes = tuple(note for note, holds in limits if holds)
    if result == "passed" or (result == "unknown" and not best):
        last = excerpt(lines, [], None, excerpt_bytes) if result == "unknown" else ()
        return Diagnosis(
            outcome=result,
            excerpt=tuple(last),
            platform=segments.platform,
            notes=notes,
            complete=complete,
        )
    step = segments.steps[verdict.step].name if verdict.step is not None else None
    if best:
        choose.settle_category(best, step, verdict.exit_code)
        choose.settle_location(best)
    failures = [_failure(lines, c, segments) for c in best[: _RUNNERS_UP + 1]]
    primary = failures[0] if result == "failed" and failures else None
    return Diagnosis(
        outcome=result,
        primary=primary,
        category=primary.category if primary else Category.UNKNOWN,
        confidence=choose.confidence(best) if primary else 0.0,
        candidates=tuple(failures[1:] if primary else failures),
        excerpt=tuple(excerpt(lines, best, verdict.marker, excerpt_bytes)),
        exit_code=verdict.exit_code,
        step=step,
        platform=segments.platform,
        recognised=primary is not None and best[0].rule.weight >= RECOGNISED,
        tests=failed_tests(best, best[0].step) if primary else (),
        fix_id=best[0].fix if primary else "",
        notes=notes,
        complete=complete,
    )


def _shows_failure(lines: Lines, best: Candidate, verdict: outcome.Verdict) -> bool:
    """True when a log without any runner's word shows a failure: plainly, or at its very end."""
    if verdict.claimed is not None:
        return best.start > verdict.claimed and choose.is_sure(best)
    if choose.is_sure(best):
        return True
    near_end = best.start in lines.preceding(lines.size, _LAST_WORDS)
    return near_end and best.rule.weight >= _LIKELY and best.score >= _LIKELY


def _failure(lines: Lines, candidate: Candidate, segments: Segments) -> Failure:
    return Failure(
        line=lines.number(candidate.start),
        text=candidate.text,
        step=segments.steps[candidate.step].name,
        location=candidate.location,
        rule=candidate.rule.id,
        category=candidate.category,
        score=round(candidate.score, 1),
        signature=signature(candidate.rule.id, candidate.message),
    )
