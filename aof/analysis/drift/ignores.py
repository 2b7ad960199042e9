"""The team's own rules about what to ignore, as Argo CD and Flux read them.

Argo CD: `ignoreDifferences` with JSON pointers, field managers and jq expressions (these are
evaluated outside this package; `resolved` brings back the pointers they select). Flux:
`driftDetection.ignore` of a HelmRelease, `ignore` of a Kustomization, and the annotations on
objects themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from aof.analysis.drift.objects import annotations_of, mapping, metadata_of
from aof.analysis.drift.result import Identity

SSA = "kustomize.toolkit.fluxcd.io/ssa"
_DISABLED = {
    "kustomize.toolkit.fluxcd.io/reconcile": "disabled",
    "helm.toolkit.fluxcd.io/driftDetection": "disabled",
}


@dataclass(frozen=True, slots=True)
class Ignore:
    """One rule: which objects, and what to ignore of them.

    Attributes:
        pointers: JSON pointers; everything below is ignored. `""` is the whole object.
        managers: Field managers whose changes are ignored.
        expressions: jq paths, to be resolved by the caller.
        labels: Labels the object must carry.
        source: Where the rule stands, for the report.
    """

    source: str
    group: str = "*"
    kind: str = "*"
    name: str = "*"
    namespace: str = "*"
    pointers: tuple[str, ...] = ()
    managers: tuple[str, ...] = ()
    expressions: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    regular: bool = False

    def selects(self, identity: Identity, obj: Mapping[str, Any]) -> bool:
        """Whether the rule is about this object."""
        parts = (
            (self.group, identity.group),
            (self.kind, identity.kind),
            (self.name, identity.name),
            (self.namespace, identity.namespace),
        )
        if not all(_matches(pattern, text, regular=self.regular) for pattern, text in parts):
            return False
        labels = mapping(metadata_of(obj).get("labels"))
        return all(labels.get(name) == value for name, value in self.labels)


def read_argo_ignores(entries: Iterable[Mapping[str, Any]]) -> tuple[Ignore, ...]:
    """Read `spec.ignoreDifferences` of an Application, or the same list of argocd-cm."""
    return tuple(
        Ignore(
            source="Argo CD ignoreDifferences",
            group=str(entry["group"]) if entry.get("group") is not None else "",
            kind=str(entry.get("kind") or "*"),
            name=str(entry.get("name") or "*"),
            namespace=str(entry.get("namespace") or "*"),
            pointers=_strings(entry.get("jsonPointers")),
            managers=_strings(entry.get("managedFieldsManagers")),
            expressions=_strings(entry.get("jqPathExpressions")),
        )
        for entry in entries
    )


def read_flux_ignores(entries: Iterable[Mapping[str, Any]]) -> tuple[Ignore, ...]:
    """Read a list of `{paths, target}`; the parts of a target are anchored expressions."""
    rules = []
    for entry in entries:
        target = entry.get("target") or {}
        rules.append(
            Ignore(
                source="Flux ignore rule",
                group=str(target.get("group") or ".*"),
                kind=str(target.get("kind") or ".*"),
                name=str(target.get("name") or ".*"),
                namespace=str(target.get("namespace") or ".*"),
                pointers=_strings(entry.get("paths")),
                labels=_labels(str(target.get("labelSelector") or "")),
                regular=True,
            )
        )
    return tuple(rules)


def read_ignores(value: Any) -> tuple[Ignore, ...]:
    """Rules found in an Application, a HelmRelease, a Kustomization, or a bare list."""
    if isinstance(value, Mapping):
        spec = value.get("spec")
        spec = spec if isinstance(spec, Mapping) else {}
        argo = _entries(spec.get("ignoreDifferences") or value.get("ignoreDifferences"))
        detection = spec.get("driftDetection")
        helm = detection.get("ignore") if isinstance(detection, Mapping) else None
        flux = _entries(helm or spec.get("ignore"))
        return (*read_argo_ignores(argo), *read_flux_ignores(flux))
    entries = _entries(value)
    flux = [one for one in entries if "paths" in one]
    return (
        *read_argo_ignores(one for one in entries if "paths" not in one),
        *read_flux_ignores(flux),
    )


def _entries(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def ignored_by_annotation(*objects: Mapping[str, Any] | None) -> str:
    """Why Flux leaves this object alone, or an empty string.

    Looks at the manifest and the live object: either may carry the annotation.
    """
    for obj in objects:
        annotations = annotations_of(obj or {})
        for name, word in _DISABLED.items():
            if str(annotations.get(name, "")).casefold() == word:
                return f"{name}: {word}"
        mode = str(annotations.get(SSA, ""))
        if mode.casefold() in {"ignore", "ifnotpresent"}:
            return f"{SSA}: {mode}"
    return ""


def keeps_additions(*objects: Mapping[str, Any] | None) -> bool:
    """Whether Flux is told to leave fields of other managers in place (`ssa: Merge`)."""
    return any(str(annotations_of(obj or {}).get(SSA, "")).casefold() == "merge" for obj in objects)


def ignoring_rule(
    rules: Sequence[Ignore], resolved: Sequence[str], path: str, manager: str | None
) -> str:
    """What ignores a change at `path`, or an empty string.

    Args:
        rules: Those that select the object.
        resolved: Pointers its jq expressions select.
        path: JSON pointer of the change.
        manager: Who wrote it.
    """
    for rule in rules:
        if any(_covers(pointer, path) for pointer in rule.pointers):
            return f"{rule.source}: {path}"
        if manager is not None and manager in rule.managers:
            return f"{rule.source}: field manager {manager}"
    if any(_covers(pointer, path) for pointer in resolved):
        return "Argo CD ignoreDifferences: jqPathExpressions"
    return ""


def _covers(pointer: str, path: str) -> bool:
    pointer = pointer.rstrip("/")
    return path == pointer or path.startswith(pointer + "/")


def _matches(pattern: str, text: str, *, regular: bool) -> bool:
    if not regular:
        return fnmatchcase(text, pattern)
    try:
        return re.fullmatch(pattern, text) is not None
    except re.error:
        return False


def _labels(selector: str) -> tuple[tuple[str, str], ...]:
    parts = (part.replace("==", "=").partition("=") for part in selector.split(",") if "=" in part)
    return tuple((name.strip(), value.strip()) for name, _, value in parts)


def _strings(value: Any) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, list) else ()
