"""Drift over the last days, from what earlier runs remembered. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aof.analysis.drift import DriftReport

DAYS = 7
_MOST_NAMES = 50
_RECURS_FROM = 2
_WEEKEND = (5, 6)


@dataclass(frozen=True, slots=True)
class Day:
    """One day's worst run."""

    date: str
    drift_count: int
    classes: Mapping[str, int]

    @property
    def kinds(self) -> str:
        """`Manual (2), Failed sync (1)`, or `Clean`."""
        parts = [f"{_title(name)} ({count})" for name, count in sorted(self.classes.items())]
        return ", ".join(parts) if parts else "Clean"


@dataclass(frozen=True, slots=True)
class Trends:
    """The last days, newest first, and the objects that drifted on several of them."""

    days: tuple[Day, ...]
    recurring: tuple[tuple[str, int], ...]

    def as_dict(self) -> dict[str, Any]:
        """JSON."""
        return {
            "days": [
                {"date": day.date, "drift_count": day.drift_count, "classes": dict(day.classes)}
                for day in self.days
            ],
            "recurring": [{"resource": name, "days": count} for name, count in self.recurring],
        }

    @property
    def pattern(self) -> str:
        """What the days have in common, when there is enough to say so."""
        manual = [day for day in self.days if day.classes.get("manual")]
        if len(manual) < _RECURS_FROM:
            return ""
        weekdays = {datetime.fromisoformat(day.date).weekday() for day in manual}
        when = ", all of them weekdays" if not weekdays & set(_WEEKEND) else ""
        return f"changes by hand on {len(manual)} of {len(self.days)} days with runs{when}"


def trends(memory: Sequence[Mapping[str, Any]], now: datetime, scope: str) -> Trends:
    """Trends of one scope over the seven days before `now`.

    Args:
        memory: Entries as `memory_entry` made them; others are passed over.
        now: Of this run, timezone-aware.
        scope: Only runs over the same scope are comparable.
    """
    since = now - timedelta(days=DAYS)
    worst: dict[str, Mapping[str, Any]] = {}
    seen: dict[str, set[str]] = {}
    for entry in memory:
        at = _time(entry.get("at"))
        if entry.get("type") != "drift" or entry.get("scope") != scope or at is None or at < since:
            continue
        date = at.date().isoformat()
        for name in entry.get("resources") or []:
            seen.setdefault(str(name), set()).add(date)
        if date not in worst or _count(entry) >= _count(worst[date]):
            worst[date] = entry
    days = [
        Day(date, _count(entry), dict(entry.get("classes") or {}))
        for date, entry in sorted(worst.items(), reverse=True)
    ]
    recurring = sorted(
        ((name, len(dates)) for name, dates in seen.items() if len(dates) >= _RECURS_FROM),
        key=lambda pair: (-pair[1], pair[0]),
    )
    return Trends(tuple(days), tuple(recurring))


def memory_entry(report: DriftReport, scope: str, now: datetime, decision: str) -> dict[str, Any]:
    """What a run remembers: counts and names, no values."""
    classes = Counter(str(one.classes[0]) for one in report.drifted)
    return {
        "type": "drift",
        "at": now.isoformat(timespec="seconds"),
        "scope": scope,
        "decision": decision,
        "total": len(report.resources),
        "drift_count": len(report.drifted),
        "classes": dict(sorted(classes.items())),
        "resources": [str(one.identity) for one in report.drifted][:_MOST_NAMES],
    }


def _count(entry: Mapping[str, Any]) -> int:
    count = entry.get("drift_count")
    return count if isinstance(count, int) else 0


def _time(value: Any) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def _title(name: str) -> str:
    return name.replace("-", " ").capitalize()
