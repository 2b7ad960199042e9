"""What to try for a recognised failure, by rule or family of rules, else by category.

The entries named in the specification's pattern library are all here, in our words.
"""

from __future__ import annotations

from aof.analysis.ci_log.fixes import (
    building,
    checking,
    delivery,
    environment,
    packages,
    testing,
)
from aof.analysis.ci_log.fixes.advice import Advice
from aof.analysis.ci_log.records import Category

__all__ = ["Advice", "advice"]

_BY_RULE: dict[str, Advice] = {
    **building.ADVICE,
    **checking.ADVICE,
    **delivery.ADVICE,
    **environment.ADVICE,
    **packages.ADVICE,
    **testing.ADVICE,
}

_BY_CATEGORY: dict[Category, Advice] = {
    Category.COMPILE: building.ADVICE["compile"],
    Category.DEPENDENCY: packages.ANY,
    Category.ENVIRONMENT: environment.ANY,
    Category.UNIT_TEST: testing.ADVICE["test-failure"],
    Category.INTEGRATION_TEST: testing.INTEGRATION,
    Category.TIMEOUT: environment.ADVICE["runner-time-limit"],
    Category.OOM_RESOURCE: environment.ADVICE["out-of-memory"],
    Category.CONFIG: delivery.CONFIGURATION,
    Category.LINT: checking.ADVICE["lint"],
    Category.DEPLOY: delivery.ANY,
    Category.NETWORK_INFRA: environment.NETWORK,
}


def advice(fix_id: str, category: Category) -> Advice | None:
    """Advice for a rule or a family of rules, else for the category; None without either."""
    return _BY_RULE.get(fix_id) or _BY_CATEGORY.get(category)
