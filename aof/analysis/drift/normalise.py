"""The parts of an object that are compared, spelled one way.

Server-made metadata and `status` go; a Secret's `stringData` moves into `data`; objects of
an older API version take the shape of the newer one.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from aof.analysis.drift.tables import Globs, Tables

_SKIPPED = frozenset({"apiVersion", "kind", "metadata", "status"})
_MASK = re.compile(r"[+*]{3,}|\(hidden\)|<hidden>|\[SECRET:.*\]|ENC\[.*\]", re.DOTALL)
_METADATA = ("finalizers", "ownerReferences")


def normalised(obj: Mapping[str, Any], tables: Tables) -> dict[str, Any]:
    """What is compared of an object; the object itself is left alone."""
    if obj.get("kind") == "Secret":
        obj = _with_folded_data(obj)
    kept = {name: value for name, value in obj.items() if name not in _SKIPPED}
    metadata = obj.get("metadata")
    kept["metadata"] = _metadata(metadata, tables) if isinstance(metadata, dict) else {}
    return kept


def to_version(obj: Mapping[str, Any], api_version: str) -> Mapping[str, Any]:
    """`obj` in the shape of `api_version`, for the built-in kinds whose fields changed."""
    convert = _CONVERSIONS.get((str(obj.get("apiVersion")), api_version, str(obj.get("kind"))))
    if convert is None:
        return obj
    try:
        return {**obj, "apiVersion": api_version, "spec": convert(obj.get("spec") or {})}
    except (AttributeError, TypeError):  # not of the shape it claims: compared as it is
        return obj


def readable(manifest: Mapping[str, Any], live: Mapping[str, Any]) -> Mapping[str, Any]:
    """A manifest whose secret values cannot be read, those taken from the live object.

    SOPS encrypts them, Argo CD shows them as plus signs: only their keys can be compared.
    """
    if not is_masked(manifest):
        return manifest
    found = live.get("data")
    held = found if isinstance(found, Mapping) else {}
    encrypted = isinstance(manifest.get("sops"), Mapping)
    rest = {name: value for name, value in manifest.items() if name != "sops"}
    for name in ("data", "stringData"):
        part = manifest.get(name)
        if isinstance(part, Mapping):
            unread = {
                key: held.get(key, "")
                for key, value in part.items()
                if (encrypted or _hides(value)) and not _hides(held.get(key))
            }
            rest[name] = {key: value for key, value in part.items() if key not in unread}
            rest["data"] = {**(rest.get("data") or {}), **unread}
    return rest


def normalised_live(obj: Mapping[str, Any], tables: Tables) -> dict[str, Any]:
    """As `normalised`; the empty value of a Secret comes from the server as null."""
    kept = normalised(obj, tables)
    if obj.get("kind") == "Secret" and isinstance(kept.get("data"), dict):
        kept["data"] = {key: "" if one is None else one for key, one in kept["data"].items()}
    return kept


def is_masked(manifest: Mapping[str, Any]) -> bool:
    """Whether the values of a Secret were replaced by something unreadable."""
    if isinstance(manifest.get("sops"), Mapping):
        return True
    if manifest.get("kind") != "Secret":
        return False
    parts = (manifest.get(name) for name in ("data", "stringData"))
    return any(
        _hides(value) for part in parts if isinstance(part, Mapping) for value in part.values()
    )


def _hides(value: Any) -> bool:
    return isinstance(value, str) and _MASK.fullmatch(value) is not None


def bad_base64(obj: Mapping[str, Any]) -> list[str]:
    """Keys of a Secret whose `data` is not base64: the server refuses it."""
    data = obj.get("data")
    if obj.get("kind") != "Secret" or not isinstance(data, dict):
        return []
    return [
        key for key, value in data.items() if isinstance(value, str) and _canonical(value) is None
    ]


def _metadata(metadata: Mapping[str, Any], tables: Tables) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, noise in (("labels", tables.noise.labels), ("annotations", tables.noise.annotations)):
        entries = metadata.get(name)
        kept[name] = _without(entries, noise) if isinstance(entries, dict) else {}
    for name in _METADATA:
        if metadata.get(name):
            kept[name] = metadata[name]
    return kept


def _without(entries: Mapping[str, Any], noise: Globs) -> dict[str, Any]:
    return {name: value for name, value in entries.items() if str(name) not in noise}


def _with_folded_data(obj: Mapping[str, Any]) -> Mapping[str, Any]:
    data = obj.get("data")
    folded: dict[str, Any] = {}
    for key, value in (data if isinstance(data, dict) else {}).items():
        canonical = _canonical(value) if isinstance(value, str) else None
        folded[key] = value if canonical is None else canonical
    plain = obj.get("stringData")
    for key, value in (plain if isinstance(plain, dict) else {}).items():
        is_text = isinstance(value, str)
        folded[key] = base64.b64encode(value.encode()).decode() if is_text else value
    return {name: value for name, value in obj.items() if name != "stringData"} | {"data": folded}


def _canonical(text: str) -> str | None:
    try:
        return base64.b64encode(base64.b64decode("".join(text.split()), validate=True)).decode()
    except (binascii.Error, ValueError):
        return None


def _autoscaler_to_v2(spec: Mapping[str, Any]) -> dict[str, Any]:
    converted = {name: value for name, value in spec.items() if name != _CPU}
    if spec.get(_CPU) is not None:
        target = {"type": "Utilization", "averageUtilization": spec[_CPU]}
        converted["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
    return converted


def _ingress_to_v1(spec: Mapping[str, Any]) -> dict[str, Any]:
    converted = {name: value for name, value in spec.items() if name != "backend"}
    if "backend" in spec:
        converted["defaultBackend"] = _backend(spec["backend"])
    rules = []
    for rule in spec.get("rules") or []:
        http = dict(rule.get("http") or {})
        http["paths"] = [
            {**path, "backend": _backend(path.get("backend") or {})}
            for path in http.get("paths") or []
        ]
        rules.append({**rule, "http": http} if "http" in rule else rule)
    if rules:
        converted["rules"] = rules
    return converted


def _backend(backend: Mapping[str, Any]) -> dict[str, Any]:
    if "serviceName" not in backend:
        return dict(backend)
    port = backend.get("servicePort")
    named = {"name": port} if isinstance(port, str) and not port.isdigit() else {"number": port}
    return {"service": {"name": backend["serviceName"], "port": named}}


_CPU = "targetCPUUtilizationPercentage"
_CONVERSIONS = {
    ("autoscaling/v1", "autoscaling/v2", "HorizontalPodAutoscaler"): _autoscaler_to_v2,
    ("networking.k8s.io/v1beta1", "networking.k8s.io/v1", "Ingress"): _ingress_to_v1,
    ("extensions/v1beta1", "networking.k8s.io/v1", "Ingress"): _ingress_to_v1,
}
