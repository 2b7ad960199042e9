"""Shallow clones: getting exactly the missing history, or refusing.

Nothing that is checked out changes. The cheap way (`--shallow-exclude`) fetches the commits
after a tag and nothing else; where a server does not do that, all history is fetched.
"""

from __future__ import annotations

from pathlib import Path

from aof.errors import Unreachable
from aof.transport.git_reader import GitReader, TagRef, decoded, said
from aof.transport.process import Completed

_FETCH_TIMEOUT_S = 300.0
_LIST_TIMEOUT_S = 20.0
_FULL_HISTORY = (
    "git fetch --unshallow --tags where the remote can be reached; in CI, clone with full "
    "history: fetch-depth: 0 for actions/checkout, GIT_DEPTH: 0 for GitLab"
)


def remote_tags(reader: GitReader, remote: str) -> list[TagRef]:
    """The tags a remote has, peeled; times are unknown (0).

    Raises:
        Unreachable: There is no such remote, or it does not answer.
    """
    done = reader.git("ls-remote", "--tags", "--end-of-options", remote, timeout_s=_LIST_TIMEOUT_S)
    if done.returncode != 0:
        raise Unreachable(
            f"the tags of {remote} cannot be read",
            why=said(done.stderr)[-500:],
            fix=_FULL_HISTORY,
        )
    found: dict[str, TagRef] = {}
    for line in decoded(done.stdout).splitlines():
        sha, _, name = line.partition("\trefs/tags/")
        peeled = name.endswith("^{}")
        name = name.removesuffix("^{}")
        if name and (peeled or name not in found):
            found[name] = TagRef(name, sha, 0, peeled)
    return list(found.values())


def deepen(reader: GitReader, remote: str, tag: TagRef | None) -> str:
    """Get the history a shallow clone lacks, back to `tag` or all of it.

    Args:
        reader: The clone.
        remote: Where to fetch from.
        tag: The last release by the remote's tags; None when it has none.

    Returns:
        What was done: `nothing`, `shallow-exclude` or `unshallow`.

    Raises:
        Unreachable: History stays cut off; a version computed from it would be a guess.
    """
    if not reader.is_shallow():
        return "nothing"
    head = reader.commit_of("HEAD")
    if head is not None and tag is not None:
        if head == tag.sha or _complete(reader, tag.sha):
            return "nothing"
        exclude = f"--shallow-exclude=refs/tags/{tag.name}"
        tried = _fetch(reader, exclude, "--no-tags", "--end-of-options", remote, head)
        if tried.returncode == 0 and holds(reader, tag.sha):
            return "shallow-exclude"
    done = _fetch(reader, "--unshallow", "--tags", "--end-of-options", remote)
    if done.returncode != 0 or reader.is_shallow():
        raise Unreachable(
            "history is cut off here and the rest cannot be fetched",
            why=said(done.stderr)[-500:] or f"{remote} is itself a shallow clone",
            fix=_FULL_HISTORY,
        )
    return "unshallow"


def holds(reader: GitReader, sha: str) -> bool:
    """Whether HEAD contains `sha`, also where `sha` lies just beyond the cut."""
    if reader.commit_of(sha) is not None and reader.contains(sha):
        return True
    return sha in _beyond_the_cut(reader)


def _complete(reader: GitReader, sha: str) -> bool:
    """Whether nothing is missing between `sha` and HEAD, on any line of history."""
    here = reader.commit_of(sha) is not None
    return _beyond_the_cut(reader, *([f"^{sha}"] if here else [])) <= {sha}


def _beyond_the_cut(reader: GitReader, *revisions: str) -> set[str]:
    """Parents, lacking here, of the commits at which HEAD's history is cut off."""
    present = set(decoded(reader.git("rev-list", "HEAD", *revisions).require()).split())
    cut = Path(reader.text("rev-parse", "--path-format=absolute", "--git-path", "shallow"))
    shas = cut.read_text(encoding="ascii").split() if cut.is_file() else []
    return {parent for sha in shas if sha in present for parent in reader.raw_parents(sha)}


def _fetch(reader: GitReader, *arguments: str) -> Completed:
    return reader.git(
        "fetch", "--quiet", "--no-recurse-submodules", "--no-write-fetch-head", *arguments,
        timeout_s=_FETCH_TIMEOUT_S,
    )  # fmt: skip
