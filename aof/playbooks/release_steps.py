"""The steps of checkpoint 1: raise the version, tag, push, publish. Each can be repeated."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aof.analysis.release.config import ReleaseConfig
from aof.analysis.release.progress import FOOTER
from aof.errors import UsageFault
from aof.plans import Action, Assumption, Check, digest, name_in_path, text_in_path
from aof.playbooks.base import Calls
from aof.playbooks.release_forge import Asset, Forge
from aof.playbooks.release_prepared import Prepared
from aof.playbooks.release_published import Published
from aof.playbooks.release_remote import RemoteView
from aof.playbooks.release_repository import CalledRepository
from aof.playbooks.release_review import review_branch
from aof.playbooks.release_texts import ReleaseText
from aof.verdict import Finding, Verdict


@dataclass(frozen=True, slots=True)
class Review:
    """The steps to a pull request of `branch`, or its number, or why there can be none."""

    branch: str
    actions: Sequence[Action] = ()
    number: str = ""
    problem: Finding | None = None


class ReleaseSteps:
    """Makes the actions.

    Args:
        calls: The way to tools.
        repository: The clone.
        config: Settings.
        forge: Where releases are published, if anywhere.
        remote: What the remote has.
        at: Time of commits and tags, RFC 3339; fixed, so that repeating makes the same.
        assets: Files that belong to a release.
        folder: What their paths are relative to.
    """

    def __init__(
        self,
        calls: Calls,
        repository: CalledRepository,
        config: ReleaseConfig,
        *,
        forge: Forge | None,
        remote: RemoteView,
        at: str,
        assets: Sequence[str],
        folder: Path,
    ) -> None:
        self.calls, self.repository, self.config = calls, repository, config
        self.forge, self.remote, self.at = forge, remote, at
        self.assets = [_asset(folder, path) for path in assets]

    def from_start(self, prepared: Prepared) -> list[Action]:
        """Raise the version on the branch, then tag, push, publish."""
        if not prepared.files:
            return self.from_commit(prepared, self.repository.head())
        commit = self._commit(prepared, self.remote.branch)
        return [commit, *self.from_commit(prepared, {"$result": f"{commit.id}.sha"})]

    def from_commit(self, prepared: Prepared, sha: Any) -> list[Action]:
        """Tag a commit that the branch contains, push both, publish."""
        actions = [
            self._tag(one.tag, sha, one.tag_message)
            for one in prepared.texts
            if one.tag not in self.repository.tag_names
        ]
        if self.remote.name:
            actions.append(self._push([f"refs/heads/{self.remote.branch}"], prepared.tags))
            for one in prepared.texts:
                actions += self._publish(one, sha)
        return actions

    def by_pull_request(self, prepared: Prepared) -> Review:
        """For a protected branch: the version goes through review."""
        branch = f"release/{'+'.join(prepared.tags)}"
        number = self.forge.open_request(branch, self.remote.branch) if self.forge else ""
        if number:
            return Review(branch, number=number)
        mark = f"{FOOTER}: {prepared.tags[0]}"
        found = review_branch(
            self.calls, branch, self.repository.head(), mark, remote=self.remote.name
        )
        if found.foreign:
            title = f"the branch {branch} exists and was not made for this commit"
            return Review(
                branch,
                problem=Finding(
                    id="branch", verdict=Verdict.INCONCLUSIVE, title=title, detail=found.fix
                ),
            )
        actions = [] if found.tip else [self._commit(prepared, branch)]
        if found.there is None:
            undo = shlex.join(["git", "push", self.remote.name, "--delete", branch])
            actions.append(self._push([f"refs/heads/{branch}"], [], undo=undo))
        if self.forge is not None:
            ends = (branch, self.remote.branch)
            actions.append(self.forge.request(prepared.subject, *ends, prepared.notes_text))
        return Review(branch, actions)

    def left(self, one: Published, *, ours: Callable[[], bool]) -> tuple[bool, bool]:
        """Whether the release that is tagged here still has to be pushed, and published.

        Args:
            one: Where it stands.
            ours: Whether it was made by a plan of ours: a missing publication is then
                unfinished work, not an old custom.
        """
        push = one.pushed is False
        return push, one.state == "draft" or (one.state == "none" and (push or ours()))

    def missing(self, tag: str) -> list[str]:
        """Names of the files that the published release of a tag lacks."""
        if self.forge is None or not self.assets:
            return []
        there = self.forge.published_assets(tag)
        return [] if there is None else [one.name for one in self.assets if one.name not in there]

    def publication(
        self, prepared: Prepared, sha: str, *, push: bool, publish: bool
    ) -> list[Action]:
        """Push and publish a release that is tagged already."""
        actions = []
        if push:
            actions.append(self._push([f"refs/heads/{self.remote.branch}"], prepared.tags))
        if publish:
            for one in prepared.texts:
                actions += self._publish(one, sha)
        return actions

    def _publish(self, one: ReleaseText, sha: Any) -> list[Action]:
        if self.forge is None:
            return []
        prerelease = "-" in one.tag.partition(".")[2]
        return self.forge.publish(
            one.tag, sha, one.title, one.body, prerelease=prerelease, assets=self.assets
        )

    def _commit(self, prepared: Prepared, branch: str) -> Action:
        files = [
            {"path": path, "content": content.decode()}
            for path, content in sorted(prepared.files.items())
        ]
        return self.calls.action(
            "git",
            "commit",
            {
                "message": prepared.message,
                "files": files,
                "branch": branch,
                "base": self.repository.head(),
                "at": self.at,
            },
            reason=f"Raise the version in {', '.join(sorted(prepared.files))}",
            evidence=self.repository.evidence,
            target=branch,
            assumes=self._unmoved() or self._head_unmoved(),
            verify=[self._committed(prepared.tags[0], branch)],
            undo=self._uncommit(branch),
        )

    def _uncommit(self, branch: str) -> str:
        """How a commit that nobody has yet is taken back."""
        if branch != self.remote.branch:
            return shlex.join(["git", "branch", "-D", branch])
        if self.repository.branch() == branch:
            return f"git reset --keep {self.repository.head()[:12]}"
        return shlex.join(
            ["git", "update-ref", f"refs/heads/{branch}", self.repository.head()[:12]]
        )

    def _tag(self, tag: str, sha: Any, message: str) -> Action:
        named = f"tags[?name=={text_in_path(tag)}]"
        return self.calls.action(
            "git",
            "tag",
            {"name": tag, "target": sha, "message": message, "at": self.at},
            reason=f"Name the release {tag}; {self.remote.branch} contains the commit",
            evidence=self.repository.evidence,
            target=tag,
            assumes=[
                *self._unmoved(),
                Assumption(
                    tool="git",
                    operation="tags",
                    path=f"length({named})",
                    digest=digest(0),
                    describes=f"there is no {tag} yet",
                ),
            ],
            verify=[
                Check(
                    tool="git",
                    operation="tags",
                    condition=f"length({named}) == `1`",
                    describes=f"{tag} exists",
                )
            ],
            undo=shlex.join(["git", "tag", "-d", tag]),
        )

    def _push(self, branches: list[str], tags: Sequence[str], *, undo: str = "") -> Action:
        # What is published stays: a push to the branch has no way back of its own.
        names = [*branches, *(f"refs/tags/{tag}" for tag in tags)]
        checks = [
            Check(
                tool="git",
                operation="remote_refs",
                arguments={"names": [name]},
                condition=f"pushed.{name_in_path(name)}",
                describes=f"the remote has {name} as it is here",
            )
            for name in names
        ]
        return self.calls.action(
            "git",
            "push",
            {"refs": names},
            reason="Bring branch and tags to the remote, all or none"
            if tags
            else f"Bring {', '.join(one.removeprefix('refs/heads/') for one in branches)} there",
            evidence=self.remote.evidence,
            target=self.remote.name,
            assumes=self._unmoved(),
            verify=checks,
            undo=undo,
        )

    def _committed(self, tag: str, branch: str) -> Check:
        """Looks for the commit by the footer that names its tag; tells later steps its name."""
        mine = f"commits[?contains(message, {text_in_path(f'{FOOTER}: {tag}')})]"
        return Check(
            tool="git",
            operation="log",
            arguments={
                "revision": f"refs/heads/{branch}",
                "since": self.repository.head(),
                "max_count": 0,
            },
            condition=f"length({mine}) > `0`",
            describes=f"{branch} has the commit that raises the version",
            result="{sha: " + mine + ".sha | [0]}",
        )

    def _unmoved(self) -> list[Assumption]:
        if not self.remote.name:
            return []
        name = f"refs/heads/{self.remote.branch}"
        return [
            Assumption(
                tool="git",
                operation="remote_refs",
                arguments={"names": [name]},
                path=f"refs.{name_in_path(name)}",
                digest=digest(self.remote.branch_sha),
                describes=f"the remote's {self.remote.branch} has not moved",
            )
        ]

    def _head_unmoved(self) -> list[Assumption]:
        return [
            Assumption(
                tool="git",
                operation="status",
                path="head",
                digest=digest(self.repository.head()),
                describes="HEAD has not moved",
            )
        ]


def _asset(folder: Path, path: str) -> Asset:
    """A file of a release, below the working directory: the repository may name it."""
    root = folder.resolve()
    file = (root / path).resolve()
    if not file.is_relative_to(root):
        raise UsageFault(f"the asset {path} is not below the working directory {root}")
    try:
        if not file.is_file():
            raise FileNotFoundError("there is no such file")
        with file.open("rb") as content:
            sha256 = hashlib.file_digest(content, "sha256").hexdigest()
            return Asset(path, sha256, content.tell())
    except OSError as error:
        raise UsageFault(f"the asset {path} cannot be read", why=str(error)) from None
