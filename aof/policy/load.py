"""Which policies hold here: those of `AOF_POLICY`, those of `.aof/policies`, else our own.

A policy that cannot be read stops everything: without it nobody knows what is forbidden.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from aof.errors import AofError, ManifestError, UsageFault
from aof.manifests.loader import load_file, manifest_files
from aof.manifests.policy import Policy
from aof.policy.evaluate import Policies
from aof.policy.people import Directory

POLICY_FOLDER = Path(".aof") / "policies"


def load_policies(folder: Path, environment: Mapping[str, str]) -> Policies:
    """The policies in force for a run in `folder`.

    `AOF_POLICY` holds files or folders, separated as in PATH. The shipped default holds
    only where there is no other policy.

    Raises:
        ManifestError: A policy is wrong, or there is none where `AOF_POLICY` points.
    """
    named = [Path(part) for part in environment.get("AOF_POLICY", "").split(os.pathsep) if part]
    documents = [policy for path in named for policy in read_policies(path)]
    own = folder / POLICY_FOLDER
    if own.is_dir():
        documents += read_policies(own)
    return policies_of(documents or read_policies(shipped_policy()))


def policies_of(documents: list[Policy]) -> Policies:
    """Policies with their teams and people put together."""
    teams = {name: tuple(who) for policy in documents for name, who in policy.spec.teams.items()}
    people = {name: tuple(who) for policy in documents for name, who in policy.spec.people.items()}
    return Policies(tuple(documents), Directory(teams, people))


def shipped_policy() -> Path:
    """The policy that holds where nobody wrote one."""
    return Path(str(resources.files("aof.policy").joinpath("default.yaml")))


def read_policies(path: Path) -> list[Policy]:
    """Every policy of a file or folder; other kinds in the same files are refused."""
    found: list[Policy] = []
    problems: list[AofError] = []
    for file in manifest_files([path]):
        loaded, wrong = load_file(file)
        problems += wrong
        for item in loaded:
            if isinstance(item.manifest, Policy):
                found.append(item.manifest)
            else:
                problems.append(UsageFault(f"expected a Policy, found {item.kind}", **item.at()))
    if not found and not problems:
        problems.append(UsageFault("there is no policy", file=str(path)))
    if problems:
        raise ManifestError(problems)
    return found
