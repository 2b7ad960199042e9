"""The log reads as an audit trail with every field the specification names."""

from datetime import UTC, datetime

from aof.clock import FrozenClock
from aof.redaction import Redactor
from aof.runlog import Event, RunLog
from aof.runs.audit_views import audit_trail, differences, timeline

FIELDS = {
    "event_id", "event_type", "timestamp", "session_id", "actor_type", "actor_id", "target_type",
    "target_id", "action", "input_data", "output_data", "success", "error_message", "duration_ms",
}  # fmt: skip


def events(*, digest: str = "sha256:1") -> list[Event]:
    clock = FrozenClock(datetime(2026, 11, 20, 10, tzinfo=UTC))
    log = RunLog(None, redactor=Redactor(), clock=clock)
    log.append("run.started", agent="guardian", run="r1")
    log.append("tool.called", call="c1", tool="argocd", operation="app_get", arguments={"app": "a"})
    clock.advance(0.25)
    log.append("tool.returned", call="c1", ok=True, digest=digest, summary="Healthy")
    log.append("tool.called", call="c2", tool="argocd", operation="app_get", arguments={"app": "b"})
    log.append("tool.returned", call="c2", ok=False, error={"what": "404"})
    log.append("approval.given", approver="ssh:ana", plan="plan-1", reason="seen it")
    return log.events


def test_every_event_has_every_field() -> None:
    for event in audit_trail("r1", events()):
        assert set(event) >= FIELDS


def test_an_answer_carries_duration_and_what_was_asked() -> None:
    answer = list(audit_trail("r1", events()))[2]
    assert answer["duration_ms"] == 250
    assert (answer["target_type"], answer["action"]) == ("argocd", "app_get")
    assert answer["input_data"] == {"app": "a"}


def test_failures_and_people_are_named() -> None:
    trail = list(audit_trail("r1", events()))
    assert (trail[4]["success"], trail[4]["error_message"]) == (False, "404")
    assert (trail[5]["actor_type"], trail[5]["actor_id"]) == ("person", "ssh:ana")


def test_two_equal_runs_do_not_differ_and_a_changed_answer_does() -> None:
    assert differences(events(), events()) == []
    changed = differences(events(), events(digest="sha256:2"))
    assert any(line.startswith("+tool.returned") and "sha256:2" in line for line in changed)


def test_the_timeline_is_one_line_per_event() -> None:
    rows = timeline(events())
    assert rows[2] == ["10:00:00.250", "tool.returned", "Healthy"]
