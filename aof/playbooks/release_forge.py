"""GitHub or GitLab, for the playbook `release`: the same questions and steps for both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from aof.plans import Action, Assumption, Check, digest, text_in_path
from aof.playbooks.base import Calls

Kind = Literal["github_actions", "gitlab_ci"]


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of a release; the digest binds the plan to its content. `size` in bytes."""

    path: str
    sha256: str
    size: int

    @property
    def name(self) -> str:
        """In the release."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Forge:
    """Where releases are published."""

    calls: Calls
    tool: Kind

    @property
    def name(self) -> str:
        """For people."""
        return "GitHub" if self.tool == "github_actions" else "GitLab"

    def release(self, tag: str) -> tuple[str, str]:
        """`none`, `draft` or `published`, or `unknown` when the forge does not say; and the URL."""
        answer = self.calls.read(self.tool, "get_release", tag=tag)
        if not answer.ok:
            return "unknown", ""
        found = answer.data.get("release") or {}
        return str(answer.data["state"]), str(found.get("html_url") or found.get("web_url") or "")

    def state(self, tag: str) -> str:
        """The first half of `release`."""
        return self.release(tag)[0]

    def published_assets(self, tag: str) -> list[str] | None:
        """Names of the whole files of a published release; None when there is none, or no saying.

        Links of GitLab have no state.
        """
        answer = self.calls.read(self.tool, "get_release", tag=tag)
        if not answer.ok or answer.data["state"] != "published":
            return None
        listed = answer.data["release"].get("assets") or []
        return [one["name"] for one in listed if one.get("state", "uploaded") == "uploaded"]

    def accounts(self, base: str | None, head: str) -> list[str]:
        """Accounts of the authors between two commits, as mentions; empty when unknown."""
        if self.tool != "github_actions" or base is None:
            return []
        answer = self.calls.read(self.tool, "compare", base=base, head=head)
        if not answer.ok:
            return []
        names = (one.get("author") for one in answer.data["commits"])
        return list(dict.fromkeys(f"@{name}" for name in names if name))

    def open_request(self, branch: str, base: str, *, repository: str = "") -> str:
        """Number of the open pull or merge request for `branch`, or empty."""
        operation, arguments, listed, number = self._requests(branch, base, repository)
        answer = self.calls.read(self.tool, operation, **arguments)
        found = answer.data[listed] if answer.ok else []
        return str(found[0][number]) if found else ""

    def _requests(
        self, branch: str, base: str, repository: str
    ) -> tuple[str, dict[str, Any], str, str]:
        """How to ask for open requests: operation, arguments, and names in the answer."""
        if self.tool == "github_actions":
            arguments = {"head": branch, "base": base, "state": "open", **self._of(repository)}
            return "get_pull_requests", arguments, "pull_requests", "number"
        arguments = {"source_branch": branch, "target_branch": base, "state": "opened"}
        arguments |= self._of(repository)
        return "get_merge_requests", arguments, "merge_requests", "iid"

    def _of(self, repository: str) -> dict[str, str]:
        """The argument that names another repository than the configured one."""
        name = "repository" if self.tool == "github_actions" else "project"
        return {name: repository} if repository else {}

    def publish(
        self,
        tag: str,
        sha: Any,
        title: str,
        notes: str,
        *,
        prerelease: bool,
        assets: Sequence[Asset] = (),
    ) -> list[Action]:
        """Draft, files, publication last. On GitLab, which has no drafts, files come first."""
        if self.tool == "gitlab_ci":
            return [*self._uploads(tag, assets), self._gitlab(tag, sha, title, notes, assets)]
        draft = self.calls.action(
            self.tool,
            "create_release",
            {"tag": tag, "title": title, "notes": notes, "prerelease": prerelease},
            reason=f"Draft the release of {tag}",
            target=f"github/{tag}",
            assumes=self._unpublished(tag),
            verify=[self._is(tag, "state != 'none'", "the release exists")],
        )
        names = [asset.name for asset in assets]
        publication = self.calls.action(
            self.tool,
            "publish_release",
            {"tag": tag, "sha": sha, "assets": names},
            reason=f"Publish {tag}, now that everything is in it",
            target=f"github/{tag}",
            assumes=self._unpublished(tag),
            verify=[self._is(tag, "state == 'published'", "the release is published")],
        )
        return [draft, *self._uploads(tag, assets), publication]

    def request(
        self,
        title: str,
        head: str,
        base: str,
        body: str,
        *,
        repository: str = "",
        executable: bool = True,
    ) -> Action:
        """Ask for `head` to be merged into a protected branch."""
        github = self.tool == "github_actions"
        arguments = {"title": title, "body": body} if github else {"title": title}
        ends = {"head": head, "base": base}
        if not github:
            ends = {"source_branch": head, "target_branch": base}
            arguments["description"] = body
        operation, asked, listed, _ = self._requests(head, base, repository)
        return self.calls.action(
            self.tool,
            "create_pull_request" if github else "create_merge_request",
            {**arguments, **ends, **self._of(repository)},
            reason=f"{base} is protected: let it be reviewed",
            executable=executable,
            target=head,
            assumes=[
                Assumption(
                    tool=self.tool,
                    operation=operation,
                    arguments=asked,
                    path=f"length({listed})",
                    digest=digest(0),
                    describes=f"no request for {head} is open",
                )
            ],
            verify=[
                Check(
                    tool=self.tool,
                    operation=operation,
                    arguments=asked,
                    condition=f"length({listed}) > `0`",
                    describes=f"the request for {head} is open",
                )
            ],
        )

    def _gitlab(
        self, tag: str, sha: Any, title: str, notes: str, assets: Sequence[Asset]
    ) -> Action:
        names = [asset.name for asset in assets]
        return self.calls.action(
            self.tool,
            "create_release",
            {"tag": tag, "title": title, "notes": notes, "assets": names, "sha": sha},
            reason=f"Publish {tag}",
            target=f"gitlab/{tag}",
            assumes=self._unpublished(tag),
            verify=[self._is(tag, "state == 'published'", "the release is published")],
        )

    def _uploads(self, tag: str, assets: Sequence[Asset]) -> list[Action]:
        return [
            self.calls.action(
                self.tool,
                "upload_asset",
                {"tag": tag, "path": asset.path, "sha256": asset.sha256},
                reason=f"Add {asset.path} to {tag}",
                target=tag,
                assumes=self._unpublished(tag),
                verify=self._uploaded(tag, asset),
            )
            for asset in assets
        ]

    def _uploaded(self, tag: str, asset: Asset) -> list[Check]:
        """On GitLab nothing shows a file before a release links to it: it is sent again."""
        if self.tool == "gitlab_ci":
            return []
        # Servers without digests are believed by the size, as the tool does.
        whole = f"digest=='sha256:{asset.sha256}' || (!digest && size==`{asset.size}`)"
        found = (
            f"release.assets[?name=={text_in_path(asset.name)} && state=='uploaded' && ({whole})]"
        )
        condition = f"length({found} || `[]`) == `1`"
        return [self._is(tag, condition, f"{asset.name} is in the release, whole")]

    def _unpublished(self, tag: str) -> list[Assumption]:
        # Not the whole state: a draft is hidden from the token that plans, and seen by the
        # one that applies.
        state = self.state(tag)
        if state == "unknown":
            return []
        return [
            Assumption(
                tool=self.tool,
                operation="get_release",
                arguments={"tag": tag},
                path="state == 'published'",
                digest=digest(state == "published"),
                describes=f"nobody else has published {tag}",
            )
        ]

    def _is(self, tag: str, condition: str, describes: str) -> Check:
        return Check(
            tool=self.tool,
            operation="get_release",
            arguments={"tag": tag},
            condition=condition,
            describes=describes,
        )


def choose_forge(calls: Calls, wanted: str) -> Forge | None:
    """The forge the settings name, or the one the agent can use; None for none."""
    tools: dict[str, Kind] = {"github": "github_actions", "gitlab": "gitlab_ci"}
    if wanted in tools:
        return Forge(calls, tools[wanted])
    if wanted == "auto":
        for tool in tools.values():
            if calls.not_consulted(tool) is None:
                return Forge(calls, tool)
    return None
