"""Releases under faults: lost answers, server errors, races, rejected pushes, kills."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

from aof.errors import AofError
from aof.verdict import Assessment
from tests.playbooks.release_bench import Killed, ReleaseBench, release_bench
from tests.servers.loopback import Reply

FAULTS = (
    "kill before a step",
    "kill after a step",
    "5xx on creating the release",
    "5xx on publishing",
    "422 on creating the release",
    "answer lost on creating the release",
    "answer lost on publishing",
    "token refused",
    "somebody pushes first",
    "tags are rejected",
    "the remote is gone",
    "no fault",
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a faulty release ended: released, refused, or what is wrong with it."""

    faults: tuple[str, ...]
    ended: str
    told: tuple[str, ...]


def faulty_release(folder: Path, seed: int) -> Outcome:
    """Release under one or two faults, then again as a person would, up to five times."""
    dice = random.Random(seed)
    faults = (FAULTS[seed % len(FAULTS)], *dice.sample(FAULTS, dice.randint(0, 1)))
    with release_bench(folder) as bench:
        told: list[str] = []
        for attempt in range(5):
            try:
                found = bench.assess()
                if found.decision == "NO-RELEASE":
                    told.append(found.summary)
                    break
                fault = faults[attempt] if attempt < len(faults) else ""
                _apply(bench, found, fault, dice)
                told.append(f"applied: {found.summary}")
            except AofError as error:
                told.append(f"refused: {error.what}")
            except Killed:
                told.append("killed")
            _repair(bench)
        return Outcome(faults, _ended(bench, told), tuple(told))


def _apply(bench: ReleaseBench, found: Assessment, fault: str, dice: random.Random) -> None:
    step = dice.randrange(max(len(found.actions), 1))
    assert bench.github is not None
    server = bench.github
    before = after = -1
    if fault == "kill before a step":
        before = step
    elif fault == "kill after a step":
        after = step
    elif fault.startswith("5xx"):
        method = "POST" if "creating" in fault else "PATCH"
        server.plan(method, "/releases", *[Reply(dice.choice([500, 502, 503]), {})] * 2)
    elif fault.startswith("422"):
        server.plan("POST", "/releases", Reply(422, {"message": "Validation Failed"}))
    elif fault.startswith("answer lost"):
        server.lose("POST" if "creating" in fault else "PATCH", "/releases")
    elif fault == "token refused":
        server.plan("POST", "/releases", Reply(401, {"message": "Bad credentials"}))
    else:
        _disturb_git(bench, fault)
    bench.apply(found.actions, die_before=before, die_after=after)


def _disturb_git(bench: ReleaseBench, fault: str) -> None:
    remote = bench.remote.directory
    if fault == "somebody pushes first":
        other = bench.remote.clone(bench.folder / f"other-{len(list(bench.folder.iterdir()))}")
        other.time += 3600
        other.commit("docs: theirs", "theirs")
        other.git("push", "-q", "origin", "main")
    elif fault == "tags are rejected":
        hook = remote / "hooks" / "update"
        hook.write_text('#!/bin/sh\ncase "$1" in refs/tags/*) exit 1;; esac\n')
        hook.chmod(0o755)
    elif fault == "the remote is gone":
        remote.rename(remote.with_suffix(".gone"))


def _repair(bench: ReleaseBench) -> None:
    """What a person does between two runs: wait, pull, ask the administrators."""
    remote = bench.remote.directory
    if remote.with_suffix(".gone").exists():
        remote.with_suffix(".gone").rename(remote)
    (remote / "hooks" / "update").unlink(missing_ok=True)
    assert bench.github is not None
    bench.github.planned.clear()
    bench.github.lost.clear()
    bench.repo.git("fetch", "-q", "origin")
    ours, theirs = bench.repo.git("rev-parse", "main", "origin/main").split()
    if bench.repo.git("merge-base", "main", "origin/main") != theirs and ours != theirs:
        bench.repo.git("merge", "-q", "--no-edit", "origin/main")


def _ended(bench: ReleaseBench, told: list[str]) -> str:
    assert bench.github is not None
    listed = bench.github.changes.releases
    published = [one["tag_name"] for one in listed if not one["draft"]]
    tagged = bench.remote.git("tag", "--list", "v1.1.0")
    inside = bool(tagged) and bench.remote.git("branch", "--contains", "v1.1.0") != ""
    complete = published == ["v1.1.0"] and inside and len(listed) == 1
    says_done = (
        told[-1].startswith(("0 commits", "v1.1.0 is released")) or "none of which" in told[-1]
    )
    if len(published) > 1 or (published and not inside):
        return f"broken: {published}, tag inside main: {inside}"
    if says_done and not complete:
        return "half-made, but reported as done"
    if complete:
        return "released"
    return "refused" if told[-1].startswith("refused") else f"unfinished: {told[-1]}"
