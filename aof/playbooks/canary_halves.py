"""Stable against stable: the two halves of the stable version's pods as the two arms."""

from __future__ import annotations

from dataclasses import dataclass, field

from aof.playbooks.canary_metrics import ARMS, CanaryMetrics, Measured

_POD_LABELS = ("pod", "kubernetes_pod_name", "pod_name")


@dataclass(slots=True)
class HalvedMetrics(CanaryMetrics):
    """Reads the stable version only; every second pod of it plays the canary."""

    half: dict[str, str] = field(default_factory=dict)

    def measure_halves(self, app: str) -> Measured:
        """Evidence in which both arms ran the stable version.

        Returns:
            What `measure` returns; `missing` says when there are fewer than two pods.
        """
        matcher, found, missing = self._find(app)
        if missing:
            return Measured(found or app, {"windows": []}, self.ids, missing)
        stable = super(HalvedMetrics, self)._selector(matcher, "baseline")
        metric = self.options.requests_metric
        series = self._matrix(f"{metric}{{{stable}}}[{int(self.end - self.start)}s]", "pods")
        for label in _POD_LABELS:
            pods = sorted({one.labels[label] for one in series if one.labels.get(label)})
            if len(pods) >= 2:
                parts = {"baseline": pods[0::2], "canary": pods[1::2]}
                self.half = {arm: f"{label}=~{_quoted(parts[arm])}" for arm in ARMS}
                return self.measure(app)
        return Measured(
            found, {"windows": []}, self.ids, "the stable version has fewer than two pods by name"
        )

    def _selector(self, matcher: str, arm: str) -> str:
        stable = super(HalvedMetrics, self)._selector(matcher, "baseline")
        return f"{stable}, {self.half[arm]}" if self.half else stable


def _quoted(pods: list[str]) -> str:
    """A PromQL regular expression for exactly these pods; names of pods hold `.` at worst."""
    return '"' + "|".join(pod.replace(".", "\\\\.") for pod in pods) + '"'
