"""Reads the problem matchers of a repository: JSON files below its `.github` folder."""

from __future__ import annotations

import json
from pathlib import Path

from aof.analysis.ci_log.matchers import rules_of
from aof.analysis.ci_log.rules import RuleSet, shipped
from aof.analysis.ci_log.rules.rule import Rule

FOLDER = Path(".github")
_MOST_FILES = 50
_MOST_BYTES = 1 << 20


def rules_with(folder: Path) -> tuple[RuleSet, list[str]]:
    """The shipped rules with those of a folder's matchers, and what could not be used."""
    rules: list[Rule] = []
    problems: list[str] = []
    for path in sorted(folder.glob("**/*.json"))[:_MOST_FILES] if folder.is_dir() else []:
        try:
            if path.stat().st_size > _MOST_BYTES:
                continue
            text = path.read_text(encoding="utf-8-sig")
            if "problemMatcher" not in text:
                continue
            found, wrong = rules_of(json.loads(text))
        except (OSError, ValueError) as error:
            problems.append(f"{path} cannot be read: {error}")
            continue
        rules += found
        problems += [f"{path}: {problem}" for problem in wrong]
    return (shipped().extended(rules) if rules else shipped()), problems
