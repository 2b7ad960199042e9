"""Releases under faults: lost answers, server errors, races, rejected pushes, kills."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock

from aof.errors import AofError, Unreachable
from aof.transport.git_writer import GitWriter
from aof.transport.process import Completed
from aof.verdict import Assessment
from tests.playbooks.release_bench import Killed, ReleaseBench, release_bench
from tests.servers.faulty import (
    EXPIRED,
    SLOW,
    SLOW_S,
    STALE,
    STARTER,
    TAKEN,
    TRUNCATED,
    Faulty,
)
from tests.servers.gitlab import GitlabServer
from tests.servers.loopback import Loopback

HTTP_FAULTS = (
    "401", "404", "409", "422", "429", "500", "502", "503", "drop", "lost", "cut", "half", "page",
    "limited", TRUNCATED, STARTER, TAKEN, STALE, EXPIRED, SLOW,
)  # fmt: skip
REFUSALS = {
    "tags are protected": (
        "refs/tags/*",
        "GitLab: You are not allowed to create this tag as it is protected.",
    ),
    "a rule set refuses tags": (
        "refs/tags/*",
        "error: GH013: Repository rule violations found for refs/tags/v1.1.0.",
    ),
    "the branch is protected": (
        "refs/heads/main",
        "error: GH006: Protected branch update failed for refs/heads/main.",
    ),
}
"""What a hook of the remote refuses, and in which words."""
PUSH_FAULTS = (
    "another commit at the last moment",
    "another tag at the last moment",
    "the answer to the push is lost",
    "the push does not end",
)
OTHER_FAULTS = (
    "kill before a step",
    "kill after a step",
    "somebody pushes first",
    *REFUSALS,
    *(f"{one}, and nothing is atomic" for one in REFUSALS),
    *PUSH_FAULTS,
    "the remote is gone",
    "the clock is behind",
    "the clock is ahead",
    "no fault",
)
FAULTS = (*OTHER_FAULTS, *HTTP_FAULTS)
FORGES = ("github", "gitlab")
CONTENT = b"content of the asset"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a faulty release ended: released, refused, or what is wrong with it."""

    faults: tuple[str, ...]
    ended: str
    told: tuple[str, ...]


def faulty_release(folder: Path, seed: int, forge: str = "github") -> Outcome:
    """Release under one or two faults, then again as a person would, up to five times.

    Some repositories have no file that follows the version, so that no commit is made; some
    have immutable releases; in some somebody commits between two runs.
    """
    dice = random.Random(seed)
    faults = (FAULTS[seed % len(FAULTS)], *dice.sample(FAULTS, dice.randint(0, 1)))
    with _bench(folder, forge) as (bench, server):
        options = _settings(bench, server, dice)
        told: list[str] = []
        for attempt in range(5):
            fault = faults[attempt] if attempt < len(faults) else ""
            try:
                found = bench.assess(assets=["app.zip"], **options)
                if found.decision == "NO-RELEASE":
                    told.append(" ".join([found.summary, *(one.title for one in found.findings)]))
                    break
                told.append(_apply(bench, server, found, fault, dice))
            except AofError as error:
                told.append(f"refused: {error.what}")
            except Killed:
                told.append("killed")
            _repair(bench)
            if dice.random() < 0.2:
                bench.repo.commit("docs: meanwhile", f"docs{attempt}")
                bench.repo.git("push", "-q", "origin", "HEAD:main")
        return Outcome(faults, _ended(bench, told), tuple(told))


def _settings(bench: ReleaseBench, server: Loopback, dice: random.Random) -> dict[str, Any]:
    if bench.github is not None:
        bench.github.changes.immutable = dice.random() < 0.5
    if dice.random() < 0.7:
        return {}
    bench.repo.git("rm", "-q", "package.json", "CHANGELOG.md")
    bench.repo.commit("chore: no file follows the version")
    bench.push()
    return {"release": {"changelog": {"file": ""}}}


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
) -> str:
    """Apply with the fault; returns what a person is told."""
    if not found.actions:
        return f"refused: {found.summary}"
    step = dice.choice(found.actions).id
    before = step if fault == "kill before a step" else ""
    after = step if fault == "kill after a step" else ""
    injected: list[str] = []
    if fault in HTTP_FAULTS:
        injected = ["none"] * dice.randrange(3) + [fault] * dice.choice([1, 1, 2, 9])
    skew = {"the clock is behind": -3, "the clock is ahead": 3}.get(fault, 0)
    bench.now += timedelta(days=skew)
    _disturb_remote(bench, fault)
    faulty = Faulty(server, injected, changes_only=dice.random() < 0.7)
    try:
        with _disturbed_push(bench, fault), _patience(fault):
            outcome = bench.apply_plan(found, die_before=before, die_after=after)
    finally:
        faulty.end()
        bench.now -= timedelta(days=skew)
    return f"refused: {outcome.stopped}" if outcome.stopped else f"applied: {found.summary}"


def _patience(fault: str) -> contextlib.AbstractContextManager[Any]:
    """Little of it where the server is slow."""
    limits = {"TIMEOUT_S": SLOW_S / 3, "UPLOAD_S": SLOW_S / 3}
    slow = mock.patch.multiple("aof.tools.forge_api", **limits)
    return slow if fault == SLOW else contextlib.nullcontext()


def _disturb_remote(bench: ReleaseBench, fault: str) -> None:
    remote = bench.remote.directory
    refused, _, atomic = fault.partition(", and nothing is ")
    if fault == "somebody pushes first":
        _other_commit(bench)
    elif refused in REFUSALS:
        pattern, words = REFUSALS[refused]
        hook = remote / "hooks" / "update"
        hook.write_text(f'#!/bin/sh\ncase "$1" in {pattern}) echo "{words}" >&2; exit 1;; esac\n')
        hook.chmod(0o755)
        bench.remote.git("config", "receive.advertiseAtomic", "false" if atomic else "true")
    elif fault == "the remote is gone":
        remote.rename(remote.with_suffix(".gone"))


def _disturbed_push(bench: ReleaseBench, fault: str) -> contextlib.AbstractContextManager[Any]:
    """Something happens between the last look at the remote and the end of the push."""
    if fault not in PUSH_FAULTS:
        return contextlib.nullcontext()
    real: Callable[..., Completed] = GitWriter._push

    def push(writer: GitWriter, remote: str, names: Sequence[str], *options: str) -> Completed:
        if fault == "another commit at the last moment":
            _other_commit(bench)
        if fault == "another tag at the last moment":
            bench.remote.git("tag", "--force", "v1.1.0", "main")
        done = real(writer, remote, names, *options)
        if fault == "the push does not end":
            raise Unreachable("git push did not end within 180 s")
        if fault == "the answer to the push is lost":
            return replace(done, returncode=128, stderr=b"fatal: the remote end hung up")
        return done

    return mock.patch.object(GitWriter, "_push", push)


def _other_commit(bench: ReleaseBench) -> None:
    other = bench.remote.clone(bench.folder / f"other-{len(list(bench.folder.iterdir()))}")
    other.time += 3600
    other.commit("docs: theirs", "theirs")
    other.git("push", "-q", "origin", "main")


def _repair(bench: ReleaseBench) -> None:
    """What a person does between two runs: wait, pull, ask the administrators."""
    bench.later(minutes=10)
    remote = bench.remote.directory
    if remote.with_suffix(".gone").exists():
        remote.with_suffix(".gone").rename(remote)
    (remote / "hooks" / "update").unlink(missing_ok=True)
    bench.remote.git("config", "receive.advertiseAtomic", "true")
    bench.repo.git("fetch", "-q", "--no-tags", "origin")
    ours, theirs = bench.repo.git("rev-parse", "main", "origin/main").split()
    if bench.repo.git("merge-base", "main", "origin/main") != theirs and ours != theirs:
        bench.repo.git("merge", "-q", "--no-edit", "origin/main")


def _ended(bench: ReleaseBench, told: list[str]) -> str:
    published = _published(bench)
    tagged = bench.remote.git("tag", "--list", "v1.1.0")
    inside = bool(tagged) and bench.remote.git("branch", "--contains", "v1.1.0") != ""
    complete = published == [("v1.1.0", {"app.zip": len(CONTENT)})] and inside
    if tagged and not inside:
        return "broken: a tag that main does not contain"
    if "v1.1.0 is published without app.zip" in told[-1] or told[-1].startswith("refused"):
        return "released" if complete else "refused"
    if len(published) > 1 or (published and not complete):
        return f"broken: {published}"
    says_done = " since v1.1.0" in told[-1] or told[-1].startswith("v1.1.0 is released")
    if says_done and not complete:
        return "half-made, but reported as done"
    return "released" if complete else f"unfinished: {told[-1]}"


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
