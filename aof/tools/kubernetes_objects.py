"""Reading Kubernetes objects: names, owners, events, secrets hidden, differences as text.

Pure functions over the JSON of the API. What a rollout is doing: `kubernetes_rollout`.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from typing import Any

JSON = Mapping[str, Any]

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_HIDDEN = "[SECRET:kubernetes-secret]"
_MOST_LINES = 4000


def metadata(manifest: JSON) -> dict[str, Any]:
    """`metadata`, or an empty mapping."""
    return manifest.get("metadata") or {}


def reference(manifest: JSON) -> str:
    """`deployment/shop`, as people name it."""
    return f"{str(manifest.get('kind', '')).lower()}/{metadata(manifest).get('name', '')}"


def without_managed_fields(manifest: JSON) -> dict[str, Any]:
    """A copy without `metadata.managedFields`."""
    kept = {key: item for key, item in metadata(manifest).items() if key != "managedFields"}
    return {**manifest, "metadata": kept}


def hide_last_applied(manifest: dict[str, Any]) -> dict[str, Any]:
    """A Secret whose last-applied annotation shows keys only; other kinds as they are.

    Secret data itself is masked wherever results are recorded or shown; the same data as
    text inside an annotation would not be recognised there.
    """
    if manifest.get("kind") != "Secret":
        return manifest
    annotations = metadata(manifest).get("annotations") or {}
    if LAST_APPLIED not in annotations:
        return manifest
    try:
        applied = json.loads(annotations[LAST_APPLIED])
        text = json.dumps(_masked(applied), separators=(",", ":"))
    except (ValueError, AttributeError):
        text = _HIDDEN
    hidden = {**annotations, LAST_APPLIED: text}
    return {**manifest, "metadata": {**metadata(manifest), "annotations": hidden}}


def hide_secret(manifest: dict[str, Any]) -> dict[str, Any]:
    """A Secret with keys only, everywhere; other kinds as they are."""
    if manifest.get("kind") != "Secret":
        return manifest
    return _masked(hide_last_applied(manifest))


def _masked(secret: JSON) -> dict[str, Any]:
    return {
        key: dict.fromkeys(item or {}, _HIDDEN) if key in {"data", "stringData"} else item
        for key, item in secret.items()
    }


def gitops_owner(manifest: JSON) -> str:
    """Which GitOps tool would undo a direct change of this object; '' when none says so."""
    annotations = metadata(manifest).get("annotations") or {}
    labels = metadata(manifest).get("labels") or {}
    tracking = annotations.get("argocd.argoproj.io/tracking-id")
    if tracking:
        return f"Argo CD application {str(tracking).split(':', 1)[0]}"
    if labels.get("argocd.argoproj.io/instance"):
        return f"Argo CD application {labels['argocd.argoproj.io/instance']}"
    for kind in ("kustomize", "helm"):
        prefix = f"{kind}.toolkit.fluxcd.io"
        if labels.get(f"{prefix}/name"):
            word = {"kustomize": "Kustomization", "helm": "HelmRelease"}[kind]
            return f"Flux {word} {labels.get(f'{prefix}/namespace')}/{labels[f'{prefix}/name']}"
    return ""


def brief_event(event: JSON) -> dict[str, Any]:
    """The parts of an Event that people read; `last` is RFC 3339 or None."""
    about = event.get("involvedObject") or event.get("regarding") or {}
    series = event.get("series") or {}
    return {
        "last": series.get("lastObservedTime")
        or event.get("lastTimestamp")
        or event.get("eventTime")
        or metadata(event).get("creationTimestamp"),
        "type": event.get("type"),
        "reason": event.get("reason"),
        "object": f"{str(about.get('kind', '')).lower()}/{about.get('name', '')}",
        "namespace": about.get("namespace"),
        "message": str(event.get("message") or event.get("note") or "").strip(),
        "count": series.get("count") or event.get("count") or 1,
    }


def brief_pod(pod: JSON) -> dict[str, Any]:
    """How a pod is: phase, readiness, restarts, and why containers wait or ended."""
    status = pod.get("status") or {}
    containers = status.get("containerStatuses") or []
    reasons = []
    for container in [*(status.get("initContainerStatuses") or []), *containers]:
        for when in ("state", "lastState"):
            for how in ("waiting", "terminated"):
                said = (container.get(when) or {}).get(how) or {}
                if said.get("reason") and said["reason"] != "Completed":
                    reasons.append(f"{container.get('name')}: {said['reason']}")
    return {
        "name": metadata(pod).get("name"),
        "phase": status.get("phase"),
        "ready": f"{sum(bool(one.get('ready')) for one in containers)}/{len(containers)}",
        "restarts": sum(int(one.get("restartCount") or 0) for one in containers),
        "reasons": sorted(set(reasons)),
        "node": (pod.get("spec") or {}).get("nodeName"),
        "started_at": status.get("startTime"),
        "images": [one.get("image") for one in (pod.get("spec") or {}).get("containers") or []],
    }


def selector_text(selector: JSON) -> str:
    """A `matchLabels`/`matchExpressions` selector as the query parameter has it."""
    parts = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    for rule in selector.get("matchExpressions") or []:
        key, values = rule.get("key"), ",".join(rule.get("values") or [])
        word = {"In": f"{key} in ({values})", "NotIn": f"{key} notin ({values})", "Exists": key}
        parts.append(str(word.get(str(rule.get("operator")), f"!{key}")))
    return ",".join(parts)


def difference(before: JSON | None, after: JSON | None) -> str:
    """A unified diff of two objects as YAML; values of Secrets are hidden.

    Left out: what the server counts and stamps itself (managedFields, resourceVersion,
    generation, uid, creationTimestamp, status).
    """
    old, new = _comparable(before), _comparable(after)
    if "Secret" in {(before or {}).get("kind"), (after or {}).get("kind")}:
        old, new = _hide_pair(old, new)
    return _unified(_lines(old), _lines(new))


def _comparable(manifest: JSON | None) -> dict[str, Any] | None:
    if manifest is None:
        return None
    stamped = {"managedFields", "resourceVersion", "generation", "uid", "creationTimestamp"}
    kept = {key: item for key, item in metadata(manifest).items() if key not in stamped}
    shown = {key: item for key, item in manifest.items() if key != "status"}
    return {**shown, "metadata": kept}


def _hide_pair(
    before: dict[str, Any] | None, after: dict[str, Any] | None
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Both sides with values hidden, so that it still shows which keys changed."""

    def hidden(side: dict[str, Any] | None, other: dict[str, Any] | None, mark: str) -> Any:
        if side is None:
            return None
        shown = hide_last_applied({**side, "kind": "Secret"})
        for block in ("data", "stringData"):
            theirs = ((other or {}).get(block)) or {}
            if block in shown:
                shown[block] = {
                    key: "***" if theirs.get(key) == value else f"*** ({mark})"
                    for key, value in (shown[block] or {}).items()
                }
        return shown

    return hidden(before, after, "before"), hidden(after, before, "after")


def _lines(manifest: JSON | None) -> list[str]:
    if manifest is None:
        return []
    import yaml

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text: str = yaml.dump(dict(manifest), Dumper=dumper, sort_keys=True, allow_unicode=True)
    return text.splitlines()


def _unified(before: list[str], after: list[str]) -> str:
    """Like `diff -u`; a huge changed middle is counted, not printed."""
    if before == after:
        return ""
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    most = min(len(before), len(after)) - start
    while end < most and before[-1 - end] == after[-1 - end]:
        end += 1
    gone, come = len(before) - start - end, len(after) - start - end
    if max(gone, come) > _MOST_LINES:
        return f"@@ line {start + 1} @@\n{gone} lines replaced by {come}; too many to show"
    # Lines far from the change cost time and say nothing.
    low, high = max(start - 3, 0), 3
    old = before[low : len(before) - max(end - high, 0)]
    new = after[low : len(after) - max(end - high, 0)]
    lines = list(difflib.unified_diff(old, new, "before", "after", lineterm="", n=3))
    return "\n".join(lines)
