"""Evidence from Prometheus without an agent: the playbook's reader on the tool itself."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn

from aof.errors import AofError, NotBound, UsageFault
from aof.messages import ToolCall, ToolResult
from aof.tools.base import Tool

if TYPE_CHECKING:
    from aof.analysis.canary import CanaryEvidence
    from aof.playbooks.canary_metrics import Measured
    from aof.playbooks.canary_options import CanaryOptions


class _PrometheusOnly:
    """The `Calls` of one analysis: reads of `prometheus_query`, nothing recorded or planned."""

    def __init__(self, tool: Tool) -> None:
        self._tool = tool
        self.warnings: list[str] = []

    def read(self, tool: str, operation: str, /, **arguments: Any) -> ToolResult:
        """Run a read operation of the Prometheus tool."""
        call = ToolCall("", tool, operation, arguments)
        try:
            output = self._tool.invoke(operation, arguments)
        except AofError as error:
            return ToolResult.failed(call, error)
        self.warnings += [text for text in output.warnings if text not in self.warnings]
        return ToolResult(call, True, output.summary, output.data, warnings=output.warnings)

    def not_consulted(self, tool: str) -> str | None:
        """Only Prometheus can be asked."""
        return None if tool == self._tool.name else "an analysis alone asks only Prometheus"

    def configured(self, tool: str) -> bool:
        """Prometheus is; its URL was given."""
        return tool == self._tool.name

    def given(self, name: str, read: Callable[[], Any]) -> Any:
        """What is read; nothing is kept without a run."""
        return read()

    def record(self, source: str, data: Any, *, about: str = "") -> str:
        """Nothing is recorded without a run."""
        return ""

    def action(self, *_: Any, **__: Any) -> NoReturn:
        """An analysis proposes nothing."""
        raise UsageFault(
            "an analysis alone proposes no actions",
            fix="use: aofctl run agent library/cicd/deployment-guardian",
        )

    def recommend(self, *_: Any, **__: Any) -> NoReturn:
        """Nor recommends any."""
        raise UsageFault(
            "an analysis alone proposes no actions",
            fix="use: aofctl run agent library/cicd/deployment-guardian",
        )

    def note(self, text: str) -> None:
        """Nobody watches."""


def measure(
    app: str, settings: Mapping[str, Any], *, end: str, duration_s: float
) -> CanaryEvidence:
    """Evidence of the rollout of `app` up to `end` (RFC 3339; now when empty)."""
    from aof.playbooks.canary_metrics import CanaryMetrics

    calls, options, start, stop = _asked(settings, end, duration_s)
    return _evidence(CanaryMetrics(calls, options, start, stop).measure(app), calls.warnings)


def measure_halves(
    app: str, settings: Mapping[str, Any], *, end: str, duration_s: float
) -> CanaryEvidence:
    """Evidence whose two arms are halves of the stable version's pods."""
    from aof.playbooks.canary_halves import HalvedMetrics

    calls, options, start, stop = _asked(settings, end, duration_s)
    measured = HalvedMetrics(calls, options, start, stop).measure_halves(app)
    return _evidence(measured, calls.warnings)


def _asked(
    settings: Mapping[str, Any], end: str, duration_s: float
) -> tuple[_PrometheusOnly, CanaryOptions, float, float]:
    from pydantic import ValidationError

    from aof.playbooks.canary_options import CanaryOptions

    try:
        options = CanaryOptions.model_validate(dict(settings))
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        unknown = first["type"] == "extra_forbidden"
        raise UsageFault(
            f"--with {name}: {'there is no such setting' if unknown else first['msg']}",
            fix="settings: aofctl describe playbook canary",
        ) from None
    if duration_s < options.window_s:
        raise UsageFault(
            f"--duration is {duration_s:g} s: that holds no window of {options.window}",
            fix="measure longer, or --with window=30s",
        )
    stop = _moment(end).timestamp()
    return _PrometheusOnly(_tool()), options, stop - duration_s, stop


def _moment(text: str) -> datetime:
    if not text:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageFault(f"--end {text}: expected a time such as 2026-11-20T10:00:00Z") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _tool() -> Tool:
    from aof.tools.prometheus_query import PrometheusQuery

    wanted = [setting.name for setting in PrometheusQuery.settings_read]
    try:
        return PrometheusQuery.bind({name: os.environ.get(name, "") for name in wanted})
    except NotBound as error:
        error.fix = "set PROMETHEUS_URL, e.g. http://prometheus:9090"
        raise


def _evidence(measured: Measured, said: list[str]) -> CanaryEvidence:
    """The evidence, with what Prometheus `said` of its own answers."""
    from aof.analysis.canary import CanaryEvidence

    if measured.missing:
        raise UsageFault("Prometheus has nothing to judge", why=measured.missing)
    warnings = [*measured.evidence.get("warnings", ()), *(f"Prometheus: {text}" for text in said)]
    return CanaryEvidence.model_validate({**measured.evidence, "warnings": warnings})
