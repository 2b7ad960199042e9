"""Releases under faults: lost answers, server errors, races, rejected pushes, kills."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from aof.errors import AofError
from aof.verdict import Assessment
from tests.playbooks.release_bench import Killed, ReleaseBench, release_bench
from tests.servers.faulty import TRUNCATED, Faulty
from tests.servers.gitlab import GitlabServer
from tests.servers.loopback import Loopback

HTTP_FAULTS = ("401", "409", "422", "429", "500", "502", "503", "drop", "lost", "cut", TRUNCATED)
FAULTS = (
    "kill before a step",
    "kill after a step",
    *HTTP_FAULTS,
    "somebody pushes first",
    "tags are rejected",
    "the remote is gone",
    "no fault",
)
FORGES = ("github", "gitlab")
CONTENT = b"content of the asset"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a faulty release ended: released, refused, or what is wrong with it."""

    faults: tuple[str, ...]
    ended: str
    told: tuple[str, ...]


def faulty_release(folder: Path, seed: int, forge: str = "github") -> Outcome:
    """Release under one or two faults, then again as a person would, up to five times."""
    dice = random.Random(seed)
    faults = (FAULTS[seed % len(FAULTS)], *dice.sample(FAULTS, dice.randint(0, 1)))
    with _bench(folder, forge) as (bench, server):
        told: list[str] = []
        for attempt in range(5):
            try:
                found = bench.assess(assets=["app.zip"])
                if found.decision == "NO-RELEASE":
                    told.append(found.summary)
                    break
                fault = faults[attempt] if attempt < len(faults) else ""
                _apply(bench, server, found, fault, dice)
                told.append(f"applied: {found.summary}")
            except AofError as error:
                told.append(f"refused: {error.what}")
            except Killed:
                told.append("killed")
            _repair(bench)
        return Outcome(faults, _ended(bench, told), tuple(told))


@contextlib.contextmanager
def _bench(folder: Path, forge: str) -> Iterator[tuple[ReleaseBench, Loopback]]:
    with contextlib.ExitStack() as stack:
        bench = stack.enter_context(release_bench(folder, github=forge == "github"))
        server: Loopback | None = bench.github
        if forge == "gitlab":
            server = gitlab = GitlabServer()
            stack.enter_context(gitlab.running())
            bench.use_gitlab(gitlab)
        assert server is not None
        (folder / "app.zip").write_bytes(CONTENT)
        stack.enter_context(contextlib.chdir(folder))
        stack.enter_context(mock.patch("aof.transport.http._pause", lambda *_: 0.0))
        yield bench, server


def _apply(
    bench: ReleaseBench, server: Loopback, found: Assessment, fault: str, dice: random.Random
) -> None:
    step = dice.randrange(max(len(found.actions), 1))
    before = step if fault == "kill before a step" else -1
    after = step if fault == "kill after a step" else -1
    injected: list[str] = []
    if fault in HTTP_FAULTS:
        injected = ["none"] * dice.randrange(3) + [fault] * dice.choice([1, 1, 2, 9])
    _disturb_git(bench, fault)
    faulty = Faulty(server, injected, changes_only=dice.random() < 0.7)
    try:
        bench.apply(found.actions, die_before=before, die_after=after)
    finally:
        faulty.end()


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
    bench.repo.git("fetch", "-q", "origin")
    ours, theirs = bench.repo.git("rev-parse", "main", "origin/main").split()
    if bench.repo.git("merge-base", "main", "origin/main") != theirs and ours != theirs:
        bench.repo.git("merge", "-q", "--no-edit", "origin/main")


def _ended(bench: ReleaseBench, told: list[str]) -> str:
    published = _published(bench)
    tagged = bench.remote.git("tag", "--list", "v1.1.0")
    inside = bool(tagged) and bench.remote.git("branch", "--contains", "v1.1.0") != ""
    complete = published == [("v1.1.0", {"app.zip": len(CONTENT)})] and inside
    says_done = (
        told[-1].startswith(("0 commits", "v1.1.0 is released")) or "none of which" in told[-1]
    )
    if len(published) > 1 or (published and not (inside and complete)):
        return f"broken: {published}, tag inside main: {inside}"
    if says_done and not complete:
        return "half-made, but reported as done"
    if complete:
        return "released"
    return "refused" if told[-1].startswith("refused") else f"unfinished: {told[-1]}"


def _published(bench: ReleaseBench) -> list[tuple[str, dict[str, int]]]:
    """Tags of published releases, and the sizes of the files people get there."""
    if bench.github is not None:
        return [
            (one["tag_name"], {asset["name"]: asset["size"] for asset in one["assets"]})
            for one in bench.github.changes.releases
            if not one["draft"]
        ]
    assert bench.gitlab is not None
    changes = bench.gitlab.changes
    sizes = {one["file_name"]: one["size"] for one in changes.files}
    return [
        (one["tag_name"], {link["name"]: sizes[link["name"]] for link in one["assets"]["links"]})
        for one in changes.releases
    ]
