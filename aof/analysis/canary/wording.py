"""How metrics are named and numbers written for people. No judging here."""

from __future__ import annotations

_STRENGTHS = [
    (1000.0, "overwhelming"),
    (100.0, "very strong"),
    (30.0, "strong"),
    (10.0, "moderate"),
    (3.0, "weak"),
]
_TITLES = {"error_rate": "Error rate", "cpu": "CPU", "memory": "Memory", "4xx": "4xx rate"}


def title_of(name: str) -> str:
    """`latency_p95` -> `P95 latency`, `error_rate` -> `Error rate`."""
    if name.startswith("latency_p"):
        return f"P{name.removeprefix('latency_p')} latency"
    return _TITLES.get(name) or name.replace("_", " ").capitalize()


def strength_of(e_value: float) -> str:
    """Evidence against "not worse" in words (Jeffreys' steps)."""
    return next((word for least, word in _STRENGTHS if e_value >= least), "none")


def percent(share: float) -> str:
    """0.0012 -> `0.12%`; more digits only where the number is small."""
    value = share * 100
    return f"{value:.0f}%" if abs(value) >= 99.5 else f"{value:.{2 if abs(value) < 10 else 1}f}%"


def points(share: float) -> str:
    """0.0002 -> `+0.02 pp` (percentage points)."""
    return f"{round(share * 100, 2) + 0.0:+.2f} pp"


def above_limit(rise: float, allowed: float, baseline: float) -> str:
    """`+5.10 pp; limit +0.10 pp, which is 0.20%`: the rise beside its limit, and that as a rate."""
    return f"{points(rise)}; limit {points(allowed)}, which is {percent(baseline + allowed)}"


def relative(change: float) -> str:
    """0.1 -> `+10.0%`."""
    return f"{round(change * 100, 1) + 0.0:+.1f}%"


def seconds(value: float) -> str:
    """0.165 -> `165 ms`, 12.5 -> `12.5 s`."""
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.3g} s"


def minutes(value: float) -> str:
    """2.0 -> `2 more minutes`."""
    whole = max(1, round(value))
    return f"{whole} more minute{'' if whole == 1 else 's'}"


def amount(value: float, unit: str) -> str:
    """A number with its unit."""
    if unit == "ratio":
        return percent(value)
    if unit == "s":
        return seconds(value)
    return f"{value:.4g}{unit}"
