"""Drift over a week, from what runs remember."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from aof.analysis.drift import compare_all
from aof.playbooks.drift_trends import memory_entry, trends
from tests.analysis.drift.cluster import Cluster
from tests.analysis.drift.manifests import deployment, secret

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)  # a Friday


def entry(days_ago: float, count: int = 1, scope: str = "shop", **classes: int) -> dict[str, Any]:
    return {
        "type": "drift",
        "at": (NOW - timedelta(days=days_ago)).isoformat(),
        "scope": scope,
        "drift_count": count,
        "classes": classes,
        "resources": ["Deployment/web (namespace: shop)"] if count else [],
    }


def test_each_day_shows_its_worst_run_newest_first() -> None:
    memory = [entry(2, 0), entry(2.1, 3, manual=2, failed=1), entry(0, 1, manual=1)]
    past = trends(memory, NOW, "shop")
    assert [(day.date, day.drift_count) for day in past.days] == [
        ("2026-11-20", 1),
        ("2026-11-18", 3),
    ]
    assert past.days[0].kinds == "Manual (1)"


def test_older_days_other_scopes_and_other_entries_do_not_count() -> None:
    memory = [entry(8), entry(1, scope="api"), {"type": "deployment"}, {"type": "drift"}, entry(1)]
    memory.append({**entry(1), "at": "yesterday"})
    assert len(trends(memory, NOW, "shop").days) == 1


def test_what_drifts_again_is_named() -> None:
    past = trends([entry(1, manual=1), entry(2, manual=1), entry(3, 0)], NOW, "shop")
    assert past.recurring == (("Deployment/web (namespace: shop)", 2),)
    assert past.pattern == "changes by hand on 2 of 3 days with runs, all of them weekdays"


def test_one_day_is_no_pattern() -> None:
    assert trends([entry(1, manual=1)], NOW, "shop").pattern == ""


def test_memory_holds_counts_and_names_but_no_values() -> None:
    git = [deployment(), secret(stringData={"a": "hunter22"})]
    cluster = Cluster().apply(git[1])
    cluster.update("kubectl-edit", lambda live: live["data"].update(a="b3RoZXI="))
    report = compare_all(git, [Cluster().apply(git[0]).get(), cluster.get()], git)
    remembered = memory_entry(report, "shop", NOW, "DRIFT")
    assert remembered["drift_count"] == 1
    assert remembered["classes"] == {"manual": 1}
    assert remembered["resources"] == ["Secret/login (namespace: shop)"]
    assert "hunter22" not in str(remembered)
