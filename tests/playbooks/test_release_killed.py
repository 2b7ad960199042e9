"""kill -9 of the process that applies a release, right after a step took effect."""

import os
import shutil
from pathlib import Path

import pytest
import yaml

from aof.clock import SystemClock, isoformat
from tests.cli.aofctl import Ran, aofctl
from tests.git_sandbox import GitSandbox
from tests.playbooks.flux_bench import OPTIONS, cluster_of, write_pins

AGENT = ("run", "agent", "library/cicd/release-manager", "Create release", "--llm", "off")
IDENTITY = {"GIT_COMMITTER_NAME": "Rel", "GIT_COMMITTER_EMAIL": "rel@example.org"}


def released(folder: Path, kill_after: str) -> tuple[str, str, str]:
    """Release, being killed once after the git command named; what the remote has then."""
    remote = GitSandbox(folder / "remote.git", bare=True)
    repo = GitSandbox(folder / "repo")
    repo.git("remote", "add", "origin", str(remote.directory))
    repo.write("version.txt", "1.0.0\n")
    repo.commit("feat: first")
    repo.tag("v1.0.0")
    repo.commit("feat: second", "second")
    repo.git("push", "-q", "--follow-tags", "origin", "main")
    killer = deadly_git(folder, kill_after) if kill_after else os.environ["PATH"]
    for path in (killer, os.environ["PATH"]):
        plan = run(repo, *AGENT, "-o", "json", PATH=path).json()["plan_id"]
        if plan is None:
            break
        assert run(repo, "approve", plan, PATH=path).code == 0
        ran = run(repo, "apply", plan, PATH=path)
        assert ran.code == (-9 if path == killer and kill_after else 0), ran.out + ran.err
        if not kill_after:
            break
    done = run(repo, *AGENT, "-o", "json").json()
    assert (done["decision"], done["plan_id"]) == ("NO-RELEASE", None)
    files = remote.git("ls-tree", "-r", "main")
    tags = remote.git("for-each-ref", "--format=%(refname:strip=2) %(subject)", "refs/tags")
    assert remote.git("rev-parse", "main") == remote.git("rev-parse", "v1.1.0^{commit}")
    return files, tags, repo.git("log", "--format=%s")


def run(repo: GitSandbox, *arguments: str, **environment: str) -> Ran:
    return aofctl(*arguments, cwd=repo.directory, **{**IDENTITY, **environment})


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
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str, str]:
    return released(tmp_path_factory.mktemp("undisturbed"), "")


@pytest.mark.parametrize(
    "word", ["commit-tree", "read-tree -m", "update-ref", "--annotate", "push"]
)
def test_killed_right_after_a_step_a_new_run_ends_the_same(
    tmp_path: Path, word: str, undisturbed: tuple[str, str, str]
) -> None:
    assert released(tmp_path, word) == undisturbed


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
    playbook = {"name": "release", "with": {"app": "shop", **OPTIONS}}
    spec = {"tools": ["git", "flux"], "playbook": playbook}
    head = {"apiVersion": "aof.dev/v1alpha1", "kind": "Agent", "metadata": {"name": "shop"}}
    agent.write_text(yaml.safe_dump({**head, "spec": spec}))
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
