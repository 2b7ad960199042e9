"""A run as a trace: its shape, what it leaves out, and that a collector's failure costs nothing."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from aof.models.base import ModelFailed
from aof.models.scripted import Scripted, Turn
from aof.playbooks.base import Request
from aof.runs.spans import run_spans
from aof.transport.otlp import Span
from tests.engine.bench import NOW, Bench
from tests.servers.loopback import Loopback, Reply

SECRETIVE = "Bright: 806 lumen (e1).\n## Decision: PROCEED"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "run")


def spans_of(bench: Bench, *turns: Turn | str, content: bool = False) -> list[Span]:
    bench.run(Scripted([*turns, SECRETIVE], name="google:gemini"))
    assert bench.log is not None
    return run_spans(bench.log.events, content=content)


def test_run_phases_and_calls_nest(bench: Bench) -> None:
    spans = spans_of(bench, Turn(calls=(("lamp_get", {"room": "attic"}),)))
    assert [(span.name, span.parent) for span in spans] == [
        ("invoke_agent lamp-keeper", None),
        ("assess", 0),
        ("reason", 0),
        ("conclude", 0),
        ("execute_tool lamp get", 1),
        ("chat gemini", 2),
        ("execute_tool lamp get", 2),
        ("chat gemini", 2),
    ]
    assert all(span.start_ns <= span.end_ns for span in spans)


def test_verdict_usage_and_names_are_attributes(bench: Bench) -> None:
    spans = spans_of(bench)
    assert spans[0].attributes["aof.decision"] == "PROCEED"
    assert spans[0].attributes["gen_ai.usage.input_tokens"] == 0
    chat = next(span for span in spans if span.name == "chat gemini")
    assert chat.attributes["gen_ai.provider.name"] == "google"


def test_contents_are_left_out_unless_asked_for(bench: Bench) -> None:
    look = Turn(calls=(("lamp_get", {"room": "attic"}),))
    assert "attic" not in repr(spans_of(bench, look))
    assert "806 lumen" not in repr(spans_of(bench, look))
    assert "attic" in repr(spans_of(bench, look, content=True))


def test_failures_are_marked(bench: Bench) -> None:
    bench.run(Scripted([Turn(calls=(("lamp_broken", {}),)), Turn(failure=ModelFailed("m: 500"))]))
    assert bench.log is not None
    errors = [span.error for span in run_spans(bench.log.events) if span.error]
    assert errors == ["lamp: no connection", "m: 500"]


@pytest.mark.skipif(
    find_spec("opentelemetry.exporter") is None if find_spec("opentelemetry") else True,
    reason="needs the extra otel",
)
def test_a_collector_gets_the_trace(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Loopback()
    server.route("POST", "/v1/traces", lambda asked: Reply(200))
    with server.running():
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.url)
        environment = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": server.url,
            "TRACEPARENT": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        }
        bench.run(Scripted([SECRETIVE]), request=Request("?", NOW, environment=environment))
    (sent,) = server.requests("POST", "/v1/traces")
    assert b"invoke_agent lamp-keeper" in sent.body
    assert bytes.fromhex("0af7651916cd43dd8448eb211c80319c") in sent.body


def test_a_collector_that_is_down_costs_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
    result = bench.run(Scripted([SECRETIVE]), request=Request("?", NOW, environment=environment))
    assert result.assessment.decision == "PROCEED"
