"""A run's log as an OpenTelemetry trace: the run, its phases, its tool and model calls.

Names are those of OpenTelemetry's conventions for generative AI, which are still in
development; they stand in this module alone. Contents (requests, arguments, answers) are
left out unless asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from aof import __version__
from aof.plans import canonical_json
from aof.runlog import Event
from aof.transport.otlp import Span, send_spans

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PHASE_ENDS = {"assessed": "assess", "reasoned": "reason", "run.finished": "conclude"}
_ENDS = {"tool.called": {"tool.returned"}, "model.called": {"model.answered", "model.failed"}}


def wants_trace(environment: Mapping[str, str]) -> bool:
    """Whether a collector is configured."""
    return any(environment.get(name) for name in _ENDPOINTS)


def send_trace(events: Sequence[Event], environment: Mapping[str, str]) -> None:
    """Send the trace of a run that has ended.

    Raises:
        NotBound: The extra `otel` is not installed.
        Unreachable: The collector did not take it.
    """
    content = environment.get("AOF_OTEL_CONTENT", "") in {"1", "true"}
    spans = run_spans(events, content=content)
    send_spans(spans, version=__version__, traceparent=environment.get("TRACEPARENT", ""))


def run_spans(events: Sequence[Event], *, content: bool = False) -> list[Span]:
    """The spans of a run, parents first: the run, the phases, the calls within them.

    Args:
        events: From `run.started` to the last.
        content: Add request, arguments and answers.
    """
    spans = [_run_span(events, content)]
    phases: list[Event] = [one for one in events if one.kind in _PHASE_ENDS]
    began = events[0]
    for ended in phases:
        spans.append(Span(_PHASE_ENDS[ended.kind], _ns(began), _ns(ended), parent=0))
        began = ended
    for at, event in enumerate(events):
        if event.kind in _ENDS:
            ended = _end_of(event, events[at + 1 :])
            inside = next((n for n, one in enumerate(phases, 1) if one.seq > event.seq), 0)
            spans.append(_call_span(event, ended, inside, content))
    return spans


def _run_span(events: Sequence[Event], content: bool) -> Span:
    started, last = events[0], events[-1]
    attributes: dict[str, Any] = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": started.data["agent"],
        "aof.run.id": started.data["run"],
    }
    for name in ("verdict", "decision"):
        if last.data.get(name):
            attributes[f"aof.{name}"] = last.data[name]
    usage = [one.data["usage"] for one in events if one.kind == "model.answered"]
    if usage:
        attributes["gen_ai.usage.input_tokens"] = sum(one["input_tokens"] for one in usage)
        attributes["gen_ai.usage.output_tokens"] = sum(one["output_tokens"] for one in usage)
        attributes["aof.cost_usd"] = sum(one["cost_usd"] or 0.0 for one in usage)
    if content:
        attributes["aof.request"] = started.data["request"]
    return Span(
        f"invoke_agent {started.data['agent']}",
        _ns(started),
        _ns(last),
        attributes=attributes,
        error=_error(last),
    )


def _call_span(called: Event, ended: Event, parent: int, content: bool) -> Span:
    data, answer = called.data, ended.data
    if called.kind == "tool.called":
        name = f"{data['tool']} {data['operation']}"
        attributes: dict[str, Any] = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": f"{data['tool']}_{data['operation']}",
            "gen_ai.tool.call.id": data["call"],
        }
        if content:
            attributes["gen_ai.tool.call.arguments"] = canonical_json(data["arguments"])
        return _span(
            f"execute_tool {name}",
            called,
            ended,
            parent=parent,
            kind="internal",
            attributes=attributes,
        )
    provider, _, model = str(data["model"]).partition(":")
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": provider,
        "gen_ai.request.model": model or provider,
    }
    if usage := answer.get("usage"):
        attributes["gen_ai.usage.input_tokens"] = usage["input_tokens"]
        attributes["gen_ai.usage.output_tokens"] = usage["output_tokens"]
    if content and answer.get("text"):
        attributes["gen_ai.output.messages"] = answer["text"]
    return _span(
        f"chat {model or provider}",
        called,
        ended,
        parent=parent,
        kind="client",
        attributes=attributes,
    )


def _span(
    name: str,
    called: Event,
    ended: Event,
    *,
    parent: int,
    kind: str,
    attributes: dict[str, Any],
) -> Span:
    return Span(
        name,
        _ns(called),
        _ns(ended),
        parent=parent,
        kind=kind,
        attributes=attributes,
        error=_error(ended),
    )


def _end_of(called: Event, later: Sequence[Event]) -> Event:
    """The answer of a call; the last event when there is none."""
    call = called.data.get("call")
    return next(
        (
            one
            for one in later
            if one.kind in _ENDS[called.kind] and (call is None or one.data.get("call") == call)
        ),
        later[-1] if later else called,
    )


def _error(event: Event) -> str:
    error = event.data.get("error")
    return str(error.get("what", "failed")) if isinstance(error, dict) else ""


def _ns(event: Event) -> int:
    return int(datetime.fromisoformat(event.at).timestamp() * 1_000) * 1_000_000
