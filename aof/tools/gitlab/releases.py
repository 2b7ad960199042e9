"""Releases: files into the package registry first, the release with links to them last.

GitLab has no drafts, so nothing is published before everything is there. Every operation
looks before it acts: doing the same again continues.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from aof.errors import Unreachable, UsageFault
from aof.messages import Effect, ToolOutput
from aof.tools.base import operation
from aof.tools.command_line import typed
from aof.tools.gitlab.api import GitlabApi, accepted
from aof.tools.gitlab.base import GitlabTool, Project
from aof.tools.gitlab.shapes import release_of
from aof.tools.local_files import LocalFile, local_file
from aof.tools.settle import settled
from aof.transport.documents import document, member

_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~@+-]{0,199}")
_NOT_IN_A_VERSION = re.compile(r"[^A-Za-z0-9.+_-]+")

Tag = Annotated[str, Field(min_length=1, max_length=255, description="e.g. v1.2.3")]
Package = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,100}$")]


class Releases(GitlabTool):
    """Operations on releases."""

    @operation(aliases=("gitlab_release_get",))
    def get_release(self, tag: Tag, project: Project = None) -> ToolOutput:
        """How the release of a tag stands: none, or published.

        Args:
            tag: Its tag.
            project: Id or group/name; without it the configured project.

        Returns:
            state (none, published), tag_sha (the commit the tag points to, or null) and
            release (with links as assets, or null).
        """
        with self.reading(project) as api:
            found = _find(api, tag)
            sha = _tag_commit(api, tag)
        state = "published" if found else "none"
        data = {"state": state, "tag_sha": sha, "release": release_of(found) if found else None}
        return ToolOutput(data, f"release {tag}: {state}")

    @operation(
        effect=Effect.WRITE,
        timeout_s=600.0,
        command=typed("glab release upload {tag} {path}", project="--repo"),
        aliases=("gitlab_release_upload",),
    )
    def upload_asset(
        self,
        tag: Tag,
        path: str,
        *,
        name: str | None = None,
        sha256: str | None = None,
        package: Package = "release",
        project: Project = None,
    ) -> ToolOutput:
        """Put a file into the generic package of a tag, for its release to link to.

        Args:
            tag: Of the release, which need not exist yet.
            path: The file, below the working directory.
            name: In the package; without it the file's name.
            sha256: What the file must be; another content is refused.
            package: Name of the generic package; its version is the tag.
            project: Id or group/name; without it the configured project.

        Returns:
            uploaded (false when the same file was there), name, url and sha256. Another
            content under the same name is refused.
        """
        api, warnings = self.writing(project)
        with local_file(path, sha256) as file, api:
            called = name or file.path.name
            if not _FILE_NAME.fullmatch(called):
                raise UsageFault(
                    f"'{called}' cannot be the name of a package file",
                    fix="use letters, digits and ._~@+-, or give name=",
                )
            there = _package_file(api, package, tag, called)
            uploaded = there is None
            if there is None:
                target = _file_path(api, package, tag, called)
                there = settled(
                    lambda: _upload(api, target, file),
                    lambda: _package_file(api, package, tag, called),
                )
                if "size" not in there:  # servers that do not know `select`
                    there = _package_file(api, package, tag, called) or there
            _require_same(there, file, called)
            url = api.url(_file_path(api, package, tag, called))
        what = "uploaded" if uploaded else "was there"
        data = {"uploaded": uploaded, "name": called, "url": url, "sha256": file.sha256}
        return ToolOutput(data, f"{called} {what}", warnings)

    @operation(
        effect=Effect.WRITE,
        timeout_s=60.0,
        command=typed("glab release create {tag} --name {title} --notes-file -", project="--repo"),
        aliases=("gitlab_release_create",),
    )
    def create_release(
        self,
        tag: Tag,
        title: str,
        notes: str,
        *,
        assets: list[str] | None = None,
        sha: str | None = None,
        package: Package = "release",
        project: Project = None,
    ) -> ToolOutput:
        """Publish the release of a tag that exists, or bring it up to date.

        Args:
            tag: An existing tag; releases never create one.
            title: Of the release.
            notes: Markdown.
            assets: Names of uploaded files it links to; all must be there.
            sha: The commit the tag must point to.
            package: Name of the generic package with the files.
            project: Id or group/name; without it the configured project.

        Returns:
            created, changed and release.
        """
        api, warnings = self.writing(project)
        with api:
            _require_tag(api, tag, sha)
            links = [_link(api, package, tag, name) for name in assets or []]
            found = _find(api, tag)
            created = found is None
            if found is None:
                body = {"tag_name": tag, "name": title, "description": notes,
                        "assets": {"links": links}}  # fmt: skip
                found = settled(
                    lambda: api.send("POST", api.path("releases"), body, needs=("tag_name",)),
                    lambda: _find(api, tag),
                )
            changed = _bring_up_to_date(api, found, title, notes, links)
            if changed:
                found = api.read(api.path("releases", tag), needs=("tag_name",))
        data = {"created": created, "changed": created or changed, "release": release_of(found)}
        what = "published" if created else "brought up to date" if changed else "was there"
        return ToolOutput(data, f"release {tag} {what}", warnings)


def _find(api: GitlabApi, tag: str) -> dict[str, Any] | None:
    answer = api.ask(api.path("releases", tag))
    if answer.status == 404:
        return None
    return document(accepted(answer), ("tag_name",))


def _tag_commit(api: GitlabApi, tag: str) -> str | None:
    answer = api.ask(api.path("repository", "tags", tag))
    if answer.status == 404:
        return None
    return str(member(document(accepted(answer), ("commit",)), "commit", "id"))


def _require_tag(api: GitlabApi, tag: str, sha: str | None) -> None:
    found = _tag_commit(api, tag)
    if found is None:
        raise Unreachable(f"there is no tag {tag} in {api.project}", fix="push the tag first")
    if sha is not None and found != sha:
        raise Unreachable(
            f"tag {tag} points to {found[:12]}, not to {sha[:12]}",
            why="it was moved, or made elsewhere",
            fix="find out who made it; tags of releases are never moved",
        )


def _version(tag: str) -> str:
    """A tag as the version of a generic package, which allows fewer signs."""
    return _NOT_IN_A_VERSION.sub("-", tag).strip("-.") or "0"


def _file_path(api: GitlabApi, package: str, tag: str, name: str) -> str:
    return api.path("packages", "generic", package, _version(tag), name)


def _package_file(api: GitlabApi, package: str, tag: str, name: str) -> dict[str, Any] | None:
    """The newest file of that name in the tag's package."""
    wanted = {"package_type": "generic", "package_name": package, "package_version": _version(tag)}
    packages, _ = api.pages(
        api.path("packages"), wanted, needs=("id", "name", "version"), limit=100
    )
    files: list[dict[str, Any]] = []
    for one in packages:
        if one["name"] == package and one["version"] == _version(tag):
            path = api.path("packages", one["id"], "package_files")
            listed, _ = api.pages(path, needs=("id", "file_name"), limit=1000)
            files += [file for file in listed if file["file_name"] == name]
    return max(files, key=lambda file: int(file["id"]), default=None)


def _upload(api: GitlabApi, path: str, file: LocalFile) -> dict[str, Any]:
    file.content.seek(0)
    return api.upload(path, file.content)


def _require_same(there: Mapping[str, Any], file: LocalFile, name: str) -> None:
    if there.get("file_sha256", file.sha256) != file.sha256 or there.get("size") != file.size:
        raise Unreachable(
            f"the package has another {name}",
            why=f"there: {there.get('size')} bytes, SHA-256 {there.get('file_sha256')}",
            fix="what was uploaded is never changed: delete it by hand, or release a new version",
        )


def _link(api: GitlabApi, package: str, tag: str, name: str) -> dict[str, str]:
    if _package_file(api, package, tag, name) is None:
        raise Unreachable(
            f"release {tag} is not complete", why=f"{name} is not uploaded", fix="upload it first"
        )
    url = api.url(_file_path(api, package, tag, name))
    return {"name": name, "url": url, "link_type": "package"}


def _bring_up_to_date(
    api: GitlabApi, release: Mapping[str, Any], title: str, notes: str, links: list[dict[str, str]]
) -> bool:
    """Correct title and notes and add links that are missing; True when something changed."""
    path = api.path("releases", release["tag_name"])
    changed = False
    if release.get("name") != title or release.get("description") != notes:
        api.send("PUT", path, {"name": title, "description": notes})
        changed = True
    there = {link.get("name") for link in (release.get("assets") or {}).get("links") or []}
    for link in links:
        if link["name"] not in there:
            api.send("POST", f"{path}/assets/links", link)
            changed = True
    return changed
