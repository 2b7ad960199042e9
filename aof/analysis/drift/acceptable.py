"""Differences nobody needs to hear of: the rules of `data/acceptable.toml` applied."""

from __future__ import annotations

from dataclasses import dataclass

from aof.analysis.drift.paths import MISSING, pointer_pattern
from aof.analysis.drift.places import Place
from aof.analysis.drift.tables import AcceptableRule, Role, Tables
from aof.analysis.drift.writers import Writer


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the rules ask about the object.

    Attributes:
        autoscaled: An autoscaler in the same set of objects targets it.
        aggregated: It is a role filled from other roles.
    """

    tables: Tables
    group: str
    kind: str
    autoscaled: bool = False
    aggregated: bool = False


def accepting_rule(place: Place, writer: Writer | None, around: Surroundings) -> str | None:
    """The name of the rule that accepts a change, or None."""
    path = pointer_pattern(place.path)
    role = writer.role if writer is not None else Role.NONE
    for rule in around.tables.rules:
        if (
            (rule.path is None or path in rule.path)
            and (not rule.roles or role in rule.roles)
            and (rule.kinds is None or around.kind in rule.kinds)
            and (rule.groups is None or around.group in rule.groups)
            and (rule.actors is None or (writer is not None and writer.manager in rule.actors))
            and _holds(rule, place, writer, around)
        ):
            return rule.name
    return None


def _holds(rule: AcceptableRule, place: Place, writer: Writer | None, around: Surroundings) -> bool:
    if not rule.when:
        return True
    return {
        "scaled-through-subresource": writer is not None and writer.subresource == "scale",
        "autoscaled": around.autoscaled,
        "aggregated": around.aggregated,
        "undeclared": place.desired is MISSING,
        "admission": place.admission,
    }[rule.when]
