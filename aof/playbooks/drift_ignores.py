"""jq expressions of ignore rules, resolved for the objects they are about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aof.analysis.drift.ignores import Ignore
from aof.analysis.drift.objects import identity_of
from aof.transport.jq_expressions import resolve

Key = tuple[str, str, str]


def resolved_ignores(
    rules: Sequence[Ignore], desired: Sequence[Mapping[str, Any]], live: Sequence[Mapping[str, Any]]
) -> tuple[dict[Key, list[str]], list[str]]:
    """Pointers by (kind, namespace, name), and the expressions that could not be evaluated."""
    with_jq = [rule for rule in rules if rule.expressions]
    if not with_jq:
        return {}, []
    manifests = {_unplaced(obj): obj for obj in desired}
    pointers: dict[Key, list[str]] = {}
    problems: list[str] = []
    for obj in live:
        expressions = [
            expression
            for rule in with_jq
            if rule.selects(identity_of(obj), obj)
            for expression in rule.expressions
        ]
        if expressions:
            manifest = manifests.get(_unplaced(obj), {})
            pointers[_key(obj)], failed = resolve(expressions, obj, manifest)
            problems += failed
    return pointers, list(dict.fromkeys(problems))


def _unplaced(obj: Mapping[str, Any]) -> tuple[str, str]:
    """Kind and name: manifests may leave the namespace to the sync."""
    identity = identity_of(obj)
    return (identity.kind, identity.name)


def _key(obj: Mapping[str, Any]) -> Key:
    identity = identity_of(obj)
    return (identity.kind, identity.namespace, identity.name)
