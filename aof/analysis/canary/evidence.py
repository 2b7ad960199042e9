"""What the judge looks at: the evidence file `aof.dev/canary-evidence/v1` as types.

Counts are increments per window, never totals; buckets are cumulative over `le`, in
seconds. What cannot be true (negative, NaN, shrinking buckets, more errors than
requests) is refused here; what is merely absent is None and becomes NODATA.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from aof.analysis.canary.histogram import Histogram
from aof.errors import did_you_mean

SCHEMA: Final = "aof.dev/canary-evidence/v1"

Strategy = Literal["canary", "blue-green", "rolling", "ab"]
ArmName = Literal["baseline", "canary"]
# Beyond what any service counts, and whole numbers are still exact.
Count = Annotated[float, Field(ge=0, le=1e15, allow_inf_nan=False)]
Number = Annotated[float, Field(ge=-1e18, le=1e18, allow_inf_nan=False)]
Amount = Annotated[float, Field(ge=0, le=1e18, allow_inf_nan=False)]
Seconds = Annotated[float, Field(gt=0, le=366 * 86400, allow_inf_nan=False)]
Bound = Annotated[
    str, BeforeValidator(lambda key: repr(key) if isinstance(key, int | float) else key)
]


def _in_utc(at: datetime) -> datetime:
    if not 1970 <= at.year < 9000:
        raise ValueError(f"expected a time since 1970, got the year {at.year}")
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


Time = Annotated[datetime, AfterValidator(_in_utc)]


class _Frozen(BaseModel):
    model_config = ConfigDict(defer_build=True, frozen=True, extra="forbid", populate_by_name=True)


class Stage(_Frozen):
    """One step of the rollout: share of traffic on the canary (0 to 1] and its length."""

    weight: Annotated[float, Field(gt=0, le=1)]
    seconds: Seconds


class Ratio(_Frozen):
    """Bad events out of all, e.g. abandoned carts, 4xx answers, checkouts not completed."""

    bad: Count
    total: Count

    @model_validator(mode="after")
    def _bad_within_total(self) -> Self:
        if self.bad > self.total:
            raise ValueError(f"bad ({self.bad:g}) exceeds total ({self.total:g})")
        return self


@lru_cache(maxsize=256)
def _bounds(keys: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """The `le` keys in rising order and their values in seconds; +Inf must be there."""
    try:
        pairs = sorted((float(key), key) for key in keys)
    except ValueError:
        raise ValueError(f"latency_buckets: keys must be numbers or +Inf, got {keys}") from None
    bounds = tuple(bound for bound, _ in pairs)
    if not bounds or bounds[-1] != float("inf"):
        raise ValueError('latency_buckets: the "+Inf" bucket is missing')
    if bounds[0] < 0 or any(map(math.isnan, bounds)):
        raise ValueError("latency_buckets: bounds must be seconds, not negative")
    if len(set(bounds)) != len(bounds):
        raise ValueError("latency_buckets: a bound is given twice")
    return tuple(key for _, key in pairs), bounds


class Arm(_Frozen):
    """One version's counts in one window; None means nobody measured it."""

    requests: Count | None = None
    errors: Count | None = None
    latency_buckets: dict[Bound, Count] | None = None
    ratios: dict[str, Ratio] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if self.errors and self.requests is None:
            raise ValueError(f"errors ({self.errors:g}) without requests")
        if self.errors is not None and self.errors > (self.requests or 0):
            raise ValueError(f"errors ({self.errors:g}) exceed requests ({self.requests:g})")
        histogram = self.histogram
        if histogram is not None and not histogram.is_monotone:
            raise ValueError("latency_buckets: cumulative counts must not shrink with le")
        return self

    @cached_property
    def histogram(self) -> Histogram | None:
        """The latency buckets in rising order, or None when not measured."""
        if self.latency_buckets is None:
            return None
        keys, bounds = _bounds(tuple(self.latency_buckets))
        return Histogram(bounds, tuple(self.latency_buckets[key] for key in keys))


class Window(_Frozen):
    """Both versions over one stretch of time; an absent arm is NODATA."""

    start: Time
    seconds: Seconds
    stage: Annotated[int, Field(ge=0)] | None = None
    weight: Annotated[float, Field(ge=0, le=1)] | None = None
    baseline: Arm | None = None
    canary: Arm | None = None

    @cached_property
    def end(self) -> datetime:
        """When the window ends."""
        return self.start + timedelta(seconds=self.seconds)


class Gauge(_Frozen):
    """Readings in order of time, one per window; `limit` is what 100 % would be."""

    baseline: tuple[Number | None, ...] = ()
    canary: tuple[Number | None, ...] = ()
    limit: Annotated[float, Field(ge=1e-12, le=1e18, allow_inf_nan=False)] | None = None


class Event(_Frozen):
    """Something that happened to one version; `pod` tells two failures of one pod apart."""

    at: Time
    arm: ArmName = "canary"
    kind: Literal["oom", "crash", "restart", "health-fail", "health-ok", "new-error"]
    detail: str = ""
    pod: str = ""


class Point(_Frozen):
    """A number without counts, as a person types it. Judged as given, labelled unverified."""

    name: str
    canary: Amount
    baseline: Amount | None = None
    unit: str = "ratio"


class CanaryEvidence(_Frozen):
    """Everything known about one rollout so far."""

    schema_: Literal["aof.dev/canary-evidence/v1"] = Field(default=SCHEMA, alias="schema")
    strategy: Strategy = "canary"
    stages: tuple[Stage, ...] | None = None
    windows: tuple[Window, ...] = ()
    gauges: dict[str, Gauge] = Field(default_factory=dict)
    events: tuple[Event, ...] = ()
    points: tuple[Point, ...] = ()
    queries: dict[str, str] = Field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _has_something(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and not data.keys() & {"windows", "points"}:
            raise ValueError("give `windows` (counts per minute) or `points` (numbers alone)")
        return data

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for before, after in zip(self.windows, self.windows[1:], strict=False):
            # A second of slack: exporters round starts and lengths separately.
            if after.start < before.end - timedelta(seconds=1):
                raise ValueError(
                    f"windows must follow each other without overlap: one starts at "
                    f"{after.start.isoformat()} before another ends at {before.end.isoformat()}"
                )
        return self

    def as_dict(self) -> dict[str, Any]:
        """The evidence file's JSON, without what is not set."""
        data: dict[str, Any] = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        return data


def first_problem(error: ValidationError) -> str:
    """The first thing wrong with an evidence file: where, what, and the key probably meant."""
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"])) or "document"
    if first["type"] != "extra_forbidden":
        return f"{where}: {first['msg'].removeprefix('Value error, ')}"
    fields = CanaryEvidence.model_fields.items() if len(first["loc"]) == 1 else ()
    known = [field.alias or name for name, field in fields]
    advice = did_you_mean(where, known)
    return f"{where}: there is no such key" + (f"; {advice}" if advice else "")


def remedy(error: ValidationError) -> str:
    """What to do about the first thing wrong with an evidence file."""
    first = error.errors()[0]
    if first["type"] == "finite_number":
        return "leave out what was not measured: an absent count is no data, and never passes"
    if first["type"] == "greater_than_equal":
        return "counts are increments: after a reset give what was counted since it, or nothing"
    if "must follow each other" in first["msg"]:
        return "sort the windows by `start`, and give each stretch of time once"
    return "docs/canary.md describes the file"
