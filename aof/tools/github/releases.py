"""Releases: a draft first, assets next, published last.

Every operation looks before it acts, so that a release that was interrupted anywhere is
continued by doing the same again. A published release is never changed.
"""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from aof.errors import Unreachable, UsageFault
from aof.messages import Effect, ToolOutput
from aof.tools.base import operation
from aof.tools.command_line import typed
from aof.tools.fields import only
from aof.tools.github.api import GithubApi, accepted
from aof.tools.github.base import GithubTool, Repository
from aof.tools.github.shapes import release_of
from aof.tools.local_files import LocalFile, local_file
from aof.tools.settle import settled
from aof.transport.documents import document, member

_MOST_RELEASES = 300
_NEEDED = ("id", "tag_name", "draft")
_ASSET_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+@~-]{0,199}")

Tag = Annotated[str, Field(min_length=1, max_length=255, description="e.g. v1.2.3")]


class Releases(GithubTool):
    """Operations on releases."""

    @operation(aliases=("github_release_get", "github_release_view"))
    def get_release(self, tag: Tag, repository: Repository = None) -> ToolOutput:
        """How the release of a tag stands: none, a draft, or published.

        Args:
            tag: Its tag.
            repository: owner/name; without it the configured repository.

        Returns:
            state (none, draft, published), tag_sha (the commit the tag points to, or null)
            and release (with assets, or null). drafts_visible tells what `none` is worth:
            false when this token may not push, so that GitHub hides drafts from it; null
            when GitHub does not say. While a plan is applied they are seen.
        """
        # The token for changes is bound only while a plan is applied, and only it sees what
        # the step before has drafted.
        api, _ = self.writing(repository)
        with api:
            found = _find(api, tag)
            sha = _tag_commit(api, tag)
            visible = True if found else _sees_drafts(api)
        data = {
            "state": _state(found),
            "drafts_visible": visible,
            "tag_sha": sha,
            "release": release_of(found) if found else None,
        }
        return ToolOutput(data, f"release {tag}: {data['state']}")

    @operation(
        effect=Effect.WRITE,
        timeout_s=60.0,
        command=typed(
            "gh release create {tag} --draft --verify-tag --title {title} --notes-file -",
            prerelease="--prerelease",
            repository="--repo",
        ),
        aliases=("github_release_create",),
    )
    def create_release(
        self,
        tag: Tag,
        title: str,
        notes: str,
        *,
        prerelease: bool = False,
        repository: Repository = None,
    ) -> ToolOutput:
        """Make a draft release for a tag that exists, or bring an earlier draft up to date.

        Args:
            tag: An existing tag; releases never create one.
            title: Of the release.
            notes: Markdown.
            prerelease: Marked as not production-ready.
            repository: owner/name; without it the configured repository.

        Returns:
            created, state (draft, or published when it already was) and release.
        """
        wanted = {"name": title, "body": notes, "prerelease": prerelease}
        api, warnings = self.writing(repository)
        with api:
            found = _find(api, tag)
            created = found is None
            if found is None:
                _require_tag(api, tag)
                body = {"tag_name": tag, "draft": True, **wanted}
                found = settled(
                    lambda: api.send("POST", api.path("releases"), body, needs=_NEEDED),
                    lambda: _find(api, tag),
                )
            elif found["draft"] and any(found.get(name) != wanted[name] for name in wanted):
                found = api.send("PATCH", api.path("releases", found["id"]), wanted, needs=_NEEDED)
            elif not found["draft"] and any(found.get(name) != wanted[name] for name in wanted):
                warnings += (f"release {tag} is published with other words; it is left as it is",)
        data = {"created": created, "state": _state(found), "release": release_of(found)}
        what = "drafted" if created else f"found, {data['state']}"
        return ToolOutput(data, f"release {tag} {what}", warnings)

    @operation(
        effect=Effect.WRITE,
        timeout_s=600.0,
        command=typed("gh release upload {tag} {path}", repository="--repo"),
        aliases=("github_release_upload",),
    )
    def upload_asset(
        self,
        tag: Tag,
        path: str,
        *,
        name: str | None = None,
        sha256: str | None = None,
        repository: Repository = None,
    ) -> ToolOutput:
        """Add a file to the draft release of a tag.

        Args:
            tag: Of the release.
            path: The file, below the working directory.
            name: Of the asset; without it the file's name.
            sha256: What the file must be; another content is refused.
            repository: owner/name; without it the configured repository.

        Returns:
            uploaded (false when the same asset was there), asset and sha256. An asset left
            half-uploaded, or another content of the same name, is replaced on a draft and
            refused on a published release.
        """
        api, warnings = self.writing(repository)
        with local_file(path, sha256) as file, api:
            called = _asset_name(name or file.path.name)
            release = _require_release(api, tag)
            there = _asset(release, called)
            uploaded = there is None or not _same(there, file)
            if there is None or uploaded:
                if there is not None:
                    _require_draft(release, tag, called)
                    api.send("DELETE", api.path("releases", "assets", there["id"]))
                there = settled(
                    lambda: _upload(api, release, file, called),
                    lambda: _uploaded(api, release["id"], called, file),
                )
        if not _same(there, file):
            raise Unreachable(
                f"{called} did not arrive as it is here",
                why=f"GitHub has {there.get('size')} bytes, {there.get('digest')}",
                fix="run again; it is replaced while the release is a draft",
            )
        asset = only(there, ("id", "name", "size", "state", "digest"))
        what = "uploaded" if uploaded else "was there"
        data = {"uploaded": uploaded, "asset": asset, "sha256": file.sha256}
        return ToolOutput(data, f"{called} {what}", warnings)

    @operation(
        effect=Effect.WRITE,
        timeout_s=60.0,
        command=typed(
            "gh release edit {tag} --draft=false", latest="--latest", repository="--repo"
        ),
        aliases=("github_release_publish",),
    )
    def publish_release(
        self,
        tag: Tag,
        *,
        sha: str | None = None,
        assets: list[str] | None = None,
        latest: bool | None = None,
        repository: Repository = None,
    ) -> ToolOutput:
        """Publish the draft release of a tag, once everything is in it.

        Args:
            tag: Of the release.
            sha: The commit the tag must point to.
            assets: Names of the assets that must be there, whole.
            latest: Whether it becomes the latest release; without it GitHub decides.
            repository: owner/name; without it the configured repository.

        Returns:
            published (false when it already was) and release.
        """
        api, warnings = self.writing(repository)
        with api:
            release = _require_release(api, tag)
            _require_tag(api, tag, sha)
            _require_assets(release, tag, assets or [])
            published = bool(release["draft"])
            if published:
                body: dict[str, Any] = {"draft": False}
                if latest is not None:
                    body["make_latest"] = str(latest).lower()
                release = settled(
                    lambda: api.send(
                        "PATCH", api.path("releases", release["id"]), body, needs=_NEEDED
                    ),
                    lambda: _published(api, tag),
                )
        what = "published" if published else "was already published"
        data = {"published": published, "release": release_of(release)}
        return ToolOutput(data, f"release {tag} {what}", warnings)


def _find(api: GithubApi, tag: str) -> dict[str, Any] | None:
    """The published release of a tag, else its draft: drafts are not found by tag."""
    found = _published(api, tag)
    if found is not None:
        return found
    listed, _, _ = api.pages(api.path("releases"), needs=_NEEDED, limit=_MOST_RELEASES)
    # A lost answer can have left two drafts; the older one was begun first and goes on.
    drafts = [one for one in listed if one["draft"] and one["tag_name"] == tag]
    return min(drafts, key=lambda one: int(one["id"]), default=None)


def _published(api: GithubApi, tag: str) -> dict[str, Any] | None:
    answer = api.ask(api.path("releases", "tags", tag))
    if answer.status == 404:
        return None
    return document(accepted(answer), _NEEDED)


def _sees_drafts(api: GithubApi) -> bool | None:
    may_push: bool | None = member(api.read(api.path()), "permissions", "push")
    return may_push


def _state(release: Mapping[str, Any] | None) -> str:
    if release is None:
        return "none"
    return "draft" if release["draft"] else "published"


def _tag_commit(api: GithubApi, tag: str) -> str | None:
    """The commit a tag points to, through the tag object of an annotated tag."""
    answer = api.ask(api.path("git", "ref", "tags", tag))
    if answer.status == 404:
        return None
    found = document(accepted(answer), ("object",))
    if member(found, "object", "type") == "tag":
        tag_object = member(found, "object", "sha")
        found = api.read(api.path("git", "tags", tag_object), needs=("object",))
    return str(member(found, "object", "sha"))


def _require_tag(api: GithubApi, tag: str, sha: str | None = None) -> None:
    found = _tag_commit(api, tag)
    if found is None:
        raise Unreachable(
            f"there is no tag {tag} in {api.repository}",
            why="publishing would make GitHub create one at a commit nobody chose",
            fix="push the tag first",
        )
    if sha is not None and found != sha:
        raise Unreachable(
            f"tag {tag} points to {found[:12]}, not to {sha[:12]}",
            why="it was moved, or made elsewhere",
            fix="find out who made it; tags of releases are never moved",
        )


def _require_release(api: GithubApi, tag: str) -> dict[str, Any]:
    found = _find(api, tag)
    if found is None:
        raise Unreachable(f"there is no release of {tag}", fix="make the draft first")
    return found


def _require_draft(release: Mapping[str, Any], tag: str, name: str) -> None:
    if not release["draft"]:
        raise Unreachable(
            f"release {tag} is published with another {name}",
            why="what was released is never changed",
            fix="release a new version",
        )


def _require_assets(release: Mapping[str, Any], tag: str, names: list[str]) -> None:
    whole = {
        one.get("name") for one in release.get("assets") or [] if one.get("state") == "uploaded"
    }
    missing = [name for name in names if name not in whole]
    if missing:
        raise Unreachable(
            f"release {tag} is not complete",
            why=f"not there, or not whole: {', '.join(missing)}",
            fix="upload them, then publish",
        )


def _asset_name(name: str) -> str:
    if not _ASSET_NAME.fullmatch(name):
        raise UsageFault(
            f"'{name}' cannot be the name of an asset",
            why="GitHub replaces other signs than letters, digits and ._-+@~ and would rename it",
            fix="rename the file, or give name=",
        )
    return name


def _asset(release: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    return next((one for one in release.get("assets") or [] if one.get("name") == name), None)


def _same(asset: Mapping[str, Any], file: LocalFile) -> bool:
    """Whole and of the same content; servers without digests are believed by the size."""
    if asset.get("state") != "uploaded" or asset.get("size") != file.size:
        return False
    return asset.get("digest") in {None, f"sha256:{file.sha256}"}


def _upload(api: GithubApi, release: Mapping[str, Any], file: LocalFile, name: str) -> Any:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    file.content.seek(0)
    return api.upload(str(release.get("upload_url")), file.content, name=name, content_type=kind)


def _uploaded(api: GithubApi, release_id: int, name: str, file: LocalFile) -> Any:
    found = _asset(api.read(api.path("releases", release_id)), name)
    return found if found and _same(found, file) else None
