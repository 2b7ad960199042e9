"""What the remote has, and whether a release can be made from this clone of it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aof.analysis.release.config import ReleaseConfig
from aof.errors import Unreachable
from aof.playbooks.base import Calls
from aof.playbooks.release_repository import CalledRepository
from aof.verdict import Finding, Verdict


@dataclass(frozen=True, slots=True)
class RemoteView:
    """What the remote has.

    Attributes:
        name: Empty without a remote.
        branch: What a release from this clone goes to.
        branch_sha: Where the remote has it.
        tags: Where the remote has the tags of the release.
        error: Why the remote was not read, in git's words.
        elsewhere: The branch releases are made from, when that is another one.
    """

    name: str
    branch: str
    branch_sha: str | None
    tags: dict[str, str | None]
    evidence: tuple[str, ...] = ()
    error: str = ""
    elsewhere: str = ""

    @classmethod
    def look(
        cls,
        calls: Calls,
        repository: CalledRepository,
        config: ReleaseConfig,
        tags: Sequence[str],
    ) -> RemoteView:
        """Ask the remote about the branch and the tags."""
        branch = target_branch(calls, repository, config)
        if not repository.status["remotes"]:
            elsewhere = _elsewhere(branch, config, "")
            return cls("", branch, None, dict.fromkeys(tags), elsewhere=elsewhere)
        name = f"refs/heads/{branch}"
        answer = calls.read(
            "git", "remote_refs", names=[name, *(f"refs/tags/{tag}" for tag in tags)]
        )
        if not answer.ok:
            words = " ".join(answer.failure.split())
            return cls(config.remote, branch, None, dict.fromkeys(tags), error=words)
        refs = answer.data["refs"]
        found = {tag: refs[f"refs/tags/{tag}"] for tag in tags}
        elsewhere = _elsewhere(branch, config, _default_branch(calls, branch, config))
        seen = (answer.evidence_id,)
        return cls(config.remote, branch, refs[name], found, seen, elsewhere=elsewhere)

    def require(self) -> RemoteView:
        """Itself; `Unreachable` when the remote was not read.

        Without it nobody can say whether a version is free, or a release complete: that is no
        verdict, and no reason to wait for a person.
        """
        if self.error:
            raise Unreachable(
                f"the remote {self.name} cannot be read, so nothing can be said about a release",
                why=self.error,
                fix=f"mend this first: git ls-remote {self.name}; next version and changelog "
                "alone need no remote: aofctl analyze release",
            )
        return self

    def problem(self, repository: CalledRepository, files: Mapping[str, bytes]) -> Finding | None:
        """Why a release cannot be made from this clone, or None.

        Args:
            repository: The clone.
            files: What the release would write.
        """
        head, why, fix = repository.head(), "", ""
        dirty = repository.in_the_way(files)
        alien = [tag for tag, sha in self.tags.items() if sha and tag not in repository.tag_names]
        if self.elsewhere:
            why = f"releases are made from {self.elsewhere}, and this clone is on {self.branch}"
            allow = f"`branch: {self.branch}` in the release settings"
            fix = f"{shlex.join(['git', 'switch', self.elsewhere])}; or allow this one: {allow}"
        elif alien:
            why, fix = f"the remote has {alien[0]}, this clone does not", "git fetch --tags"
        elif self.branch_sha not in {None, head} and not repository.holds(str(self.branch_sha)):
            why = f"the remote's {self.branch} has commits that are not here"
            fix = f"git pull, or fetch and switch to {self.branch}"
            if repository.status["detached"]:
                why = f"HEAD is detached, and behind the remote's {self.branch}"
                place = shlex.quote(f"{self.name}/{self.branch}")
                fix = f"git fetch --tags && git checkout --detach {place}"
        elif dirty:
            why, fix = f"{', '.join(dirty)} has changes not committed", "commit or stash them"
        return self._finding(why, fix) if why else None

    def taken(self, tag: str, sha: str) -> Finding | None:
        """That the remote's `tag` names another commit than `sha`, as it does here; or None."""
        there = self.tags[tag]
        if there in {None, sha}:
            return None
        why = f"{tag} names {str(there)[:12]} on {self.name} and {sha[:12]} here"
        fix = f"no tag is moved: where {self.name} is right, git tag -d {tag} && git fetch --tags"
        return self._finding(why, fix)

    def _finding(self, why: str, fix: str) -> Finding:
        return Finding(
            id="clone",
            verdict=Verdict.INCONCLUSIVE,
            title=why,
            detail=fix,
            evidence=self.evidence,
        )


def target_branch(calls: Calls, repository: CalledRepository, config: ReleaseConfig) -> str:
    """The branch a release from this clone goes to; a detached HEAD goes to the usual one."""
    if here := repository.branch() or config.branch:
        return here
    answer = calls.read("git", "default_branch") if repository.status["remotes"] else None
    return str(answer.data["branch"] or "main") if answer is not None and answer.ok else "main"


def _default_branch(calls: Calls, branch: str, config: ReleaseConfig) -> str:
    """The remote's default branch, where it has a say; empty when it is not known."""
    if config.branch or branch == "main" or branch in config.prerelease_branches:
        return ""
    answer = calls.read("git", "default_branch")
    return str(answer.data["branch"] or "") if answer.ok else ""


def _elsewhere(branch: str, config: ReleaseConfig, default: str) -> str:
    """The branch releases are made from; empty when `branch` is one of those."""
    wanted = config.branch or default
    return "" if branch == wanted or branch in config.prerelease_branches else wanted
