"""What a person would type for each change of `kubectl`; approvals match this text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aof.tools.base import quoted
from aof.transport.kubernetes import FIELD_MANAGER

Arguments = Mapping[str, Any]


def _target(arguments: Arguments) -> str:
    """`deployment/shop`, given as one argument or two."""
    resource = str(arguments.get("resource") or "<type>")
    name = arguments.get("name")
    if "/" in resource:
        return quoted(resource)
    shown = quoted(name or "<name>")
    return f"{quoted(resource)}/{shown}"


def _line(*words: str, arguments: Arguments) -> str:
    namespace = arguments.get("namespace")
    where = ["-n", quoted(namespace)] if namespace else []
    return " ".join([*(word for word in words if word), *where])


def apply(arguments: Arguments) -> str:
    """`kubectl apply --server-side ... -f - # deployment/shop, service/shop`."""
    given = arguments.get("manifests")
    manifests = given if isinstance(given, list | tuple) else []
    references = [_reference(one) for one in manifests if isinstance(one, Mapping)]
    force = "--force-conflicts" if arguments.get("force_conflicts") else ""
    line = _line(
        "kubectl apply --server-side",
        f"--field-manager={FIELD_MANAGER}",
        force,
        arguments=arguments,
    )
    return f"{line} -f - # {', '.join(references) or '<manifests>'}"


def scale(arguments: Arguments) -> str:
    """`kubectl scale deployment/shop --replicas=3`."""
    current = arguments.get("current_replicas")
    return _line(
        f"kubectl scale {_target(arguments)}",
        f"--replicas={quoted(arguments.get('replicas', '<replicas>'))}",
        f"--current-replicas={quoted(current)}" if current is not None else "",
        arguments=arguments,
    )


def rollout_undo(arguments: Arguments) -> str:
    """`kubectl rollout undo deployment/shop --to-revision=2`."""
    revision = arguments.get("to_revision")
    begin = f"kubectl rollout undo {_target(arguments)}"
    if _rollouts(arguments):
        begin = f"kubectl argo rollouts undo {_bare(arguments)}"
    flag = f"--to-revision={quoted(revision)}" if revision else ""
    return _line(begin, flag, arguments=arguments)


def rollout_restart(arguments: Arguments) -> str:
    """`kubectl rollout restart deployment/shop`."""
    if _rollouts(arguments):
        return _line(f"kubectl argo rollouts restart {_bare(arguments)}", arguments=arguments)
    return _line(f"kubectl rollout restart {_target(arguments)}", arguments=arguments)


def rollout_abort(arguments: Arguments) -> str:
    """`kubectl argo rollouts abort shop`."""
    return _line(f"kubectl argo rollouts abort {_bare(arguments)}", arguments=arguments)


def patch(arguments: Arguments) -> str:
    """`kubectl patch deployment/shop --type=merge -p '{"spec":{...}}'`."""
    body = arguments.get("patch", "<patch>")
    text = body if isinstance(body, str) else json.dumps(body, separators=(",", ":"))
    below = arguments.get("subresource")
    return _line(
        f"kubectl patch {_target(arguments)}",
        f"--type={quoted(arguments.get('patch_type') or 'strategic')}",
        f"--subresource={quoted(below)}" if below else "",
        f"-p {quoted(text)}",
        arguments=arguments,
    )


def delete(arguments: Arguments) -> str:
    """`kubectl delete service/shop`."""
    cascade, grace = arguments.get("cascade"), arguments.get("grace_period_s")
    return _line(
        f"kubectl delete {_target(arguments)}",
        f"--cascade={quoted(cascade)}" if cascade not in {None, "background"} else "",
        f"--grace-period={quoted(grace)}" if grace is not None else "",
        arguments=arguments,
    )


def _rollouts(arguments: Arguments) -> bool:
    """Whether the target is an Argo Rollout, which has a kubectl plugin of its own."""
    kind = str(arguments.get("resource") or "").partition("/")[0].partition(".")[0]
    return kind.lower() in {"rollout", "rollouts", "ro"}


def _bare(arguments: Arguments) -> str:
    given = str(arguments.get("resource") or "").partition("/")[2]
    return quoted(arguments.get("name") or given or "<name>")


def _reference(manifest: Mapping[str, Any]) -> str:
    """`deployment/shop` on one line: a line break would end the comment it stands in."""
    about = manifest.get("metadata")
    name = about.get("name", "") if isinstance(about, Mapping) else ""
    return quoted("".join(f"{str(manifest.get('kind', '')).lower()}/{name}".split()))
