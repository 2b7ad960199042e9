"""kill -9 of the process that applies a release, right after a step took effect."""

import os
import shutil
from pathlib import Path

import pytest

from tests.cli.aofctl import Ran, aofctl
from tests.git_sandbox import GitSandbox

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
