"""Changing a git repository: observe, act, verify. Doing it again changes nothing.

Commits are built from contents, next to the working tree; a working tree that shows the
branch follows, and one with edits in the same files is refused. Nothing here forces, and no
tag moves. A commit that was made before is recognised by what it holds, on what, and by its
message: signatures and times make its name another one each time.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Literal

from aof.errors import PlanRefused, Unreachable, UsageFault
from aof.transport.files import locked
from aof.transport.git_credentials import moved_to
from aof.transport.git_reader import (
    ENVIRONMENT,
    PUSHING,
    SAFE,
    GitReader,
    decoded,
    failed,
    said,
)
from aof.transport.git_signing import cannot_sign, is_signed_tag, wants_signed
from aof.transport.process import Completed, run

Done = Literal["made", "already"]
_TAG_PROTECTED = re.compile(
    # GitLab; rule sets of GitHub
    r"create this tag|protected tag|violations found for refs/tags/",
    re.IGNORECASE,
)
_BRANCH_PROTECTED = re.compile(r"protected|pull request|violations found for", re.IGNORECASE)
_WRITE_TIMEOUT_S = 60.0
_PUSH_TIMEOUT_S = 180.0
_REDIRECTED = b"The requested URL returned error: 30"


@dataclass(frozen=True, slots=True)
class GitWriter:
    """Writes to one repository.

    Args:
        reader: The repository.
        identity: `name` and `email` for commits and tags; without them git's own setting.
        credentials: Variables that let git authenticate; given to pushes only.
    """

    reader: GitReader
    identity: Mapping[str, str] = field(default_factory=dict)
    credentials: Mapping[str, str] = field(default_factory=dict)

    def commit(
        self, branch: str, base: str, message: str, files: Mapping[str, bytes], *, at: int
    ) -> tuple[str, Done]:
        """Put one commit on top of `base`, the tip of `branch`.

        Args:
            branch: Local branch; made at `base` when there is none.
            base: Full name of the commit it must be at.
            message: Whole message.
            files: Path to new content; everything else stays.
            at: Time of the commit, seconds since 1970.

        Returns:
            Full name of the commit, and whether it was made or there already.

        Raises:
            PlanRefused: The branch moved, or the working tree has edits of its own there.
            UsageFault: A path leads out of the tree, or nothing would change.
        """
        with self._locked():
            tree = self._tree(base, files)
            if tree == self.reader.text("rev-parse", f"{base}^{{tree}}"):
                raise UsageFault("nothing to commit", why="the files have this content already")
            return self._put(branch, base, self._commit_tree(tree, base, message, at))

    def tag(self, name: str, target: str, message: str, *, at: int) -> Done:
        """Make an annotated tag.

        Raises:
            PlanRefused: The tag exists and names another commit; it is not moved.
        """
        with self._locked():
            full, signed = f"refs/tags/{name}", wants_signed(self.reader, "tag")
            existing = self.reader.commit_of(full)
            if existing is not None and existing != target:
                raise _taken(f"tag {name}", existing, target)
            if existing is not None:
                if signed and not is_signed_tag(self.reader, name):
                    raise _unsigned(name)
                return "already"
            self._checked_name(full)
            self._tag(name, target, message, at=at, signed=signed)
            return "made"

    def _tag(self, name: str, target: str, message: str, *, at: int, signed: bool) -> None:
        # `--annotate` would win over `tag.gpgSign`; a signature begins on a line of its own.
        kind = "--sign" if signed else "--annotate"
        arguments = ("tag", kind, "--cleanup=verbatim", "--file=-", "--end-of-options")
        text = message if message.endswith("\n") else f"{message}\n"
        done = self._git(*arguments, name, target, input_bytes=text.encode(), at=at)
        if signed and (done.returncode != 0 or not is_signed_tag(self.reader, name)):
            if done.returncode == 0:
                made = self._object(f"refs/tags/{name}")
                self._run("update-ref", "-d", f"refs/tags/{name}", made)
            raise cannot_sign("tag", done)
        if done.returncode != 0:
            raise failed(arguments, done)

    def branch(self, name: str, at: str) -> Done:
        """Make a branch at a commit, without switching to it.

        Raises:
            PlanRefused: The branch exists elsewhere.
        """
        with self._locked():
            existing = self.reader.commit_of(f"refs/heads/{name}")
            if existing == at:
                return "already"
            if existing is not None:
                raise _taken(f"branch {name}", existing, at)
            self._checked_name(f"refs/heads/{name}")
            self._set(f"refs/heads/{name}", at, "0" * len(at))
            return "made"

    def revert(
        self, commit: str, branch: str, base: str, *, mainline: int, at: int
    ) -> tuple[str, Done]:
        """Put a commit on `branch` that undoes `commit`, made beside the working tree.

        Args:
            commit: Full name of what is undone.
            branch: Local branch; `base` must be its tip.
            base: Full name of the commit the branch must be at.
            mainline: For a merge, which parent stays; 0 otherwise.
            at: Time of the commit.

        Raises:
            PlanRefused: The branch moved, or later changes are in the way.
        """
        with self._locked():
            return self._put(branch, base, self._reverting(commit, base, mainline, at))

    def push(self, remote: str, refs: Sequence[str]) -> Done:
        """Bring branches and tags to a remote, all or none, and look whether they arrived.

        Args:
            remote: Name of the remote.
            refs: Full names, e.g. `refs/heads/main`, `refs/tags/v1.2.3`.

        Raises:
            PlanRefused: The remote has something else there; nothing is overwritten.
            Unreachable: The remote did not take it.
        """
        wanted = {name: self._object(name) for name in refs}
        missing = self._missing(remote, wanted)
        if not missing:
            return "already"
        done = self._push(remote, missing, "--atomic")
        left = self._missing(remote, wanted)
        if left and b"does not support --atomic" in done.stderr:
            done = self._push_in_turn(remote, left)
            left = self._missing(remote, wanted)
        if left:
            raise _not_taken(remote, left, done)
        return "made"

    def _push_in_turn(self, remote: str, names: Sequence[str]) -> Completed:
        """Branches, then tags, up to the first that is refused: no tag without its branch."""
        for name in sorted(names):  # refs/heads/... comes before refs/tags/...
            done = self._push(remote, [name])
            if done.returncode != 0:
                break
        return done

    def _missing(self, remote: str, wanted: Mapping[str, str]) -> list[str]:
        """Names the remote lacks; `PlanRefused` where it has something else."""
        there = self.reader.remote_refs(remote, list(wanted))
        missing = []
        for name, sha in wanted.items():
            found = there.get(name)
            if found is None:
                missing.append(name)
            elif name.startswith("refs/tags/"):
                commit = self.reader.commit_of(name) or sha
                if found[1] != commit:
                    raise _taken(f"{name} on {remote}", found[1], commit)
            elif found[0] != sha and not self._contained(sha, found[0]):
                if not self._contained(found[0], sha):
                    raise PlanRefused(
                        f"{name} on {remote} has commits that are not here",
                        why=f"it is at {found[0][:12]}; overwriting it would lose them",
                        fix=f"git fetch {remote}, then run again for a new plan",
                    )
                missing.append(name)
        return missing

    def _contained(self, older: str, newer: str) -> bool:
        known = self.reader.commit_of(older) and self.reader.commit_of(newer)
        return bool(known) and self.reader.contains(older, newer)

    def _push(self, remote: str, names: Sequence[str], *options: str) -> Completed:
        done = self._pushed(remote, names, options)
        if self.credentials and _REDIRECTED in done.stderr:
            place = moved_to(self.reader, remote, self.credentials)
            if place:
                there = f"url.{place}.insteadOf={self.reader.remotes()[remote]}"
                done = self._pushed(remote, names, options, ("-c", there))
        return done

    def _pushed(
        self,
        remote: str,
        names: Sequence[str],
        options: Sequence[str],
        settings: Sequence[str] = (),
    ) -> Completed:
        command = (*PUSHING, *settings, "push", "--porcelain", *options, "--end-of-options")
        return run(
            ("git", *command, remote, *(f"{name}:{name}" for name in names)),
            cwd=self.reader.directory,
            env={**ENVIRONMENT, **self.reader.environment, **self.credentials},
            timeout_s=_PUSH_TIMEOUT_S,
        )

    def _object(self, name: str) -> str:
        done = self.reader.git("rev-parse", "-q", "--verify", "--end-of-options", name)
        if done.returncode != 0 or not name.startswith("refs/"):
            raise UsageFault(f"there is no {name} here", fix="names are full: refs/heads/main")
        return decoded(done.stdout).strip()

    def _put(self, branch: str, base: str, sha: str) -> tuple[str, Done]:
        """Let `branch`, which must be at `base`, go on to `sha`; unless it did before."""
        name = f"refs/heads/{branch}"
        tip = self.reader.commit_of(name)
        if tip is None:
            self._checked_name(name)
            self._set(name, sha, "0" * len(sha))
            return sha, "made"
        wanted = self._content(sha)
        for one in self.reader.log(tip, exclude=[base]):
            if one.parents == (base,) and self._content(one.sha) == wanted:
                return one.sha, "already"
        if tip != base:
            raise _moved(branch, base, tip)
        self._follow(branch, base, sha)
        self._set(name, sha, base)
        return sha, "made"

    def _content(self, sha: str) -> str:
        """Tree, parents and message of a commit: what makes it the same one again."""
        form = "--format=%T%n%P%n%B"
        return self.reader.text("log", "-1", "--no-show-signature", "--no-notes", form, sha)

    def _tree(self, base: str, files: Mapping[str, bytes]) -> str:
        with tempfile.TemporaryDirectory() as folder:
            index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
            self._run("read-tree", base, more=index)
            for path, content in files.items():
                mode = self._mode(base, path)
                blob = self._run("hash-object", "-w", "--stdin", input_bytes=content)
                entry = f"{mode},{blob},{path}"
                self._run("update-index", "--add", "--cacheinfo", entry, more=index)
            return self._run("write-tree", more=index)

    def _mode(self, base: str, path: str) -> str:
        parts = PurePosixPath(path).parts
        if path.startswith("/") or "\0" in path or {"..", ".git"} & {one.lower() for one in parts}:
            raise UsageFault(f"'{path}' is not a path inside the repository")
        listed = self.reader.text("ls-tree", base, "--", path)
        mode = listed.split(" ", 1)[0] if listed else "100644"
        if mode not in {"100644", "100755"}:
            raise UsageFault(f"{path} is a link, folder or submodule, not a file")
        return mode

    def _commit_tree(self, tree: str, parent: str, message: str, at: int) -> str:
        signed = wants_signed(self.reader, "commit")
        arguments = ("commit-tree", *(("-S",) if signed else ()), tree, "-p", parent, "-F", "-")
        done = self._git(*arguments, input_bytes=message.encode(), at=at)
        if done.returncode != 0:
            raise cannot_sign("commit", done) if signed else failed(arguments, done)
        return decoded(done.stdout).strip()

    def _follow(self, branch: str, base: str, sha: str) -> None:
        """Let a working tree that shows `branch` follow; edits elsewhere in it stay."""
        bare = self.reader.text("rev-parse", "--is-bare-repository") == "true"
        if bare or self.reader.branch() != branch:
            return
        done = self._git("read-tree", "-m", "-u", base, sha)
        if done.returncode != 0:
            raise PlanRefused(
                "the working tree has changes in files the commit changes",
                why=decoded(done.stderr).strip()[-500:],
                fix="commit, stash or remove them, then run again",
            )

    def _reverting(self, commit: str, base: str, mainline: int, at: int) -> str:
        options = [f"--mainline={mainline}"] if mainline else []
        with tempfile.TemporaryDirectory() as folder:
            tree = str(Path(folder) / "tree")
            self._run("worktree", "add", "--quiet", "--detach", tree, base)
            beside = GitWriter(
                GitReader(Path(tree), environment=self.reader.environment), self.identity
            )
            try:
                done = beside._git("revert", "--no-edit", *options, commit, at=at)
                conflict = beside._git("ls-files", "--unmerged").stdout
                if done.returncode != 0 and not conflict and wants_signed(self.reader, "commit"):
                    raise cannot_sign("commit", done)
                if done.returncode != 0:
                    raise PlanRefused(
                        f"{commit[:12]} cannot be reverted cleanly",
                        why=decoded(done.stdout + done.stderr).strip()[-1000:],
                        fix="revert it by hand; later changes touch the same lines",
                    )
                return beside.reader.text("rev-parse", "HEAD")
            finally:
                self._git("worktree", "remove", "--force", tree)

    def _set(self, name: str, new: str, old: str) -> None:
        done = self._git("update-ref", "-m", "aofctl", name, new, old)
        if done.returncode != 0:
            raise PlanRefused(
                f"{name} moved meanwhile", why=decoded(done.stderr).strip()[-500:], fix="run again"
            )

    def _checked_name(self, name: str) -> None:
        if self._git("check-ref-format", name).returncode != 0:
            raise UsageFault(f"'{name}' is no name git takes")

    def _run(
        self,
        *arguments: str,
        input_bytes: bytes = b"",
        more: Mapping[str, str] | None = None,
        at: int | None = None,
    ) -> str:
        done = self._git(*arguments, input_bytes=input_bytes, more=more, at=at)
        if done.returncode != 0:
            raise failed(arguments, done)
        return decoded(done.stdout).strip()

    def _git(
        self,
        *arguments: str,
        input_bytes: bytes = b"",
        more: Mapping[str, str] | None = None,
        at: int | None = None,
    ) -> Completed:
        environment = {**ENVIRONMENT, **self.reader.environment, **(more or {})}
        for role in ("AUTHOR", "COMMITTER"):
            for what in ("name", "email"):
                if self.identity.get(what):
                    environment[f"GIT_{role}_{what.upper()}"] = self.identity[what]
            if at is not None:
                environment[f"GIT_{role}_DATE"] = f"@{at} +0000"
        return run(
            ("git", *SAFE, *arguments),
            cwd=self.reader.directory,
            env=environment,
            input_bytes=input_bytes,
            timeout_s=_WRITE_TIMEOUT_S,
        )

    @contextmanager
    def _locked(self) -> Iterator[None]:
        path = self.reader.text("rev-parse", "--path-format=absolute", "--git-common-dir")
        with locked(Path(path) / "aof.lock"):
            yield


def _moved(branch: str, base: str, tip: str) -> PlanRefused:
    return PlanRefused(
        f"{branch} moved since the plan was made",
        why=f"it is at {tip[:12]}, the plan was made for {base[:12]}",
        fix="run again for a new plan",
    )


def _taken(what: str, there: str, wanted: str) -> PlanRefused:
    return PlanRefused(
        f"{what} exists and names another commit",
        why=f"it names {there[:12]}, wanted is {wanted[:12]}; what is published never moves",
        fix="choose another name, or remove it by hand if it was a mistake",
    )


def _unsigned(name: str) -> PlanRefused:
    return PlanRefused(
        f"tag {name} exists without a signature",
        why="tag.gpgSign asks for one, and no tag is moved",
        fix=f"if nobody has it yet: git tag -d {name}, then run again",
    )


def _not_taken(remote: str, left: Sequence[str], done: Completed) -> Unreachable:
    words = said(done.stdout + done.stderr)[-1500:]
    fix = "check the right to push"
    if _REDIRECTED in done.stderr:
        fix = f"the server names another address, see git ls-remote {remote}; set the remote to it"
    elif _TAG_PROTECTED.search(words):
        fix = "the tag is protected: let the account that releases create tags of that name"
    elif _BRANCH_PROTECTED.search(words):
        fix = "the branch is protected: set `protected: true` to go through a pull request"
    elif "fetch first" in words or "non-fast-forward" in words or "stale info" in words:
        fix = "somebody pushed meanwhile: git fetch, then run again for a new plan"
    return Unreachable(f"{remote} did not take {', '.join(left)}", why=words, fix=fix)
