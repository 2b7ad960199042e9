"""Where cluster and Git differ, who made the difference, and whether it matters.

`compare` judges one object, `compare_all` two sets of objects. Everything here is a function
of its arguments: objects come in as parsed JSON, nothing is fetched. `docs/drift-detector.md`
explains the method.
"""

from aof.analysis.drift.compare import Settings, compare
from aof.analysis.drift.pairing import compare_all
from aof.analysis.drift.result import (
    Change,
    DriftClass,
    DriftReport,
    Identity,
    ResourceResult,
    Severity,
)

__all__ = [
    "Change",
    "DriftClass",
    "DriftReport",
    "Identity",
    "ResourceResult",
    "Settings",
    "Severity",
    "compare",
    "compare_all",
]
