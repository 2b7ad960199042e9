"""Sending spans to an OpenTelemetry collector (OTLP over HTTP, extra `otel`).

Address, headers and the rest are read by the SDK from its standard `OTEL_` variables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aof.errors import NotBound, Unreachable

_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Span:
    """Something that took time. `parent` is the position of another span in the list.

    Times are nanoseconds since 1970.
    """

    name: str
    start_ns: int
    end_ns: int
    parent: int | None = None
    kind: str = "internal"
    attributes: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    error: str = ""


def send_spans(spans: Sequence[Span], *, version: str, traceparent: str = "") -> None:
    """Send one trace.

    Args:
        spans: Parents before their children.
        version: Of this program.
        traceparent: W3C trace context of whoever started us, or empty.

    Raises:
        NotBound: The extra is not installed.
        Unreachable: The collector did not take them.
    """
    try:
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
        from opentelemetry.sdk.trace.export import SpanExportResult
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
    except ImportError as error:
        raise NotBound(
            "traces need the extra 'otel'", why=str(error), fix="pip install 'aof[otel]'"
        ) from error
    resource = Resource.create({"service.name": "aofctl", "service.version": version})
    tracer = TracerProvider(resource=resource, shutdown_on_exit=False).get_tracer("aof", version)
    outer = TraceContextTextMapPropagator().extract({"traceparent": traceparent})
    made: list[trace.Span] = []
    for span in spans:
        context = outer if span.parent is None else trace.set_span_in_context(made[span.parent])
        made.append(
            tracer.start_span(
                span.name,
                context=context,
                kind=trace.SpanKind[span.kind.upper()],
                attributes=dict(span.attributes),
                start_time=span.start_ns,
            )
        )
    for span, one in zip(spans, made, strict=True):
        if span.error:
            one.set_status(trace.StatusCode.ERROR, span.error)
        one.end(end_time=span.end_ns)
    exporter = OTLPSpanExporter(timeout=_TIMEOUT_S)
    try:
        sent = exporter.export([one for one in made if isinstance(one, ReadableSpan)])
    finally:
        exporter.shutdown()
    if sent is not SpanExportResult.SUCCESS:
        raise Unreachable("the OpenTelemetry collector did not take the trace")
