import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aof.errors import PlanRefused, Unreachable, UsageFault
from aof.messages import Effect
from aof.tools.git import Git
from aof.transport.git_credentials import token_environment
from aof.transport.git_reader import GitReader
from tests.git_sandbox import GitSandbox

AT = "2026-11-20T10:00:00Z"


@pytest.fixture
def remote(tmp_path: Path) -> GitSandbox:
    return GitSandbox(tmp_path / "remote.git", bare=True)


@pytest.fixture
def repo(tmp_path: Path, remote: GitSandbox) -> GitSandbox:
    repo = GitSandbox(tmp_path / "repo")
    repo.write("version.txt", "1.0.0\n")
    repo.write("run.sh", "#!/bin/sh\n")
    (repo.directory / "run.sh").chmod(0o755)
    repo.commit("feat: first")
    repo.git("remote", "add", "origin", str(remote.directory))
    repo.git("push", "-q", "origin", "main")
    return repo


def do(repo: GitSandbox, operation: str, **arguments: Any) -> Any:
    settings = {"GIT_COMMITTER_NAME": "Rel", "GIT_COMMITTER_EMAIL": "rel@example.org"}
    settings["GNUPGHOME"] = os.environ.get("GNUPGHOME", "")
    tool = Git.bind({"GIT_CLONE": str(repo.directory), **settings})
    return tool.invoke(operation, arguments).data


def bump(repo: GitSandbox, base: str, content: str = "1.1.0\n", **more: Any) -> Any:
    files = [{"path": "version.txt", "content": content}, {"path": "new/NEWS.md", "content": "n\n"}]
    arguments = {"message": "chore: 1.1.0", "files": files, "branch": "main", "base": base}
    return do(repo, "commit", **arguments, at=AT, **more)


def test_commit_changes_the_files_named_and_the_working_tree_follows(repo: GitSandbox) -> None:
    made = bump(repo, repo.head())
    assert made["done"] == "made"
    assert repo.head() == made["sha"]
    assert repo.git("status", "--porcelain") == ""
    assert (repo.directory / "version.txt").read_text() == "1.1.0\n"
    assert repo.git("show", "--format=%an %ae %ad", "--date=iso", "-s") == (
        "Rel rel@example.org 2026-11-20 10:00:00 +0000"
    )


def test_committing_again_finds_it_done(repo: GitSandbox) -> None:
    base = repo.head()
    first = bump(repo, base)
    assert bump(repo, base) == {**first, "done": "already"}
    repo.commit("docs: on top")
    assert bump(repo, base) == {**first, "done": "already"}


def test_edits_elsewhere_stay_and_edits_in_the_way_are_refused(repo: GitSandbox) -> None:
    base = repo.head()
    repo.write("run.sh", "edited")
    assert bump(repo, base)["done"] == "made"
    assert (repo.directory / "run.sh").read_text() == "edited"
    repo.write("version.txt", "edited")
    with pytest.raises(PlanRefused, match="working tree has changes"):
        bump(repo, repo.head(), "1.2.0\n")
    assert (repo.directory / "version.txt").read_text() == "edited"


def test_a_branch_that_moved_is_refused(repo: GitSandbox) -> None:
    base = repo.head()
    moved = repo.commit("fix: meanwhile")
    with pytest.raises(PlanRefused, match="main moved"):
        bump(repo, base)
    assert repo.head() == moved


def test_a_branch_not_checked_out_leaves_the_working_tree_alone(repo: GitSandbox) -> None:
    base = repo.head()
    repo.branch("other")
    sha = bump(repo, base)["sha"]
    assert repo.git("rev-parse", "main") == sha
    assert (repo.directory / "version.txt").read_text() == "1.0.0\n"


def test_modes_are_kept(repo: GitSandbox) -> None:
    files = [{"path": "run.sh", "content": "#!/bin/sh\nexit 0\n"}]
    do(repo, "commit", message="fix: x", files=files, branch="main", at=AT)
    assert repo.git("ls-tree", "HEAD", "run.sh").startswith("100755")


@pytest.mark.parametrize("path", ["../x", "/etc/x", ".git/config", "a/../../x", "sub/.GIT/hooks/x"])
def test_a_path_out_of_the_tree_is_refused(repo: GitSandbox, path: str) -> None:
    with pytest.raises(UsageFault):
        files = [{"path": path, "content": "x"}]
        do(repo, "commit", message="x", files=files, branch="main", at=AT)


def test_a_link_is_not_written_through(repo: GitSandbox) -> None:
    (repo.directory / "link").symlink_to("/etc/passwd")
    repo.commit("chore: link")
    with pytest.raises(UsageFault, match="link, folder"):
        files = [{"path": "link", "content": "x"}]
        do(repo, "commit", message="x", files=files, branch="main", at=AT)


def test_nothing_to_commit_is_said(repo: GitSandbox) -> None:
    with pytest.raises(UsageFault, match="nothing to commit"):
        files = [{"path": "version.txt", "content": "1.0.0\n"}]
        do(repo, "commit", message="x", files=files, branch="main", at=AT)


def test_tag_is_annotated_and_never_moved(repo: GitSandbox) -> None:
    first = repo.head()
    made = do(repo, "tag", name="v1.0.0", target=first, message="Release 1.0.0\n\n# kept", at=AT)
    assert made["done"] == "made"
    assert repo.git("cat-file", "-t", "v1.0.0") == "tag"
    assert "# kept" in repo.git("for-each-ref", "--format=%(contents)", "refs/tags")
    assert do(repo, "tag", name="v1.0.0", target=first, message="x", at=AT)["done"] == "already"
    second = repo.commit("fix: x")
    with pytest.raises(PlanRefused, match="names another commit"):
        do(repo, "tag", name="v1.0.0", target=second, message="x", at=AT)
    assert repo.git("rev-parse", "v1.0.0^{commit}") == first


@pytest.mark.parametrize("name", ["a..b", "x.lock", "a~1", "-d"])
def test_a_name_git_does_not_take_is_refused(repo: GitSandbox, name: str) -> None:
    with pytest.raises(UsageFault):
        do(repo, "tag", name=name, target="HEAD", message="x", at=AT)


def test_branch_is_made_once(repo: GitSandbox) -> None:
    assert do(repo, "branch", name="release/1", start="HEAD")["done"] == "made"
    assert do(repo, "branch", name="release/1", start="HEAD")["done"] == "already"
    repo.commit("fix: x")
    with pytest.raises(PlanRefused):
        do(repo, "branch", name="release/1", start="HEAD")


REFS = ["refs/heads/main", "refs/tags/v1.1.0"]


def test_push_brings_all_and_finds_it_done(repo: GitSandbox, remote: GitSandbox) -> None:
    sha = bump(repo, repo.head())["sha"]
    do(repo, "tag", name="v1.1.0", target=sha, message="x", at=AT)
    made = do(repo, "push", refs=REFS)
    assert made == {"remote": "origin", "refs": dict.fromkeys(REFS, sha), "done": "made"}
    assert remote.git("rev-parse", "main", "v1.1.0^{commit}") == f"{sha}\n{sha}"
    assert do(repo, "push", refs=REFS)["done"] == "already"


def test_push_is_all_or_nothing(repo: GitSandbox, remote: GitSandbox) -> None:
    before = remote.git("rev-parse", "main")
    hook = remote.directory / "hooks" / "update"
    hook.write_text('#!/bin/sh\ncase "$1" in refs/tags/*) echo "tags are closed"; exit 1;; esac\n')
    hook.chmod(0o755)
    sha = bump(repo, repo.head())["sha"]
    do(repo, "tag", name="v1.1.0", target=sha, message="x", at=AT)
    with pytest.raises(Unreachable, match="did not take") as caught:
        do(repo, "push", refs=REFS)
    assert "tags are closed" in caught.value.why
    assert remote.git("rev-parse", "main") == before


@pytest.mark.parametrize(
    ("pattern", "arrived"), [("refs/heads/*", []), ("refs/tags/*", ["refs/heads/main"])]
)
def test_where_nothing_is_atomic_no_tag_goes_before_its_branch(
    repo: GitSandbox, remote: GitSandbox, pattern: str, arrived: list[str]
) -> None:
    remote.git("config", "receive.advertiseAtomic", "false")
    refuse(remote, pattern, "no")
    sha = bump(repo, repo.head())["sha"]
    do(repo, "tag", name="v1.1.0", target=sha, message="x", at=AT)
    with pytest.raises(Unreachable, match="did not take"):
        do(repo, "push", refs=list(reversed(REFS)))
    assert remote.git("for-each-ref", "--format=%(refname)", "--contains", sha).split() == arrived


@pytest.mark.parametrize(
    ("words", "fix"),
    [
        ("GitLab: You are not allowed to create this tag as it is protected.", "the tag is"),
        ("error: GH013: Repository rule violations found for refs/tags/v1.1.0.", "the tag is"),
        ("error: GH013: Repository rule violations found for refs/heads/main.", "the branch is"),
        ("error: GH006: Protected branch update failed for refs/heads/main.", "the branch is"),
        ("disk full", "check the right to push"),
    ],
)
def test_a_refused_push_says_what_helps(
    repo: GitSandbox, remote: GitSandbox, words: str, fix: str
) -> None:
    refuse(remote, "*", words)
    bump(repo, repo.head())
    with pytest.raises(Unreachable, match="did not take") as caught:
        do(repo, "push", refs=["refs/heads/main"])
    assert caught.value.fix.startswith(fix)


def refuse(remote: GitSandbox, pattern: str, words: str) -> None:
    hook = remote.directory / "hooks" / "update"
    hook.write_text(f'#!/bin/sh\ncase "$1" in {pattern}) echo "{words}" >&2; exit 1;; esac\n')
    hook.chmod(0o755)


def test_a_push_race_is_refused_and_loses_nothing(
    repo: GitSandbox, remote: GitSandbox, tmp_path: Path
) -> None:
    other = remote.clone(tmp_path / "other")
    theirs = other.commit("fix: theirs")
    other.git("push", "-q", "origin", "main")
    bump(repo, repo.head())
    with pytest.raises((PlanRefused, Unreachable)):
        do(repo, "push", refs=["refs/heads/main"])
    assert remote.git("rev-parse", "main") == theirs
    repo.git("fetch", "-q")
    with pytest.raises(PlanRefused, match="commits that are not here"):
        do(repo, "push", refs=["refs/heads/main"])


def test_a_tag_that_is_elsewhere_on_the_remote_is_refused(
    repo: GitSandbox, remote: GitSandbox, tmp_path: Path
) -> None:
    other = remote.clone(tmp_path / "other")
    theirs = other.commit("fix: theirs")
    other.tag("v1.1.0")
    other.git("push", "-q", "origin", "v1.1.0")
    do(repo, "tag", name="v1.1.0", target="HEAD", message="x", at=AT)
    with pytest.raises(PlanRefused, match="names another commit"):
        do(repo, "push", refs=["refs/tags/v1.1.0"])
    assert remote.git("rev-parse", "v1.1.0^{commit}") == theirs


def test_a_branch_that_went_on_contains_what_was_pushed(
    repo: GitSandbox, remote: GitSandbox, tmp_path: Path
) -> None:
    other = remote.clone(tmp_path / "other")
    other.commit("fix: on top")
    other.git("push", "-q", "origin", "main")
    repo.git("fetch", "-q")
    assert do(repo, "push", refs=["refs/heads/main"])["done"] == "already"


def test_revert_undoes_beside_the_working_tree(repo: GitSandbox) -> None:
    base = bump(repo, repo.head())["sha"]
    made = do(repo, "revert", commit=base, branch="main", base=base, at=AT)
    assert (repo.directory / "version.txt").read_text() == "1.0.0\n"
    assert f"This reverts commit {base}" in repo.git("show", "-s", "--format=%B")
    again = do(repo, "revert", commit=base, branch="main", base=base, at=AT)
    assert again == {**made, "done": "already"}
    assert repo.git("worktree", "list").count("\n") == 0


def test_a_revert_in_conflict_is_refused_and_leaves_nothing(repo: GitSandbox) -> None:
    first = bump(repo, repo.head())["sha"]
    base = bump(repo, first, "1.2.0\n")["sha"]
    with pytest.raises(PlanRefused, match="cannot be reverted cleanly"):
        do(repo, "revert", commit=first, branch="main", base=base, at=AT)
    assert repo.head() == base
    assert repo.git("worktree", "list").count("\n") == 0


def sign_with_ssh(repo: GitSandbox, folder: Path) -> Path:
    """Have the repository ask for signatures by a fresh SSH key; returns who may sign."""
    key = folder / "key"
    keygen = shutil.which("ssh-keygen")
    if keygen is None:
        pytest.skip("ssh-keygen is not installed")
    subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    allowed = folder / "allowed"
    allowed.write_text("rel@example.org " + key.with_suffix(".pub").read_text())
    for name, value in {
        "gpg.format": "ssh",
        "user.signingkey": str(key),
        "commit.gpgsign": "true",
        "tag.gpgsign": "true",
        "gpg.ssh.allowedSignersFile": str(allowed),
    }.items():
        repo.git("config", name, value)
    return key


@pytest.fixture
def gnupg() -> Iterator[Path]:
    """A home of GnuPG with a key of the one who releases, and no password."""
    gpg, conf = shutil.which("gpg"), shutil.which("gpgconf")
    if gpg is None or conf is None:
        pytest.skip("gpg is not installed")
    # Below /tmp: the agent's socket has a path of at most 108 bytes.
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        made = (gpg, "--homedir", folder, "--batch", "--passphrase", "", "--quick-gen-key")
        subprocess.run(
            [*made, "Rel <rel@example.org>", "ed25519", "sign"], check=True, capture_output=True
        )
        yield Path(folder)
        subprocess.run([conf, "--homedir", folder, "--kill", "gpg-agent"], check=True)


def sign_with_gpg(repo: GitSandbox, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GNUPGHOME", str(home))
    for name, value in {
        "user.signingkey": "rel@example.org",
        "commit.gpgsign": "true",
        "tag.gpgsign": "true",
    }.items():
        repo.git("config", name, value)


def verified(repo: GitSandbox, home: Path, *arguments: str) -> str:
    """What git says of a signature, made by whom."""
    environment = {"PATH": os.environ["PATH"], "GNUPGHOME": str(home), "LC_ALL": "C"}
    done = subprocess.run(
        ["git", *arguments], cwd=repo.directory, env=environment, check=True, capture_output=True
    )
    return done.stderr.decode()


def test_a_key_of_gnupg_signs_commits_tags_and_reverts(
    repo: GitSandbox, gnupg: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_with_gpg(repo, gnupg, monkeypatch)
    base = repo.head()
    made = bump(repo, base)
    tag = {"name": "v1.1.0", "target": made["sha"], "message": "Release 1.1.0", "at": AT}
    assert do(repo, "tag", **tag)["done"] == "made"
    reverted = do(repo, "revert", commit=made["sha"], branch="main", at=AT)
    for arguments in (
        ("verify-commit", made["sha"]),
        ("verify-tag", "v1.1.0"),
        ("verify-commit", reverted["sha"]),
    ):
        assert 'Good signature from "Rel <rel@example.org>"' in verified(repo, gnupg, *arguments)
    assert do(repo, "tag", **tag)["done"] == "already"
    repo.git("reset", "-q", "--hard", made["sha"])
    assert bump(repo, base) == {**made, "done": "already"}


def test_what_a_key_of_gnupg_cannot_sign_is_not_made(
    repo: GitSandbox, gnupg: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_with_gpg(repo, gnupg, monkeypatch)
    repo.git("config", "user.signingkey", "nobody@example.org")
    before = repo.head()
    with pytest.raises(PlanRefused, match="commit cannot be signed") as caught:
        bump(repo, before)
    assert "failed to sign" in str(caught.value.why)
    with pytest.raises(PlanRefused, match="tag cannot be signed"):
        do(repo, "tag", name="v1.1.0", target=before, message="x", at=AT)
    assert (repo.head(), repo.git("tag")) == (before, "")


def test_a_signature_left_out_with_success_is_an_error(repo: GitSandbox, tmp_path: Path) -> None:
    # As git 2.39 does where the program that signs writes nothing and reports success.
    silent = tmp_path / "silent"
    silent.write_text("#!/bin/sh\necho '[GNUPG:] SIG_CREATED ' >&2\nexit 0\n")
    silent.chmod(0o755)
    repo.git("config", "tag.gpgsign", "true")
    repo.git("config", "gpg.program", str(silent))
    with pytest.raises(PlanRefused, match="tag cannot be signed"):
        do(repo, "tag", name="v1.1.0", target=repo.head(), message="x", at=AT)
    assert repo.git("tag") == ""


def test_commits_tags_and_reverts_are_signed_where_git_is_told_to(
    repo: GitSandbox, tmp_path: Path
) -> None:
    sign_with_ssh(repo, tmp_path)
    base = repo.head()
    made = bump(repo, base)
    repo.git("verify-commit", made["sha"])
    do(repo, "tag", name="v1.1.0", target=made["sha"], message="Release 1.1.0", at=AT)
    repo.git("verify-tag", "v1.1.0")
    assert bump(repo, base) == {**made, "done": "already"}
    reverted = do(repo, "revert", commit=made["sha"], branch="main", at=AT)
    repo.git("verify-commit", reverted["sha"])


def test_what_cannot_be_signed_is_not_made(repo: GitSandbox, tmp_path: Path) -> None:
    base = repo.head()
    unsigned = bump(repo, base)["sha"]
    sign_with_ssh(repo, tmp_path).unlink()
    (tmp_path / "key.pub").unlink()
    with pytest.raises(PlanRefused, match="commit cannot be signed") as caught:
        bump(repo, unsigned, "1.2.0\n")
    assert str(tmp_path / "key") in caught.value.why
    with pytest.raises(PlanRefused, match="tag cannot be signed"):
        do(repo, "tag", name="v1.1.0", target=unsigned, message="x", at=AT)
    with pytest.raises(PlanRefused, match="commit cannot be signed"):
        do(repo, "revert", commit=unsigned, branch="main", at=AT)
    assert repo.head() == unsigned
    assert repo.git("tag") == ""
    repo.tag("v1.1.0")
    with pytest.raises(PlanRefused, match="exists without a signature"):
        do(repo, "tag", name="v1.1.0", target=unsigned, message="x", at=AT)


def test_a_commit_is_recognised_by_its_content_whatever_its_time(repo: GitSandbox) -> None:
    base = repo.head()
    first = bump(repo, base)
    files = [
        {"path": "version.txt", "content": "1.1.0\n"},
        {"path": "new/NEWS.md", "content": "n\n"},
    ]
    arguments = {"files": files, "branch": "main", "base": base, "at": "2027-01-01T00:00:00Z"}
    again = do(repo, "commit", message="chore: 1.1.0", **arguments)
    assert again == {**first, "done": "already"}
    with pytest.raises(PlanRefused, match="main moved"):
        do(repo, "commit", message="chore: another", **arguments)


def test_a_commit_makes_the_branch_it_is_for(repo: GitSandbox) -> None:
    base = repo.head()
    files = [{"path": "version.txt", "content": "1.1.0\n"}]
    arguments = {"message": "chore: 1.1.0", "files": files, "branch": "release/1.1.0", "at": AT}
    made = do(repo, "commit", **arguments, base=base)
    assert repo.git("rev-parse", "release/1.1.0") == made["sha"]
    assert repo.head() == base
    assert do(repo, "commit", **arguments, base=base) == {**made, "done": "already"}
    with pytest.raises(UsageFault):
        do(repo, "commit", **{**arguments, "branch": "nowhere"})


def test_the_clone_itself_can_be_asked_for_names(repo: GitSandbox) -> None:
    names = ["refs/heads/main", "refs/tags/v9"]
    found = do(repo, "remote_refs", names=names, remote=".")
    assert found["refs"] == {"refs/heads/main": repo.head(), "refs/tags/v9": None}


def test_commands_read_as_a_person_would_type_them() -> None:
    operations = Git.operations()
    writes = {name for name, one in operations.items() if one.effect is Effect.WRITE}
    assert writes == {"commit", "tag", "branch", "push", "revert"}
    files = [{"path": "a b", "content": ""}]
    assert (
        operations["commit"].command({"message": "chore: x\n\nbody", "files": files})
        == "git commit -m 'chore: x' -- 'a b'"
    )
    tag = {"name": "v1", "target": {"$result": "a1.sha"}, "message": "Release 1"}
    assert operations["tag"].command(tag) == "git tag -a v1 <commit-of-a1> -m 'Release 1'"
    assert operations["push"].command({"refs": REFS}).startswith("git push --atomic origin refs/")
    revert = {"commit": "abc", "mainline": 1}
    assert operations["revert"].command(revert) == "git revert --no-edit -m 1 abc"


def test_a_token_goes_to_the_server_of_the_remote_only(repo: GitSandbox) -> None:
    reader = GitReader(repo.directory)
    assert token_environment(reader, "origin", "secret") == {}
    repo.git("config", "remote.origin.url", "https://git.example.org:8443/a/b.git")
    made = token_environment(reader, "origin", "secret")
    assert made["GIT_CONFIG_KEY_1"] == "http.https://git.example.org:8443/.extraHeader"
    assert "secret" not in str(made)
