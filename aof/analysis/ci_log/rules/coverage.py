"""Coverage thresholds and coverage uploads."""

from __future__ import annotations

from aof.analysis.ci_log.records import Category
from aof.analysis.ci_log.rules.rule import Rule

RULES = (
    Rule(
        "coverage-threshold",
        Category.LINT,
        79,
        ("overage",),
        r"Required test coverage of .{0,300} not reached"
        r"|[Cc]overage (?:threshold )?(?:for \w+ )?\(?[\d.]+%\)?.{0,60}(?:not met|does not meet"
        r"|below|less than)"
        r"|[Cc]overage failure: total of|[Cc]overage checks have not been met"
        r"|coverage threshold for .{0,300} not met|is below the expected minimum coverage"
        r"|coverage.{0,40}(?:is|are) (?:below|less than|under)",
        trigger=("overage",),
    ),
    Rule(
        "coverage-upload",
        Category.NETWORK_INFRA,
        74,
        ("odecov", "overalls"),
        r"Codecov: Failed to .*|Codecov token not found|error running the uploader"
        r"|Coveralls.{0,60}(?:error|failed|422)",
        trigger=("odecov", "overalls"),
    ),
)
