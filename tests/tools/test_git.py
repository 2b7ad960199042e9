from pathlib import Path
from typing import Any

import pytest

from aof.errors import Unreachable, UsageFault
from aof.messages import Effect
from aof.tools.git import Git
from tests.git_sandbox import GitSandbox


@pytest.fixture
def repo(tmp_path: Path) -> GitSandbox:
    repo = GitSandbox(tmp_path / "repo")
    repo.write("a.txt", "one\ntwo\n")
    repo.commit("feat: first")
    repo.tag("v1.0.0")
    repo.write("a.txt", "one\n2\n")
    repo.commit("fix: second\n\nwith a body", "dir/b c.txt")
    return repo


def git(repo: GitSandbox, **settings: str) -> Git:
    tool = Git.bind({"GIT_CLONE": str(repo.directory), **settings})
    assert isinstance(tool, Git)
    return tool


def ask(repo: GitSandbox, operation: str, **arguments: Any) -> Any:
    return git(repo).invoke(operation, arguments).data


def test_every_operation_of_the_specification_is_there() -> None:
    operations = Git.operations()
    reads = {"log", "show", "diff", "blame", "tags", "status", "describe", "bisect_plan"}
    assert all(operations[name].effect is Effect.READ for name in reads)
    assert all(one.description for one in operations.values())


def test_log_lists_commits_with_whole_messages(repo: GitSandbox) -> None:
    found = ask(repo, "log")
    assert [one["subject"] for one in found["commits"]] == ["fix: second", "feat: first"]
    assert found["commits"][0]["message"] == "fix: second\n\nwith a body"
    assert found["commits"][0]["parents"] == [found["commits"][1]["sha"]]
    assert not found["truncated"]


def test_log_can_be_narrowed(repo: GitSandbox) -> None:
    assert len(ask(repo, "log", since="v1.0.0")["commits"]) == 1
    assert ask(repo, "log", max_count=1)["truncated"]
    assert len(ask(repo, "log", paths=["dir"])["commits"]) == 1
    named = ask(repo, "log", names=True, max_count=0)["commits"]
    assert named[0]["paths"] == ["a.txt", "dir/b c.txt"]


def test_show_a_commit(repo: GitSandbox) -> None:
    found = ask(repo, "show")
    assert found["commit"]["subject"] == "fix: second"
    assert found["files"][0] == {
        "path": "a.txt",
        "status": "modified",
        "old_path": None,
        "added": 1,
        "deleted": 1,
    }
    assert "-two\n+2\n" in found["patch"]


def test_show_the_first_commit_against_nothing(repo: GitSandbox) -> None:
    assert ask(repo, "show", revision="v1.0.0")["files"][0]["status"] == "added"


def test_show_a_file_as_it_was(repo: GitSandbox) -> None:
    assert ask(repo, "show", revision="v1.0.0", path="a.txt")["content"] == "one\ntwo\n"
    assert not ask(repo, "show", path="nope")["exists"]
    repo.write("bin", "a\0b")
    repo.commit("chore: binary")
    assert ask(repo, "show", path="bin")["binary"]


def test_diff_follows_renames_and_counts(repo: GitSandbox) -> None:
    repo.git("mv", "a.txt", "z.txt")
    repo.commit("chore: rename")
    renamed = ask(repo, "diff", base="HEAD~1")["files"]
    assert renamed == [
        {"path": "z.txt", "status": "renamed", "old_path": "a.txt", "added": 0, "deleted": 0}
    ]


def test_diff_since_the_fork_leaves_out_the_other_side(repo: GitSandbox) -> None:
    repo.branch("topic", "v1.0.0")
    repo.commit("feat: topic", "t")
    assert [one["path"] for one in ask(repo, "diff", base="main", since_fork=True)["files"]] == [
        "t"
    ]


def test_blame_names_the_commit_of_each_line(repo: GitSandbox) -> None:
    lines = ask(repo, "blame", path="a.txt")["lines"]
    assert [(one["line"], one["subject"], one["text"]) for one in lines] == [
        (1, "feat: first", "one"),
        (2, "fix: second", "2"),
    ]
    assert lines[0]["email"] == "ada@example.org"
    assert len(ask(repo, "blame", path="a.txt", start=2, end=2)["lines"]) == 1


def test_blame_of_a_missing_file_says_so(repo: GitSandbox) -> None:
    with pytest.raises(UsageFault, match="cannot be blamed"):
        ask(repo, "blame", path="nope")


def test_tags_tell_which_are_merged(repo: GitSandbox) -> None:
    repo.branch("other")
    repo.commit("feat: elsewhere")
    repo.tag("v2.0.0", annotated=False)
    repo.switch("main")
    tags = ask(repo, "tags")["tags"]
    assert [(one["name"], one["merged"], one["annotated"]) for one in tags] == [
        ("v1.0.0", True, True),
        ("v2.0.0", False, False),
    ]


def test_status_sees_changes_and_remotes(repo: GitSandbox, tmp_path: Path) -> None:
    assert not ask(repo, "status")["dirty"]
    clone = repo.clone(tmp_path / "clone")
    clone.git("config", "remote.origin.url", "https://me:secret@example.org/a.git")
    clone.write("a.txt", "changed")
    clone.write("new", "")
    found = ask(clone, "status")
    assert (found["dirty"], found["changed"], found["untracked"]) == (True, ["a.txt"], ["new"])
    assert (found["ahead"], found["behind"], found["upstream"]) == (0, 0, "origin/main")
    assert found["remotes"] == {"origin": "https://example.org/a.git"}


def test_describe_names_the_nearest_tag(repo: GitSandbox) -> None:
    assert ask(repo, "describe")["text"] == "v1.0.0+1"
    assert ask(repo, "describe", revision="v1.0.0")["exact"]
    assert ask(repo, "describe", match="nothing*")["tag"] is None


def test_bisection_is_planned_and_nothing_is_checked_out(repo: GitSandbox) -> None:
    for number in range(8):
        repo.commit(f"fix: number {number}")
    head = repo.head()
    plan = ask(repo, "bisect_plan", good="v1.0.0")
    assert (plan["commits"], plan["steps"]) == (9, 4)
    assert plan["first"]["subject"] in {"fix: number 2", "fix: number 3"}
    assert repo.head() == head


def test_bisection_needs_a_good_ancestor(repo: GitSandbox) -> None:
    with pytest.raises(UsageFault, match="does not contain"):
        ask(repo, "bisect_plan", good="HEAD", bad="v1.0.0")


def test_contains_and_remote_refs(repo: GitSandbox, tmp_path: Path) -> None:
    clone = repo.clone(tmp_path / "clone")
    assert ask(clone, "contains", commit="v1.0.0")["contains"]
    names = ["refs/heads/main", "refs/tags/v1.0.0", "refs/tags/none"]
    refs = ask(clone, "remote_refs", names=names)["refs"]
    assert refs["refs/heads/main"] == repo.head()
    assert refs["refs/tags/v1.0.0"] == repo.git("rev-parse", "v1.0.0^{commit}")
    assert refs["refs/tags/none"] is None


def test_what_is_pushed_is_told_by_what_the_names_hold(repo: GitSandbox, tmp_path: Path) -> None:
    clone = repo.clone(tmp_path / "clone")
    names = ["refs/heads/main", "refs/tags/v1.0.0", "refs/tags/none"]

    def pushed() -> list[bool]:
        return list(ask(clone, "remote_refs", names=names)["pushed"].values())

    assert pushed() == [True, True, False]
    clone.commit("fix: only here")
    clone.git("tag", "-f", "v1.0.0")
    assert pushed() == [False, False, False]
    clone.git("reset", "-q", "--hard", "HEAD~1")
    repo.commit("fix: on top")
    assert pushed()[0] is False
    clone.git("fetch", "-q")
    assert pushed()[0] is True


def test_the_default_branch_is_the_one_the_remotes_head_names(
    repo: GitSandbox, tmp_path: Path
) -> None:
    clone = repo.clone(tmp_path / "clone")
    assert ask(clone, "default_branch") == {"branch": "main"}
    repo.git("checkout", "-q", "-b", "trunk/next")
    assert ask(clone, "default_branch") == {"branch": "trunk/next"}
    repo.git("checkout", "-q", "--detach")
    assert ask(clone, "default_branch") == {"branch": None}


def test_history_is_completed_back_to_a_tag(repo: GitSandbox, tmp_path: Path) -> None:
    for number in range(5):
        repo.commit(f"fix: {number}")
    clone = repo.clone(tmp_path / "clone", "--depth=1", "--no-tags")
    assert ask(clone, "complete_history", tag="v1.0.0")["done"] == "shallow-exclude"
    assert ask(clone, "contains", commit=repo.git("rev-parse", "v1.0.0^{commit}"))["contains"]
    assert ask(clone, "complete_history")["done"] == "unshallow"


def test_a_remote_that_is_gone_is_told(repo: GitSandbox) -> None:
    with pytest.raises(Unreachable):
        ask(repo, "tags", remote=True)


@pytest.mark.parametrize("revision", ["--all", "-n1", "no such", "nope", "HEAD:a.txt"])
def test_what_is_no_commit_is_refused(repo: GitSandbox, revision: str) -> None:
    with pytest.raises(UsageFault):
        ask(repo, "log", revision=revision)


def test_paths_are_literal(repo: GitSandbox) -> None:
    assert ask(repo, "log", paths=[":(exclude)a.txt"])["commits"] == []


def test_reading_runs_no_program_that_the_configuration_names(
    repo: GitSandbox, tmp_path: Path
) -> None:
    program, mark = tmp_path / "program", tmp_path / "mark"
    program.write_text(f"#!/bin/sh\ntouch {mark}\n")
    program.chmod(0o755)
    for name in (
        "diff.e.textconv",
        "diff.e.command",
        "diff.external",
        "core.fsmonitor",
        "core.pager",
    ):
        repo.git("config", name, str(program))
    repo.write(".gitattributes", "* diff=e\n")
    repo.write("a.txt", "one\n")
    repo.commit("feat: a")
    mark.unlink(missing_ok=True)
    tool = Git.bind({"GIT_CLONE": str(repo.directory)})
    reads = {"status": {}, "log": {"names": True}, "show": {}, "blame": {"path": "a.txt"},
             "diff": {"base": "HEAD"}, "read_files": {"paths": ["a.txt"]}, "tags": {}}  # fmt: skip
    for operation, arguments in reads.items():
        tool.invoke(operation, arguments)
        assert not mark.exists(), operation
