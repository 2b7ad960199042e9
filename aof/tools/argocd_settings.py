"""JSON Patch steps that set one source of an Application, refusing when it changed meanwhile.

Pure. Each step that replaces something is preceded by a test of what was there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Step = dict[str, Any]


def setting_steps(
    source: Mapping[str, Any],
    at: str,
    *,
    revision: str,
    parameters: Mapping[str, str],
    images: Sequence[str],
) -> list[Step]:
    """RFC 6902 steps for what differs; none when all is set so already.

    Args:
        source: The source as it is.
        at: Where it is in the Application, e.g. `/spec/source`.
        revision: New target revision; '' keeps it.
        parameters: Helm parameters to set.
        images: Kustomize images to set.
    """
    steps: list[Step] = []
    if revision:
        steps += _replace(source, at, "targetRevision", revision)
    if parameters:
        helm = source.get("helm") or {}
        steps += _within(source, at, "helm")
        new = _merged_parameters(helm.get("parameters") or [], parameters)
        steps += _replace(helm, f"{at}/helm", "parameters", new)
    if images:
        kustomize = source.get("kustomize") or {}
        steps += _within(source, at, "kustomize")
        new_images = _merged_images(kustomize.get("images") or [], images)
        steps += _replace(kustomize, f"{at}/kustomize", "images", new_images)
    return steps if any(step["op"] == "add" for step in steps) else []


def _within(source: Mapping[str, Any], at: str, key: str) -> list[Step]:
    return [] if source.get(key) else [{"op": "add", "path": f"{at}/{key}", "value": {}}]


def _replace(holder: Mapping[str, Any], at: str, key: str, value: Any) -> list[Step]:
    path = f"{at}/{key}"
    if holder.get(key) == value:
        return []
    test = [{"op": "test", "path": path, "value": holder[key]}] if holder.get(key) else []
    return [*test, {"op": "add", "path": path, "value": value}]


def _merged_parameters(
    present: Sequence[Mapping[str, Any]], wanted: Mapping[str, str]
) -> list[dict[str, Any]]:
    merged = [
        {**one, "value": wanted[one["name"]]} if one.get("name") in wanted else dict(one)
        for one in present
    ]
    known = {one.get("name") for one in present}
    new = [{"name": name, "value": value} for name, value in wanted.items() if name not in known]
    return merged + new


def _merged_images(present: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """Images by the name they replace: `shop=registry/shop:2` and `shop:1` are of `shop`."""
    replaced = {image_name(one) for one in wanted}
    return [one for one in present if image_name(one) not in replaced] + list(wanted)


def image_name(image: str) -> str:
    """The name of the image that a Kustomize override is for."""
    if "=" in image:
        return image.split("=", 1)[0]
    head, slash, tail = image.partition("@")[0].rpartition("/")
    return head + slash + tail.split(":", 1)[0]
