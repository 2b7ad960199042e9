"""What Flux makes of the manifests in Git before it applies them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aof.analysis.drift.objects import mapping
from aof.errors import AofError, UsageFault
from aof.playbooks.base import Calls
from aof.playbooks.flux_variables import Variables
from aof.transport.kubernetes_documents import Object, parse_values
from aof.transport.kustomize import overlay

_CHANGES = ("patches", "images", "namePrefix", "nameSuffix")
_NOT_APPLIED = "is not applied here; differences it makes show as drift"


class FluxBuild:
    """The changes one Kustomization object asks for.

    Args:
        calls: Reads the ConfigMaps that hold variables.
        name: Of the Kustomization, for warnings.
        namespace: Its own.
        spec: Of the Kustomization.
    """

    def __init__(self, calls: Calls, name: str, namespace: str, spec: Mapping[str, Any]) -> None:
        self.warnings: list[str] = []
        self._name = name
        self._changes = {word: spec[word] for word in _CHANGES if spec.get(word)}
        self._target = str(spec.get("targetNamespace") or "")
        self._variables = self._read_variables(calls, namespace, mapping(spec.get("postBuild")))
        if spec.get("components"):
            self._warn("spec.components", _NOT_APPLIED)

    def of(self, objects: Sequence[Object]) -> list[Object]:
        """The objects Flux applies for what Git has."""
        built = self._in_namespace(self._overlaid(objects))
        if self._variables is None:
            return built
        built = self._variables.applied(built)
        if unknown := self._variables.unknown:
            names = ", ".join(sorted(unknown))
            self._warn("spec.postBuild", f"has no value here for {names}; they are left in place")
        return built

    def _warn(self, what: str, words: str) -> None:
        text = f"{self._name}: {what} {words}"
        if text not in self.warnings:
            self.warnings.append(text)

    def _overlaid(self, objects: Sequence[Object]) -> list[Object]:
        if not self._changes or not objects:
            return list(objects)
        try:
            return overlay(objects, self._changes)
        except AofError as error:
            for word in self._changes:
                self._warn(f"spec.{word}", f"{_NOT_APPLIED} ({error.why or error.what})")
            return list(objects)

    def _in_namespace(self, objects: list[Object]) -> list[Object]:
        """Flux' targetNamespace replaces whatever manifests say."""
        if not self._target:
            return objects
        return [
            {**one, "metadata": {**(one.get("metadata") or {}), "namespace": self._target}}
            for one in objects
        ]

    def _read_variables(
        self, calls: Calls, namespace: str, post_build: Mapping[str, Any]
    ) -> Variables | None:
        values: dict[str, str] = {}
        complete = True
        for source in post_build.get("substituteFrom") or []:
            found = self._source(calls, namespace, mapping(source))
            complete = complete and found is not None
            values.update(found or {})
        values.update(_texts(post_build.get("substitute")))
        if not values and complete:
            return None  # Flux replaces nothing where nothing is given
        return Variables(values, complete, _scalar)

    def _source(
        self, calls: Calls, namespace: str, source: Mapping[str, Any]
    ) -> dict[str, str] | None:
        """Variables of one ConfigMap; None when they are not known. Secrets are not read."""
        kind, name = str(source.get("kind")), str(source.get("name"))
        if kind != "ConfigMap" or calls.not_consulted("kubectl") is not None:
            self._warn("spec.postBuild", f"takes variables from {kind}/{name}, which is not read")
            return None
        answer = calls.read(
            "kubectl",
            "get",
            resource="configmap",
            name=name,
            namespace=namespace,
            ignore_not_found=bool(source.get("optional")),
        )
        if not answer.ok:
            self._warn("spec.postBuild", f"takes variables from {kind}/{name}: {answer.failure}")
            return None
        return _texts(mapping(answer.data).get("data"))


def _texts(value: Any) -> dict[str, str]:
    return {str(name): str(one) for name, one in mapping(value).items() if one is not None}


def _scalar(text: str) -> Any:
    """What a plain scalar of YAML stands for."""
    try:
        values = parse_values(text.encode(), name="a variable")
    except UsageFault:
        return text
    value = values[0] if values else None
    return text if isinstance(value, (dict, list)) else value
