"""A diagnosis for people: plain text for a terminal, Markdown for reports."""

from __future__ import annotations

from aof.analysis.ci_log.records import Diagnosis, Failure


def as_text(diagnosis: Diagnosis) -> str:
    """The diagnosis as plain text."""
    primary = diagnosis.primary
    if primary is None:
        return "\n".join([_headline(diagnosis), *_notes(diagnosis), *_excerpt(diagnosis)])
    lines = [
        _headline(diagnosis),
        "",
        f"  {primary.line}: {primary.text.strip()}",
        "",
        f"  category    {primary.category} (confidence {diagnosis.confidence:.2f})",
        *(f"  {name:<11} {value}" for name, value in _facts(diagnosis)),
        *_notes(diagnosis),
    ]
    if diagnosis.candidates:
        lines += ["", "Also seen:"]
        lines += [f"  {c.line}: {_short(c)}" for c in diagnosis.candidates[:4]]
    return "\n".join([*lines, *_excerpt(diagnosis)])


def as_markdown(diagnosis: Diagnosis) -> str:
    """The diagnosis as Markdown."""
    primary = diagnosis.primary
    lines = [f"## {_headline(diagnosis)}", ""]
    if primary is not None:
        lines += ["```", primary.text.strip(), "```", ""]
        lines += [f"- **category**: {primary.category} (confidence {diagnosis.confidence:.2f})"]
        lines += [f"- **{name}**: {value}" for name, value in _facts(diagnosis)]
        lines += [f"- **also seen**: `{_short(c)}`" for c in diagnosis.candidates[:4]]
    lines += [f"- **note**: {note}" for note in diagnosis.notes]
    if diagnosis.excerpt:
        lines += ["", "```text", *numbered(diagnosis), "```"]
    return "\n".join(lines)


def numbered(diagnosis: Diagnosis) -> list[str]:
    """The lines of the excerpt with their numbers; a gap shows as dots."""
    shown: list[str] = []
    before: int | None = None
    for number, text in diagnosis.excerpt:
        if before is not None and number > before + 1:
            shown.append("     ...")
        shown.append(f"{number:>7}  {text}".rstrip())
        before = number
    return shown


def _headline(diagnosis: Diagnosis) -> str:
    if diagnosis.outcome == "passed":
        return "No failure: the log says the pipeline passed."
    if diagnosis.outcome == "unknown":
        last = "; its last output:" if diagnosis.excerpt else "."
        return f"Unknown: the log says neither that it failed nor that it passed{last}"
    if diagnosis.primary is None:
        return "Unknown: the log shows no failure that is recognised."
    if not diagnosis.recognised:
        return f"Unknown: nothing is recognised; the last output is line {diagnosis.primary.line}"
    return f"Failed: line {diagnosis.primary.line} of the log"


def _facts(diagnosis: Diagnosis) -> list[tuple[str, str]]:
    primary = diagnosis.primary
    assert primary is not None
    facts = [
        ("step", primary.step or diagnosis.step),
        ("location", str(primary.location) if primary.location else None),
        ("exit code", None if diagnosis.exit_code is None else str(diagnosis.exit_code)),
        ("rule", primary.rule),
    ]
    return [(name, value) for name, value in facts if value]


def _notes(diagnosis: Diagnosis) -> list[str]:
    return [f"  note        {note}" for note in diagnosis.notes]


def _excerpt(diagnosis: Diagnosis) -> list[str]:
    return ["", *numbered(diagnosis)] if diagnosis.excerpt else []


def _short(failure: Failure) -> str:
    text = failure.text.strip()
    return text if len(text) <= 160 else f"{text[:157]}..."
