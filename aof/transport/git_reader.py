"""Reading a git repository: one streamed `git log`, one `for-each-ref`, small questions.

Everything a command needs is on its line: hooks, monitors, external diffs, pagers, prompts
and signature programs of the repository's configuration do not run.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from aof.errors import Unreachable, UsageFault
from aof.transport.process import Completed, run, stream

ENVIRONMENT = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_PAGER": "cat",
    "GIT_EDITOR": "false",
    "LC_ALL": "C",
    # The history that is published counts, not one that is rewritten in this clone alone.
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_GRAFT_FILE": f"{os.devnull}/none",
}
_QUIET = (
    *("-c", "core.fsmonitor=false", "-c", "core.quotePath=false"),
    *("-c", "log.showSignature=false", "-c", "protocol.ext.allow=never"),
    *("-c", "submodule.recurse=false", "-c", "gc.auto=0"),
)
SAFE = ("-c", "core.hooksPath=/dev/null", *_QUIET)
PUSHING = _QUIET
"""For pushes, where the user's hooks belong: large file storage depends on one."""

_FIELDS = "%H%n%P%n%an%n%ae%n%ct%n%B"
_READ_TIMEOUT_S = 60.0
_PASSWORD = re.compile(r"(?<=://)[^/\s]+@")
_AUTHOR = re.compile(r"^author (.*?) ?<(.*)>", re.MULTILINE)
_COMMITTED = re.compile(r"^committer .*> (\d+)", re.MULTILINE)


class LoggedCommit(NamedTuple):
    """A commit of `log`; `time` is the committer's, in seconds since 1970."""

    sha: str
    parents: tuple[str, ...]
    author: str
    email: str
    time: int
    message: str
    paths: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        """First line of the message."""
        return self.message.lstrip("\n").split("\n", 1)[0].rstrip()


class Where(NamedTuple):
    """Where a clone stands. `head` is empty without a commit, `branch` when detached."""

    root: Path
    head: str
    branch: str
    shallow: bool


class TagRef(NamedTuple):
    """A tag: `sha` is the commit it names, `time` when it was made.

    `annotated` tells a tag object from a mere name.
    """

    name: str
    sha: str
    time: int
    annotated: bool


@dataclass(frozen=True, slots=True)
class GitReader:
    """Reads one repository.

    Args:
        directory: Inside the repository, or the repository itself when it is bare.
        environment: Added for every command, e.g. where the SSH agent listens.
        named_by: How a person names another directory, for messages.
    """

    directory: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    named_by: str = "--repo DIR"

    def git(
        self, *arguments: str, timeout_s: float = _READ_TIMEOUT_S, input_bytes: bytes = b""
    ) -> Completed:
        """Run one git command to its end; look at `returncode` or call `require`."""
        if not self.directory.is_dir():
            raise self._no_clone("directory")
        return run(
            ("git", *SAFE, *arguments),
            cwd=self.directory,
            env={**ENVIRONMENT, **self.environment},
            timeout_s=timeout_s,
            input_bytes=input_bytes,
        )

    def text(self, *arguments: str) -> str:
        """What a git command printed, without the newline at its end."""
        done = self.git(*arguments)
        if done.returncode != 0:
            raise failed(arguments, done)
        return decoded(done.stdout).rstrip("\n")

    def is_shallow(self) -> bool:
        """Whether history was cut off when cloning.

        Raises:
            UsageFault: There is no repository here.
        """
        done = self.git("rev-parse", "--is-shallow-repository")
        if done.returncode != 0:
            words = decoded(done.stderr).strip()[-500:]
            if "dubious ownership" in words:
                raise failed(("rev-parse",), done)
            raise self._no_clone("git repository", why=words)
        return done.stdout.strip() == b"true"

    def _no_clone(self, kind: str, *, why: str = "") -> UsageFault:
        return UsageFault(
            f"{self.directory.absolute()} is not a {kind}",
            why=why,
            fix=f"run this in a clone, or name one: {self.named_by}",
        )

    def where(self) -> Where:
        """Root, HEAD, branch and depth, by one command.

        Raises:
            UsageFault: There is no repository here.
        """
        arguments = ("--is-shallow-repository", "--show-cdup", "HEAD", "--abbrev-ref", "HEAD")
        done = self.git("rev-parse", *arguments)
        lines = decoded(done.stdout).split("\n")
        if done.returncode != 0:
            # Not a repository, or one without a commit: then the name of HEAD comes back.
            return Where(self.root(), "", self.branch(), self.is_shallow())
        shallow, up, head, branch = lines[:4]
        return Where(
            (self.directory / up).resolve(),
            head,
            "" if branch == "HEAD" else branch,
            shallow == "true",
        )

    def root(self) -> Path:
        """Top directory of the working tree; the repository itself when it is bare."""
        self.is_shallow()
        done = self.git("rev-parse", "--show-toplevel")
        return Path(decoded(done.stdout).strip()) if done.returncode == 0 else self.directory

    def commit_of(self, revision: str) -> str | None:
        """Full name of the commit `revision` names; None when there is none."""
        done = self.git("rev-parse", "-q", "--verify", "--end-of-options", f"{revision}^{{commit}}")
        return decoded(done.stdout).strip() if done.returncode == 0 else None

    def branch(self) -> str:
        """Branch HEAD is on; empty when it is detached."""
        done = self.git("symbolic-ref", "-q", "--short", "HEAD")
        return decoded(done.stdout).strip() if done.returncode == 0 else ""

    def tags(self) -> list[TagRef]:
        """All tags that name commits, by one `for-each-ref`."""
        fields = "%(refname:strip=2)%00%(objecttype)%00%(objectname)%00%(*objecttype)"
        fields += "%00%(*objectname)%00%(creatordate:unix)"
        found = []
        for line in self.text("for-each-ref", f"--format={fields}", "refs/tags").split("\n"):
            if not line:
                continue
            name, kind, sha, inner_kind, inner, time = line.split("\0")
            annotated = kind == "tag"
            if annotated and inner_kind == "tag":
                inner, inner_kind = self.commit_of(f"refs/tags/{name}") or "", "commit"
            if (inner_kind if annotated else kind) == "commit":
                target = inner if annotated else sha
                found.append(TagRef(name, target, int(time or 0), annotated))
        return found

    def contains(self, ancestor: str, descendant: str = "HEAD") -> bool:
        """Whether `descendant` contains `ancestor`; both are commits this clone has."""
        done = self.git("merge-base", "--is-ancestor", ancestor, descendant)
        if done.returncode not in {0, 1}:
            raise failed(("merge-base", ancestor, descendant), done)
        return done.returncode == 0

    def log(
        self,
        revision: str = "HEAD",
        *,
        exclude: Sequence[str] = (),
        names: bool = False,
        paths: Sequence[str] = (),
        limit: int = 0,
        options: Sequence[str] = (),
    ) -> Iterator[LoggedCommit]:
        """Stream commits, newest first.

        Args:
            revision: Where to start.
            exclude: Commits whose history is left out.
            names: Also the files each commit touches; for a merge, against its first parent.
            paths: Only commits that touch these.
            limit: Most commits; 0 is all.
            options: Further options, as of `git log`.
        """
        shown = ("--name-only", "--no-renames", "--diff-merges=first-parent") if names else ()
        argv = (
            *("git", *SAFE, "log", "-z", "--encoding=UTF-8", "--no-show-signature"),
            *("--no-color", "--no-ext-diff", "--no-textconv", "--no-mailmap", "--no-notes"),
            *(("--format=%x00" + _FIELDS,) if names else (f"--format={_FIELDS}", "--no-patch")),
            *shown,
            *((f"--max-count={limit}",) if limit else ()),
            *options,
            *("--end-of-options", revision, *(f"^{one}" for one in exclude), "--", *paths),
        )
        blocks = stream(argv, cwd=self.directory, env={**ENVIRONMENT, **self.environment})
        records = _records(blocks)
        return _with_names(records, self._commit) if names else map(self._commit, records)

    def _commit(self, record: str) -> LoggedCommit:
        sha, parents, author, email, time, message = record.split("\n", 5)
        try:
            return LoggedCommit(sha, tuple(parents.split()), author, email, int(time), message)
        except ValueError:
            return self._as_stored(sha, tuple(parents.split()))

    def _as_stored(self, sha: str, parents: tuple[str, ...]) -> LoggedCommit:
        """A commit git cannot format: its date is none, or its encoding is not what it says."""
        head, _, message = self.text("cat-file", "commit", sha).partition("\n\n")
        who = _AUTHOR.search(head)
        name, email = who.groups() if who else ("", "")
        when = _COMMITTED.search(head)
        return LoggedCommit(sha, parents, name, email, int(when[1]) if when else 0, message)

    def merged_tags(self) -> set[str]:
        """Names of the tags whose commits HEAD contains, by one walk."""
        if self.commit_of("HEAD") is None:
            return set()
        fields = "--format=%(refname:strip=2)"
        return set(self.text("for-each-ref", "--merged=HEAD", fields, "refs/tags").split("\n"))

    def changes(self) -> tuple[list[str], list[str], list[str]]:
        """Paths with changes not committed, those of them not staged, and untracked paths."""
        if self.text("rev-parse", "--is-bare-repository") == "true":
            return [], [], []
        raw = self.git("status", "--porcelain=v1", "-z", "--no-renames").require()
        entries = [decoded(one) for one in raw.split(b"\0") if one]
        untracked = [one[3:] for one in entries if one.startswith("??")]
        changed = [one for one in entries if not one.startswith("??")]
        unstaged = [one[3:] for one in changed if one[1] != " "]
        return [one[3:] for one in changed], unstaged, untracked

    def divergence(self) -> tuple[int, int]:
        """How many commits HEAD is ahead of and behind its upstream."""
        counts = self.text("rev-list", "--left-right", "--count", "HEAD...@{upstream}").split()
        return int(counts[0]), int(counts[1])

    def remotes(self) -> dict[str, str]:
        """Names and URLs, as configured."""
        done = self.git("config", "-z", "--get-regexp", r"^remote\..*\.url$")
        found = {}
        for entry in decoded(done.stdout).split("\0"):
            key, _, url = entry.partition("\n")
            if url:
                found[key.removeprefix("remote.").removesuffix(".url")] = url
        return found

    def remote_refs(self, remote: str, names: Sequence[str]) -> dict[str, tuple[str, str]]:
        """Full name to (object, commit) for those of `names` the remote has.

        Raises:
            Unreachable: There is no such remote, or it does not answer.
        """
        wanted = [form for name in names for form in (name, f"{name}^{{}}")]
        arguments = ("ls-remote", "--end-of-options", remote, *wanted)
        done = self.git(*arguments, timeout_s=30.0)
        if done.returncode != 0:
            raise failed(("ls-remote", remote), done)
        found: dict[str, tuple[str, str]] = {}
        for line in decoded(done.stdout).splitlines():
            sha, _, name = line.partition("\t")
            base = name.removesuffix("^{}")
            if name in names:
                found[name] = (sha, sha)
            elif base in found:
                found[base] = (found[base][0], sha)
        return found

    def default_branch(self, remote: str) -> str:
        """The branch the remote's HEAD names; empty where it names none that exists.

        Raises:
            Unreachable: There is no such remote, or it does not answer.
        """
        arguments = ("ls-remote", "--symref", "--end-of-options", remote, "HEAD")
        done = self.git(*arguments, timeout_s=30.0)
        if done.returncode != 0:
            raise failed(("ls-remote", remote), done)
        begin, end = "ref: refs/heads/", "\tHEAD"
        lines = [one for one in decoded(done.stdout).splitlines() if one.endswith(end)]
        named = [one for one in lines if one.startswith(begin)]
        return named[0].removeprefix(begin).removesuffix(end) if named else ""

    def empty_tree(self) -> str:
        """The tree without files, in the repository's hash."""
        return self.text("hash-object", "-t", "tree", "--stdin")

    def diff(self, older: str, newer: str, paths: Sequence[str], *, patch: bool) -> bytes:
        """Differences of two commits or trees: a patch, or raw entries with counts."""
        form = ("--patch",) if patch else ("-z", "--raw", "--numstat")
        options = ("--no-color", "--no-ext-diff", "--no-textconv", "--find-renames", "--abbrev=12")
        arguments = ("diff", *options, *form, "--end-of-options", older, newer, "--", *paths)
        done = self.git(*arguments)
        if done.returncode != 0:
            raise failed(("diff", older, newer), done)
        return done.stdout

    def file(self, sha: str, path: str) -> bytes | None:
        """Content of a file at a commit ('': as staged); None when it has no such file."""
        done = self.git("cat-file", "blob", f"{sha}:{path}")
        return done.stdout if done.returncode == 0 else None

    def blame(self, sha: str, path: str, start: int, end: int) -> bytes:
        """Lines `start` to `end` (0: the last) of a file, in git's line porcelain.

        Raises:
            UsageFault: The commit has no such file or not so many lines.
        """
        lines = f"-L{start},{end or ''}"
        form = ("--line-porcelain", "--no-textconv", "--encoding=UTF-8")
        done = self.git("blame", *form, lines, sha, "--", path)
        if done.returncode != 0:
            words = decoded(done.stderr).strip()
            raise UsageFault(f"{path} cannot be blamed at {sha[:12]}", why=words)
        return done.stdout

    def bisection(self, good: str, bad: str, paths: Sequence[str]) -> str | None:
        """The commit that best halves what is between `good` and `bad`."""
        found = self.text("rev-list", "--bisect", bad, f"^{good}", "--", *paths)
        return found.split("\n")[0] or None


def decoded(raw: bytes) -> str:
    """Text of git; what is no UTF-8 is read as Latin-1, so that no commit is lost."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def said(raw: bytes) -> str:
    """What git said about an error, without the user and password of addresses it names."""
    return without_password(decoded(raw)).strip()


def without_password(text: str) -> str:
    """`text` with URLs that name no user and no password; a password may hold an `@` itself."""
    return _PASSWORD.sub("", text)


def _records(blocks: Iterator[bytes]) -> Iterator[str]:
    rest = b""
    for block in blocks:
        whole, end, rest = (rest + block).rpartition(b"\0")
        if end:
            yield from _texts(whole)
    if rest:
        yield decoded(rest)


def _texts(records: bytes) -> list[str]:
    """Many records at once, which costs half; one by one where any is not UTF-8."""
    try:
        return records.decode("utf-8").split("\0")
    except UnicodeDecodeError:
        return [decoded(one) for one in records.split(b"\0")]


def _with_names(
    records: Iterator[str], read: Callable[[str], LoggedCommit]
) -> Iterator[LoggedCommit]:
    """Records: an empty one, the commit, then its files, the first after a newline."""
    commit: LoggedCommit | None = None
    paths: list[str] = []
    for record in records:
        if record:
            if commit is None:
                commit = read(record)
            else:
                paths.append(record.removeprefix("\n") if not paths else record)
        elif commit is not None:
            yield commit._replace(paths=tuple(paths))
            commit, paths = None, []
    if commit is not None:
        yield commit._replace(paths=tuple(paths))


def failed(arguments: Sequence[str], done: Completed) -> Unreachable:
    """What to raise when a git command failed, with its own words."""
    words = said(done.stderr)[-2000:] or "git gave no message"
    fix = ""
    if "dubious ownership" in words:
        fix = "git config --global --add safe.directory DIR, if you trust that repository"
    return Unreachable(f"git {' '.join(arguments[:3])} failed", why=words, fix=fix)
