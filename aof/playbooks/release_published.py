"""How far a release that is tagged here has got: pushed, published, or not yet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aof.analysis.release.plan import ReleasePlan
from aof.playbooks.release_forge import Forge
from aof.playbooks.release_remote import RemoteView

_URL = re.compile(r"https?://[\w.:/@%+~=&?#-]+")
_PUBLICATION = {
    "none": "not published on {forge}",
    "draft": "a draft on {forge}",
    "published": "published",
    "unknown": "{forge} does not say whether it is published",
}


@dataclass(frozen=True, slots=True)
class Published:
    """Where the last release stands.

    Attributes:
        package: Name in a monorepo, else empty.
        tag: Its tag.
        sha: The commit that is released.
        remote: Name of the remote; empty without one.
        pushed: Whether the remote has the tag; None when there is none, or it does not answer.
        state: On the forge: `none`, `draft`, `published` or `unknown`; empty without a forge.
        url: Of the release there, when it is known.
        forge: Its name; empty without one.
    """

    package: str
    tag: str
    sha: str
    remote: str
    pushed: bool | None
    state: str = ""
    url: str = ""
    forge: str = ""

    @property
    def words(self) -> str:
        """What is known, for people: markdown."""
        parts = [f"commit `{self.sha[:12]}`"]
        if not self.remote:
            parts.append("there is no remote to push to")
        elif self.pushed is None:
            parts.append(f"{self.remote} does not say whether it has the tag")
        else:
            parts.append(f"{'pushed' if self.pushed else 'not pushed'} to {self.remote}")
        if self.state:
            words = _PUBLICATION[self.state].format(forge=self.forge)
            parts.append(f"{words}: {self.url}" if _URL.fullmatch(self.url) else words)
        return ", ".join(parts)

    def as_dict(self) -> dict[str, Any]:
        """JSON for the facts."""
        return {
            "package": self.package or None,
            "tag": self.tag,
            "sha": self.sha,
            "remote": self.remote or None,
            "pushed": self.pushed,
            "release": self.state or None,
            "url": self.url or None,
        }


def look_at(
    released: Sequence[tuple[ReleasePlan, str]], remote: RemoteView, forge: Forge | None
) -> list[Published]:
    """Where the current releases of `released` stand; their commits stand beside the plans."""
    return [_one(plan, sha, remote, forge) for plan, sha in released]


def _one(plan: ReleasePlan, sha: str, remote: RemoteView, forge: Forge | None) -> Published:
    tag = plan.current or ""
    readable = bool(remote.name) and not remote.error
    pushed = remote.tags[tag] is not None if readable else None
    if forge is None or not readable:
        return Published(plan.package, tag, sha, remote.name, pushed)
    state, url = forge.release(tag) if pushed else ("none", "")
    return Published(plan.package, tag, sha, remote.name, pushed, state, url, forge.name)
