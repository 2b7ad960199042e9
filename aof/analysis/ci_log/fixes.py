"""What to try for a recognised failure: a reason in one sentence and commands to run."""

from __future__ import annotations

from dataclasses import dataclass

from aof.analysis.ci_log.records import Category


@dataclass(frozen=True, slots=True)
class Advice:
    """`cause` explains, `steps` say what to do, `commands` can be run as they stand."""

    cause: str
    steps: tuple[str, ...]
    commands: tuple[str, ...] = ()


def advice(fix_id: str, category: Category) -> Advice | None:
    """Advice for a rule or a family of rules, else for the category; None without either."""
    return _BY_RULE.get(fix_id) or _BY_CATEGORY.get(category)


_BY_RULE: dict[str, Advice] = {}
_BY_CATEGORY: dict[Category, Advice] = {}
