"""kill -9 of the process that applies a release: after each step, and in the middle of uploads."""

import os
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from aof.clock import SystemClock, isoformat
from tests.cli.aofctl import Ran
from tests.cli.forked import forked
from tests.git_sandbox import GitSandbox
from tests.playbooks.flux_bench import OPTIONS, cluster_of, write_pins
from tests.playbooks.release_world import IDENTITY, World, write_agent

GIT_STEPS = ["commit-tree", "read-tree -m", "update-ref", "--annotate", "push"]
FORGE_STEPS = {
    "github": [
        "POST /repos/acme/shop/releases",
        "half of POST app.zip",
        "POST app.zip",
        "half of POST sums.txt",
        "POST sums.txt",
        "PATCH /repos/acme/shop/releases/",
    ],
    "gitlab": ["half of PUT app.zip", "PUT app.zip", "PUT sums.txt", "POST /project/releases"],
}
KILLS = [("github", step) for step in GIT_STEPS] + [
    (forge, step) for forge, steps in FORGE_STEPS.items() for step in steps
]


def released(folder: Path, forge: str, kill_at: str = "") -> tuple[str, str, str, Any]:
    """Release, being killed once at the step named; what the world is then."""
    world = World(folder, forge)
    with world.server.running():
        plan = world.plan()
        assert plan is not None
        path = deadly_git(folder, kill_at) if kill_at in GIT_STEPS else ""
        if kill_at and not path:
            world.deadly(kill_at)
        ran = world.apply(plan, path)
        assert ran.code == (-signal.SIGKILL if kill_at else 0), ran.out + ran.err
        again = world.plan()
        if again is not None:
            ran = world.apply(again)
            assert ran.code == 0, ran.out + ran.err
            assert world.plan() is None
        return world.state()


def run(repo: GitSandbox, *arguments: str, **environment: str) -> Ran:
    return forked(*arguments, cwd=repo.directory, **{**IDENTITY, **environment})


def deadly_git(folder: Path, word: str) -> str:
    """A PATH whose git does its work and then, once, kills whoever called it."""
    real = shutil.which("git")
    script = folder / "bin" / "git"
    script.parent.mkdir()
    script.write_text(
        f'#!/bin/sh\n{real} "$@"\ncode=$?\n'
        f'case " $* " in *" {word} "*) [ -e {folder}/killed ] || '
        f"{{ touch {folder}/killed; kill -9 $PPID; }};; esac\nexit $code\n"
    )
    script.chmod(0o755)
    return f"{script.parent}:{os.environ['PATH']}"


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return {forge: released(tmp_path_factory.mktemp(forge), forge) for forge in FORGE_STEPS}


@pytest.mark.parametrize(("forge", "step"), KILLS)
def test_killed_at_a_step_a_new_run_ends_the_same(
    tmp_path: Path, forge: str, step: str, undisturbed: dict[str, Any]
) -> None:
    assert released(tmp_path, forge, step) == undisturbed[forge]


def promoted(folder: Path, kill_after: str) -> tuple[str, str]:
    """Promote v1.1.0 to dev by a pin, being killed once; the branch then, and the run after."""
    remote = GitSandbox(folder / "remote.git", bare=True)
    repo = GitSandbox(folder / "repo")
    repo.git("remote", "add", "origin", str(remote.directory))
    write_pins(repo, "shop")
    repo.commit("feat: first")
    repo.tag("v1.1.0")
    repo.git("push", "-q", "--follow-tags", "origin", "main")
    agent = folder / "agent.yaml"
    write_agent(agent, ["git", "flux"], app="shop", **OPTIONS)
    cluster = cluster_of(remote, "shop")
    with cluster.running():
        cluster.turn(isoformat(SystemClock().now()))
        config = str(cluster.kubeconfig(folder))
        ask = ("run", "agent", str(agent), "Go on", "-o", "json")
        killer = deadly_git(folder, kill_after) if kill_after else os.environ["PATH"]
        plan = run(repo, *ask, KUBECONFIG=config).json()["plan_id"]
        assert run(repo, "approve", plan, KUBECONFIG=config).code == 0
        ran = run(repo, "apply", plan, PATH=killer, KUBECONFIG=config)
        assert ran.code == (-9 if kill_after else 0), ran.out + ran.err
        again = run(repo, *ask, KUBECONFIG=config).json()
        if again["plan_id"]:
            assert run(repo, "approve", again["plan_id"], KUBECONFIG=config).code == 0
            assert run(repo, "apply", again["plan_id"], KUBECONFIG=config).code == 0
        cluster.turn(isoformat(SystemClock().now()))
        done = run(repo, *ask, KUBECONFIG=config).json()
    assert repo.git("status", "--porcelain", "-uno") == ""
    tree = remote.git("ls-tree", "-r", "main")
    return tree + remote.git("log", "--format=%B", "main"), done["summary"]


@pytest.fixture(scope="module")
def promoted_undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    outcome = promoted(tmp_path_factory.mktemp("promoted"), "")
    assert outcome[1] == "Promote v1.1.0 to staging."
    return outcome


@pytest.mark.parametrize("word", ["update-ref", "push"])
def test_killed_in_a_promotion_a_new_run_ends_the_same(
    tmp_path: Path, word: str, promoted_undisturbed: tuple[str, str]
) -> None:
    assert promoted(tmp_path, word) == promoted_undisturbed
