"""What the judge answers: the verdict, each metric's reasons, guards and what is missing."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from aof.verdict import Verdict

Decision = Literal["PROCEED", "HOLD", "NO-GO", "ROLLBACK"]
MetricVerdict = Literal["pass", "warn", "inconclusive", "nodata", "fail", "info"]
Stop = Literal["NO-GO", "ROLLBACK"]

SCHEMA = "aof.dev/canary-judgement/v1"


class _Frozen(BaseModel):
    model_config = ConfigDict(defer_build=True, frozen=True, extra="forbid")


class Worst(_Frozen):
    """The stretch of time that speaks most against the canary."""

    at: str
    baseline: float
    canary: float


class Metric(_Frozen):
    """One metric's judgement with its evidence.

    Attributes:
        name: e.g. `error_rate`, `latency_p95`, `cpu`.
        verdict: `info` is shown and not judged; `nodata` holds the rollout.
        title: One line for people; `detail` says why in a sentence or two.
        unit: Of `baseline`, `canary` and `limit`: `ratio` (0 to 1), `s`, or what was given.
        delta: Canary minus baseline when `delta_kind` is `difference`, else the canary's
            relative change (0.1 is +10 %).
        delta_low, delta_high: Its two-sided 90 % interval, each end one-sided 95 %.
        limit, stop_limit: Tolerable and rollback value of `delta`, or of `canary` when the
            limit is absolute (`limit_is_absolute`).
        e_value: Evidence against "not worse"; `strength` says it in words.
        dispersion: Noise beyond counting noise (1 is none).
        suspect: Looks harmful without being confirmed; nothing goes on while it does.
        stop: What this metric alone asks for.
    """

    name: str
    verdict: MetricVerdict
    title: str
    detail: str = ""
    unit: str = "ratio"
    baseline: float | None = None
    canary: float | None = None
    delta: float | None = None
    delta_kind: Literal["difference", "relative"] = "difference"
    delta_low: float | None = None
    delta_high: float | None = None
    limit: float | None = None
    stop_limit: float | None = None
    limit_is_absolute: bool = False
    e_value: float | None = None
    strength: str = ""
    dispersion: float | None = None
    baseline_total: float | None = None
    canary_total: float | None = None
    worst: Worst | None = None
    needs_minutes: float | None = None
    suspect: bool = False
    stop: Stop | None = None
    unverified: bool = False


class Guard(_Frozen):
    """A hard rule that does not wait for statistics. `stop` None: it only holds."""

    name: str
    title: str
    stop: Stop | None = None


class StageView(_Frozen):
    """Where the rollout is: stage `number` (from 1) of `of`, share on the canary, seconds."""

    number: int
    of: int
    weight: float | None
    elapsed_s: float
    seconds: float
    ended: bool
    proof_needed: bool
    concurrent: bool


class Judgement(_Frozen):
    """The answer. `wait_s` is when looking again makes sense; `firm` says time changes nothing."""

    schema_: str = Field(default=SCHEMA, serialization_alias="schema")
    decision: Decision
    verdict: Verdict
    summary: str
    strategy: str = "canary"
    stage: StageView | None = None
    metrics: tuple[Metric, ...] = ()
    guards: tuple[Guard, ...] = ()
    needs_minutes: float | None = None
    wait_s: float | None = None
    firm: bool = True
    unverified: bool = False
    windows: int = 0
    decided_at: str | None = None
    queries: dict[str, str] = Field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def metric(self, name: str) -> Metric | None:
        """The metric called `name`, or None."""
        return next((metric for metric in self.metrics if metric.name == name), None)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Titles of guards and metrics that decided, worst first."""
        order = {"fail": 0, "nodata": 1, "inconclusive": 2, "warn": 3, "pass": 4, "info": 5}
        ranked = sorted(self.metrics, key=lambda metric: order[metric.verdict])
        return (*(guard.title for guard in self.guards), *(metric.title for metric in ranked))

    def as_dict(self) -> dict[str, Any]:
        """JSON, the same bytes for the same evidence."""
        data: dict[str, Any] = self.model_dump(mode="json", by_alias=True)
        return data
