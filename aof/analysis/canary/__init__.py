"""The canary judge: is the new version as good as the one it replaces?

Pure: standard library and pydantic, no clock, no input or output. `judge` looks at all
windows so far and may be called at any time; `Judge` does the same window by window.
"""

from aof.analysis.canary.evidence import Arm, CanaryEvidence, Window
from aof.analysis.canary.judge import Judge, judge
from aof.analysis.canary.judgement import Judgement, Metric
from aof.analysis.canary.limits import CanaryLimits

__all__ = [
    "Arm",
    "CanaryEvidence",
    "CanaryLimits",
    "Judge",
    "Judgement",
    "Metric",
    "Window",
    "judge",
]
