"""Every limit of the canary judge: unit, default and source, in one table.

"spec" is the specification's decision framework. Where its rules contradict each other
(at a 0.10 % baseline, 0.18 % is both GO and NO-GO) the default says how that is settled:
a rise is tolerable up to the larger of an absolute and a relative allowance, and stops
the rollout above twice that.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field


def _limit(default: Any, unit: str, about: str, source: str) -> Any:
    return Field(
        default=default, description=about, json_schema_extra={"unit": unit, "source": source}
    )


Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Factor = Annotated[float, Field(gt=1, allow_inf_nan=False)]


class RatioLimits(BaseModel):
    """Limits of one counted ratio (4xx, a business metric).

    `rise_*` is still tolerable, `stop_*` rolls back; the larger of the absolute allowance
    (a share) and the relative one (of the baseline's rate) counts. With `of="good"` the
    relative allowance is of the good outcomes: a conversion may drop by that much.
    """

    model_config = ConfigDict(defer_build=True, frozen=True, extra="forbid")

    rise_abs: Share = 0.0
    rise_rel: Annotated[float, Field(ge=0)] = 0.05
    stop_abs: Share = 0.0
    stop_rel: Annotated[float, Field(ge=0)] = 0.10
    of: Literal["bad", "good"] = "good"

    def allowed(self, baseline: float) -> float:
        """The tolerable rise of the bad share over `baseline` (both 0 to 1)."""
        return max(self.rise_abs, self.rise_rel * self._base(baseline))

    def stopping(self, baseline: float) -> float:
        """The rise of the bad share above which a rollback is due."""
        return max(self.stop_abs, self.stop_rel * self._base(baseline))

    def _base(self, baseline: float) -> float:
        return 1 - baseline if self.of == "good" else baseline


CLIENT_ERRORS = RatioLimits(rise_abs=0.005, rise_rel=0.25, stop_abs=0.01, stop_rel=0.5, of="bad")


class CanaryLimits(BaseModel):
    """Settings of the judge. Shares are 0 to 1, times are seconds."""

    model_config = ConfigDict(defer_build=True, frozen=True, extra="forbid")

    error_rise_abs: Share = _limit(
        0.001, "share", "Error rate may rise by this much", "spec GO: baseline + 0.1 %"
    )
    error_rise_rel: Annotated[float, Field(ge=0)] = _limit(
        0.25,
        "of baseline",
        "or by this part of the baseline's rate, if larger",
        "settles spec 1.1x against +0.1 %: as much as the believed noise",
    )
    error_stop_abs: Share = _limit(
        0.002, "share", "Roll back above this rise", "twice the tolerable rise"
    )
    error_stop_rel: Annotated[float, Field(ge=0)] = _limit(
        0.5, "of baseline", "or above this part of the baseline's rate", "spec NO-GO: 1.5x"
    )
    latency_ratio: Factor = _limit(
        1.2, "x baseline", "p95 latency may be this much of the baseline's", "spec GO: 1.2x"
    )
    latency_stop_ratio: Factor = _limit(1.5, "x baseline", "Roll back above", "spec NO-GO: 1.5x")
    p99_min_requests: Annotated[int, Field(ge=1)] = _limit(
        1000, "requests", "Judge p99 only with as many canary requests", "ten beyond the p99"
    )
    cpu: Positive = _limit(0.80, "of limit", "CPU may reach this", "spec GO: 80 %")
    cpu_stop: Positive = _limit(0.90, "of limit", "CPU above this rolls back", "spec NO-GO: 90 %")
    memory: Positive = _limit(0.85, "of limit", "Memory may reach this", "spec GO: 85 %")
    memory_stop: Positive = _limit(
        0.95, "of limit", "Memory above this rolls back", "spec NO-GO: 95 %"
    )
    saturation: Positive = _limit(
        0.80, "of limit", "Any other gauge with a limit (pools)", "as CPU"
    )
    saturation_stop: Positive = _limit(0.90, "of limit", "and rolls back above", "as CPU")
    gauge_windows: Annotated[int, Field(ge=1)] = _limit(
        3, "windows", "A gauge must stay over its limit for as many", "one reading is noise"
    )
    gauge_ratio: Factor = _limit(
        1.2, "x baseline", "A gauge without limit, e.g. CPU-seconds per request", "as latency"
    )
    client_errors: RatioLimits = _limit(
        CLIENT_ERRORS, "share", "Ratios named 4xx or client_errors", "as errors, wider: users err"
    )
    business: RatioLimits = _limit(
        RatioLimits(), "of good", "Every other ratio", "spec NO-GO: 10 % drop; half is tolerable"
    )
    ratios: dict[str, RatioLimits] = _limit({}, "", "Limits of single ratios by name", "yours")
    alpha: Annotated[float, Field(gt=0, lt=1)] = _limit(
        0.02, "probability", "False alarms over the whole rollout, all looks and metrics", "design"
    )
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = _limit(
        0.95, "probability", "One-sided, of the proof that a rise is tolerable", "convention"
    )
    warm_up_s: Annotated[float, Field(ge=0)] = _limit(
        120.0,
        "s",
        "Not compared: caches fill, code is compiled",
        "design: compilers and caches warm up for minutes",
    )
    recent_s: Positive = _limit(
        300.0, "s", "Harm must still be there over the last", "spec: 5 min per stage"
    )
    recent_factor: Annotated[float, Field(ge=0, allow_inf_nan=False)] = _limit(
        1.5,
        "x allowance",
        "Nothing goes on while those minutes are worse by more than this",
        "measured: harm that begins as a stage ends",
    )
    recent_confidence: Annotated[float, Field(gt=0.5, lt=1)] = _limit(
        0.9, "probability", "and worse at all with this confidence", "it only holds a rollout"
    )
    block_s: Positive = _limit(
        60.0, "s", "Shorter windows are joined to blocks of", "a burst lasts about a minute"
    )
    min_compared_s: Positive = _limit(
        300.0, "s", "Compared before harm can be confirmed", "spec: 5 min minimum"
    )
    min_requests: Annotated[int, Field(ge=1)] = _limit(
        50, "requests", "Canary requests before an early stage may end", "3 min at 10 rps and 5 %"
    )
    min_errors: Annotated[int, Field(ge=1)] = _limit(
        5, "errors", "Canary errors before harm can be confirmed", "fewer is one user's retries"
    )
    noise: Annotated[float, Field(ge=0, le=5)] = _limit(
        0.25,
        "of rate",
        "Believed minute-to-minute difference of two arms of one version",
        "belief before data; `analyze canary calibrate` suggests yours",
    )
    near_limit: Share = _limit(
        0.75, "of limit", "Warn from this part of an allowance on", "spec warns at 15.5 of 20 %"
    )
    max_stage_factor: Annotated[float, Field(ge=1)] = _limit(
        3.0, "x stage", "A stage is extended at most to", "after that more time rarely helps"
    )
    guard_error_rate: Share = _limit(
        0.10, "share", "Roll back at once above", "spec: error rate > 10 % absolute"
    )
    guard_baseline_rate: Share = _limit(
        0.05, "share", "unless the baseline is above this: a shared outage", "rollback cannot help"
    )
    guard_s: Positive = _limit(120.0, "s", "over the last", "spec: 2 minutes")
    guard_confidence: Annotated[float, Field(gt=0.5, lt=1)] = _limit(
        0.999, "probability", "of the guards' lower bounds", "asked every minute"
    )
    guard_slow_s: Positive = _limit(
        10.0, "s", "Roll back at once when p99 is slower", "spec: P99 > 10 s, seen by share above"
    )
    health_fail_s: Positive = _limit(
        120.0, "s", "Health checks failing this long roll back", "spec: > 2 minutes"
    )
    health_failures: Annotated[int, Field(ge=1)] = _limit(
        3, "failures", "More consecutive failures are a NO-GO", "spec: > 3 consecutive"
    )
    slo_error_rate: Share | None = _limit(
        None, "share", "Error SLO; judged alone where nothing runs beside (100 %)", "yours"
    )
    slo_p95_s: Positive | None = _limit(None, "s", "Latency SLO, likewise", "yours")

    @property
    def errors(self) -> RatioLimits:
        """The error rate's limits in the shape every ratio has."""
        return RatioLimits(
            rise_abs=self.error_rise_abs,
            rise_rel=self.error_rise_rel,
            stop_abs=self.error_stop_abs,
            stop_rel=self.error_stop_rel,
            of="bad",
        )

    def for_ratio(self, name: str) -> RatioLimits:
        """Limits of the ratio `name` under `ratios` of an arm."""
        if name in self.ratios:
            return self.ratios[name]
        return self.client_errors if name in ("4xx", "client_errors") else self.business

    def for_gauge(self, name: str) -> tuple[float, float]:
        """Tolerable and stopping utilisation (of the gauge's limit) of the gauge `name`."""
        if name == "cpu":
            return self.cpu, self.cpu_stop
        if name == "memory":
            return self.memory, self.memory_stop
        return self.saturation, self.saturation_stop


class LimitRow(NamedTuple):
    """One line of the table of limits."""

    name: str
    default: str
    unit: str
    about: str
    source: str


def limits_table() -> list[LimitRow]:
    """The table of limits as the documentation prints it."""
    rows = []
    for name, field in CanaryLimits.model_fields.items():
        extra = field.json_schema_extra
        facts = extra if isinstance(extra, dict) else {}
        default = field.default
        shown = "see below" if isinstance(default, RatioLimits) else f"{default}"
        rows.append(
            LimitRow(name, shown, str(facts["unit"]), field.description or "", str(facts["source"]))
        )
    return rows


def limits_markdown() -> str:
    """The tables of limits as `docs/canary.md` holds them."""
    lines = ["| Limit | Default | Unit | About | Source |", "|---|---|---|---|---|"]
    lines += [
        f"| `{row.name}` | {row.default} | {row.unit} | {row.about} | {row.source} |"
        for row in limits_table()
    ]
    lines += [
        "",
        "`client_errors`, `business` and each entry of `ratios` are tables of their own:",
        "",
        "| Ratio | `rise_abs` | `rise_rel` | `stop_abs` | `stop_rel` | `of` |",
        "|---|---|---|---|---|---|",
    ]
    for name, ratio in (("client_errors", CLIENT_ERRORS), ("business", RatioLimits())):
        values = (ratio.rise_abs, ratio.rise_rel, ratio.stop_abs, ratio.stop_rel, ratio.of)
        lines.append(f"| `{name}` | " + " | ".join(str(value) for value in values) + " |")
    return "\n".join(lines) + "\n"
