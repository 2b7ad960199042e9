"""The reading half of the git tool: history, files, tags, where the clone stands.

Nothing here changes a clone, save `complete_history`, which adds history it lacks.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field

from aof.clock import Clock
from aof.errors import UsageFault
from aof.messages import ToolOutput
from aof.tools.base import Setting, Tool, operation
from aof.tools.fields import only
from aof.tools.git_shapes import (
    as_commit,
    bisect_steps,
    blamed_lines,
    clipped,
    file_changes,
)
from aof.transport.git_deepen import deepen, holds, remote_tags, with_parents_cut_off
from aof.transport.git_reader import GitReader, TagRef, decoded, without_password

Revision = Annotated[str, Field(pattern=r"^[^-\s]\S*$", max_length=255)]
"""A commit, tag or branch, e.g. `v1.2.3` or `HEAD~2`."""

FilePath = Annotated[str, Field(min_length=1, max_length=4096)]
"""Relative to the top of the repository."""

Remote = Annotated[str, Field(pattern=r"^(\.|[A-Za-z0-9_][A-Za-z0-9_./-]*)$", max_length=100)]
"""Name of a configured remote; `.` is the clone itself."""

_PATCH_CHARS = 64_000
_FILE_CHARS = 1_000_000
_WHOLE_FILE_CHARS = 16_000_000
"""Lock files that repeat a version have several million."""


class GitReads(Tool):
    """Reads of a git clone; `aof.tools.git` adds the writes."""

    name: ClassVar[str] = "git"
    about: ClassVar[str] = "A git clone: history, tags, differences; commits, tags and pushes."
    clone_setting: ClassVar[str] = "GIT_CLONE"
    settings_read: ClassVar[tuple[Setting, ...]] = (
        Setting("GIT_CLONE", "directory of the clone; the working directory unless set"),
        Setting("GIT_REMOTE", "remote to compare with and push to; origin unless set"),
        Setting("SSH_AUTH_SOCK", "the SSH agent that holds the key for fetching and pushing"),
        Setting("GNUPGHOME", "where GnuPG keeps the keys that sign, if Git is to sign"),
        Setting("GIT_TOKEN_WRITE", "token for pushing over HTTPS", secret=True, write_only=True),
        Setting("GIT_COMMITTER_NAME", "name on commits and tags; git's own setting unless set"),
        Setting("GIT_COMMITTER_EMAIL", "address on commits and tags"),
    )

    def __init__(self, settings: Mapping[str, str], *, clock: Clock | None = None) -> None:
        super().__init__(settings, clock=clock)
        agent = self.settings.get("SSH_AUTH_SOCK", "")
        named = {"SSH_AUTH_SOCK": agent, "GNUPGHOME": self.settings.get("GNUPGHOME", "")}
        self._environment = {name: value for name, value in named.items() if value}
        directory = Path(self.settings.get("GIT_CLONE") or ".")
        self.reader = GitReader(
            directory, environment=self._environment, named_by=f"{self.clone_setting}=DIR"
        )

    @property
    def remote(self) -> str:
        """Name of the configured remote."""
        return self.settings.get("GIT_REMOTE") or "origin"

    @operation(timeout_s=120)
    def log(
        self,
        revision: Revision = "HEAD",
        since: str = "",
        paths: list[FilePath] | None = None,
        max_count: Annotated[int, Field(ge=0)] = 50,
        names: bool = False,
    ) -> ToolOutput:
        """List commits, newest first.

        Args:
            revision: Where to start.
            since: Leave out everything this commit or tag contains, e.g. `v1.2.3`.
            paths: Only commits that touch these files or folders.
            max_count: Most commits; 0 is all.
            names: Also list the files each commit touches; a merge is compared with its
                first parent.

        Returns:
            `{"commits": [{sha, parents, author, email, time, subject, message, paths}],
            "truncated": bool}`; `time` is the committer's, seconds since 1970.
        """
        start = self.commit_named(revision)
        exclude = [self.commit_named(since)] if since else []
        limit = max_count + 1 if max_count else 0
        read = self.reader.log(start, exclude=exclude, paths=paths or (), names=names, limit=limit)
        if self.reader.is_shallow():
            read = with_parents_cut_off(self.reader, read)
        found = [as_commit(one) for one in read]
        truncated = bool(max_count) and len(found) > max_count
        kept = found[:max_count] if max_count else found
        where = f"{since}..{revision}" if since else revision
        summary = f"{len(kept)} commits in {where}" + (", more not shown" if truncated else "")
        return ToolOutput({"commits": kept, "truncated": truncated}, summary)

    @operation(timeout_s=60)
    def show(self, revision: Revision = "HEAD", path: str = "") -> ToolOutput:
        """Show a commit with its changes, or a file as it was at a commit.

        Args:
            revision: Which commit.
            path: A file; then its content is returned instead of the commit.

        Returns:
            Of a commit: `{commit: {as in log}, files: [{path, added, deleted, status,
            old_path}], patch, truncated}`. Of a file: `{sha, path, content, size, binary,
            exists, truncated}`; `content` is None when it is binary or does not exist.
        """
        sha = self.commit_named(revision)
        if path:
            return self._file(sha, path)
        (found,) = self.reader.log(sha, limit=1)
        parent = found.parents[0] if found.parents else self.reader.empty_tree()
        commit = as_commit(found)
        files, patch = self._changes(parent, sha, [])
        text, truncated = clipped(patch, _PATCH_CHARS)
        data = {
            "commit": commit,
            "files": files,
            "patch": text,
            "truncated": truncated,
        }
        return ToolOutput(data, f"{sha[:12]} {commit['subject']}, {len(files)} files")

    @operation(timeout_s=60)
    def diff(
        self,
        base: Revision,
        head: Revision = "HEAD",
        paths: list[FilePath] | None = None,
        since_fork: bool = False,
    ) -> ToolOutput:
        """Compare two commits.

        Args:
            base: The older side.
            head: The newer side.
            paths: Only these files or folders.
            since_fork: Compare with the commit where `head` left `base`, as a pull request
                shows it.

        Returns:
            `{base, head, files: [{path, added, deleted, status, old_path}], patch,
            truncated}`. `added` and `deleted` are None for binary files.
        """
        older, newer = self.commit_named(base), self.commit_named(head)
        if since_fork:
            older = self.reader.text("merge-base", older, newer)
        files, patch = self._changes(older, newer, paths or [])
        text, truncated = clipped(patch, _PATCH_CHARS)
        data = {
            "base": older,
            "head": newer,
            "files": files,
            "patch": text,
            "truncated": truncated,
        }
        return ToolOutput(data, f"{len(files)} files differ between {base} and {head}")

    @operation(timeout_s=60)
    def blame(
        self,
        path: FilePath,
        revision: Revision = "HEAD",
        start: Annotated[int, Field(ge=1)] = 1,
        end: Annotated[int, Field(ge=0)] = 0,
    ) -> ToolOutput:
        """Tell which commit last changed each line of a file.

        Args:
            path: The file.
            revision: As of this commit.
            start: First line, from 1.
            end: Last line; 0 is the end of the file.

        Returns:
            `{"lines": [{line, sha, author, email, time, subject, text}]}`.
        """
        sha = self.commit_named(revision)
        lines = blamed_lines(self.reader.blame(sha, path, start, end))
        commits = len({one["sha"] for one in lines})
        return ToolOutput({"lines": lines}, f"{len(lines)} lines of {path} by {commits} commits")

    @operation(timeout_s=60)
    def tags(self, remote: bool = False) -> ToolOutput:
        """List tags that name commits.

        Args:
            remote: Also ask the remote; its tags are added, those missing here with time 0.

        Returns:
            `{"tags": [{name, sha, time, annotated, merged}]}`; `merged` says whether HEAD
            contains the tag's commit, as far as history is here.
        """
        listed = {one.name: one for one in self.reader.tags()}
        merged = self.reader.merged_tags() if listed else set()
        if remote:
            listed = {one.name: one for one in remote_tags(self.reader, self.remote)} | listed
        tags = [
            {
                "name": one.name,
                "sha": one.sha,
                "time": one.time,
                "annotated": one.annotated,
                "merged": one.name in merged,
            }
            for one in sorted(listed.values(), key=lambda one: one.name)
        ]
        return ToolOutput({"tags": tags}, f"{len(tags)} tags")

    @operation()
    def tag_message(self, name: Revision) -> ToolOutput:
        """Tell what an annotated tag says.

        Args:
            name: The tag.

        Returns:
            `{tag, message, signed}`; `message` is without its signature, and empty for a tag
            that is a mere name.
        """
        wanted = ("objecttype", "contents:subject", "contents:body", "contents:signature")
        form = "%00".join(f"%({field})" for field in wanted)
        line = self.reader.text("for-each-ref", f"--format={form}", f"refs/tags/{name}")
        if not line:
            raise UsageFault(f"there is no tag {name} here")
        kind, subject, body, signature = line.split("\0")
        parts = [subject, body.strip("\n")] if kind == "tag" else []
        message = "\n\n".join(filter(None, parts))
        data = {"tag": name, "message": message, "signed": bool(signature.strip())}
        return ToolOutput(data, f"{name}: {subject}")

    @operation()
    def contains(self, commit: Revision, revision: Revision = "HEAD") -> ToolOutput:
        """Tell whether a commit is part of another's history.

        Args:
            commit: The one looked for; where history is cut off, its full name.
            revision: Whose history.

        Returns:
            `{"contains": bool}`.
        """
        if revision == "HEAD" and self.reader.is_shallow():
            found = holds(self.reader, self.reader.commit_of(commit) or commit)
        else:
            found = self.reader.contains(self.commit_named(commit), self.commit_named(revision))
        words = "contains" if found else "does not contain"
        return ToolOutput({"contains": found}, f"{revision} {words} {commit}")

    @operation(timeout_s=60)
    def status(self) -> ToolOutput:
        """Tell where the clone stands: HEAD, branch, changes not committed, remotes.

        Returns:
            `{root, head, branch, detached, upstream, ahead, behind, dirty, changed, unstaged,
            untracked, shallow, remotes: {name: url}}`. `changed`, `unstaged` (the part of
            it) and `untracked` are lists of paths, at most 100 each; `ahead` and `behind` are
            None without an upstream, and compare with what was last fetched.
        """
        reader = self.reader
        shallow = reader.is_shallow()
        branch = reader.branch()
        changed, unstaged, untracked = reader.changes()
        upstream = decoded(reader.git("rev-parse", "-q", "--abbrev-ref", "@{upstream}").stdout)
        ahead, behind = reader.divergence() if upstream.strip() else (None, None)
        data = {
            "root": str(reader.root()),
            "head": reader.commit_of("HEAD"),
            "branch": branch,
            "detached": not branch,
            "upstream": upstream.strip() or None,
            "ahead": ahead,
            "behind": behind,
            "dirty": bool(changed),
            "changed": changed[:100],
            "unstaged": unstaged[:100],
            "untracked": untracked[:100],
            "shallow": shallow,
            "remotes": {name: without_password(url) for name, url in reader.remotes().items()},
        }
        state = "with changes" if changed else "clean"
        return ToolOutput(data, f"{branch or 'detached HEAD'} at {str(data['head'])[:12]}, {state}")

    @operation()
    def describe(self, revision: Revision = "HEAD", match: str = "") -> ToolOutput:
        """Name a commit by the nearest tag it contains.

        Args:
            revision: Which commit.
            match: Only tags like this, e.g. `v*`.

        Returns:
            `{sha, tag, distance, exact, text}`; `tag` is None when it contains no tag.
        """
        sha = self.commit_named(revision)
        options = [f"--match={match}"] if match else []
        done = self.reader.git("describe", "--tags", "--long", "--abbrev=12", *options, sha)
        if done.returncode != 0:
            none = {"sha": sha, "tag": None, "distance": None, "exact": False, "text": sha[:12]}
            return ToolOutput(none, f"{sha[:12]} contains no tag")
        tag, distance, _ = decoded(done.stdout).strip().rsplit("-", 2)
        exact = distance == "0"
        text = tag if exact else f"{tag}+{distance}"
        data = {"sha": sha, "tag": tag, "distance": int(distance), "exact": exact, "text": text}
        return ToolOutput(data, f"{sha[:12]} is {text}")

    @operation(timeout_s=120)
    def bisect_plan(
        self,
        good: Revision,
        bad: Revision = "HEAD",
        paths: list[FilePath] | None = None,
    ) -> ToolOutput:
        """Plan a search for the commit that broke something; nothing is checked out.

        Args:
            good: A commit that works.
            bad: A commit that does not.
            paths: Only commits that touch these can be the cause.

        Returns:
            `{good, bad, commits, steps, first: {as in log} | None, suspects: [{sha, subject,
            author, time}], run}`: how many commits are between, how many tests that takes at
            most, the commit to test first, up to 50 suspects newest first, and the line that
            does it all. With one suspect, `first` is it.

        Raises:
            UsageFault: `bad` does not contain `good`.
        """
        start, end = self.commit_named(good), self.commit_named(bad)
        if not self.reader.contains(start, end):
            raise UsageFault(
                f"{bad} does not contain {good}",
                why="a bisection needs a good commit in the history of the bad one",
                fix="give a good commit that is an ancestor, e.g. the last good release",
            )
        suspects = list(self.reader.log(end, exclude=[start], paths=paths or ()))
        first = self.reader.bisection(start, end, paths or ())
        chosen = next((one for one in suspects if one.sha == first), None)
        data = {
            "good": start,
            "bad": end,
            "commits": len(suspects),
            "steps": bisect_steps(len(suspects)),
            "first": as_commit(chosen) if chosen else None,
            "suspects": [
                only(as_commit(one), ("sha", "subject", "author", "time")) for one in suspects[:50]
            ],
            "run": f"git bisect start {end[:12]} {start[:12]} && git bisect run <test-command>",
        }
        return ToolOutput(data, f"{len(suspects)} suspects, at most {data['steps']} tests")

    @operation()
    def remote_refs(self, names: list[Revision], remote: Remote | None = None) -> ToolOutput:
        """Ask the remote what branches and tags name there.

        Args:
            names: Full names, e.g. `refs/heads/main`, `refs/tags/v1.2.3`.
            remote: Name of the remote; the configured one unless given, `.` for this clone.

        Returns:
            `{"refs": {name: sha | None}, "pushed": {name: bool}}`: the commit, also for
            annotated tags; None where the remote has no such name. `pushed`: a branch there
            contains the one here, a tag there names the same commit.
        """
        found = self.reader.remote_refs(remote or self.remote, names)
        refs = {name: found[name][1] if name in found else None for name in names}
        pushed = {name: self._pushed(name, sha) for name, sha in refs.items()}
        there = sum(sha is not None for sha in refs.values())
        return ToolOutput(
            {"refs": refs, "pushed": pushed}, f"{there} of {len(names)} names exist on the remote"
        )

    def _pushed(self, name: str, there: str | None) -> bool:
        here = self.reader.commit_of(name)
        if here is None or there is None or here == there:
            return here == there is not None
        known = name.startswith("refs/heads/") and self.reader.commit_of(there) is not None
        return known and self.reader.contains(here, there)

    @operation()
    def default_branch(self, remote: Remote | None = None) -> ToolOutput:
        """Ask the remote for its default branch.

        Args:
            remote: Name of the remote; the configured one unless given.

        Returns:
            `{"branch": name | None}`; None where the remote's HEAD names no branch that exists.
        """
        found = self.reader.default_branch(remote or self.remote)
        return ToolOutput({"branch": found or None}, f"default branch: {found or 'none'}")

    @operation(timeout_s=330)
    def complete_history(self, tag: str = "") -> ToolOutput:
        """Fetch the history a shallow clone lacks; files and branches stay as they are.

        Args:
            tag: The last release: history after it is enough. Without one, all is fetched.

        Returns:
            `{"done": "nothing" | "shallow-exclude" | "unshallow"}`.
        """
        chosen: TagRef | None = None
        if tag and self.reader.is_shallow():
            known = {one.name: one for one in remote_tags(self.reader, self.remote)}
            if tag not in known:
                raise UsageFault(f"{self.remote} has no tag '{tag}'")
            chosen = known[tag]
        done = deepen(self.reader, self.remote, chosen)
        return ToolOutput({"done": done}, f"history: {done}")

    @operation(timeout_s=60)
    def read_files(
        self,
        paths: Annotated[list[FilePath], Field(min_length=1, max_length=100)],
        revision: Revision = "HEAD",
        staged: bool = False,
    ) -> ToolOutput:
        """Read several files as they were at a commit, or as they are staged.

        Args:
            paths: The files.
            revision: Which commit.
            staged: Read what is staged for the next commit instead.

        Returns:
            `{"files": [{sha, path, content, size, binary, exists, truncated}]}`, as `show`
            returns one.
        """
        sha = "" if staged else self.commit_named(revision)
        files = [self._file(sha, path, limit=_WHOLE_FILE_CHARS).data for path in paths]
        there = sum(one["exists"] for one in files)
        return ToolOutput(
            {"files": files}, f"{there} of {len(files)} files exist at {sha[:12] or 'the index'}"
        )

    def commit_named(self, revision: str) -> str:
        """Full name of a commit; `UsageFault` when there is none of that name."""
        sha = self.reader.commit_of(revision)
        if sha is None:
            self.reader.is_shallow()
            raise UsageFault(
                f"there is no commit '{revision}' here",
                why="no commit, tag or branch of this clone has that name",
                fix="check the name; a shallow clone lacks old ones (git fetch --unshallow --tags)",
            )
        return sha

    def _changes(
        self, older: str, newer: str, paths: list[str]
    ) -> tuple[list[dict[str, Any]], str]:
        patch = self.reader.diff(older, newer, paths, patch=True)
        numbers = self.reader.diff(older, newer, paths, patch=False)
        return file_changes(numbers), decoded(patch)

    def _file(self, sha: str, path: str, *, limit: int = _FILE_CHARS) -> ToolOutput:
        raw = self.reader.file(sha, path)
        binary = raw is not None and b"\0" in raw
        text, truncated = ("", False) if raw is None else clipped(decoded(raw), limit)
        data = {
            "sha": sha,
            "path": path,
            "content": None if raw is None or binary else text,
            "size": None if raw is None else len(raw),
            "binary": binary,
            "exists": raw is not None,
            "truncated": truncated,
        }
        words = "does not exist" if raw is None else f"{len(raw)} bytes"
        return ToolOutput(data, f"{path} at {sha[:12]}: {words}")
