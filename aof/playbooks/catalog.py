"""Every playbook by the name manifests use."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from aof.errors import UsageFault, did_you_mean

if TYPE_CHECKING:
    from aof.playbooks.base import Playbook

PLAYBOOKS: dict[str, str] = {
    "release": "aof.playbooks.release:Release",
    "canary": "aof.playbooks.canary:Canary",
    "ci_failure": "aof.playbooks.ci_failure:CiFailure",
    "gitops_drift": "aof.playbooks.gitops_drift:GitopsDrift",
}


def check_name(name: str) -> None:
    """`UsageFault` with a suggestion when no playbook is called `name`; imports none."""
    if name not in PLAYBOOKS:
        raise UsageFault(
            f"unknown playbook '{name}'",
            why=f"there are: {', '.join(sorted(PLAYBOOKS))}",
            fix=did_you_mean(name, PLAYBOOKS),
        )


def playbook(name: str) -> Playbook:
    """The playbook called `name`; see `check_name` for when there is none."""
    check_name(name)
    module, _, attribute = PLAYBOOKS[name].partition(":")
    made: Playbook = getattr(importlib.import_module(module), attribute)()
    return made
