"""Shallow clones: getting exactly the missing history, or refusing.

Nothing that is checked out changes. The cheap way (`--shallow-exclude`) fetches the commits
after a tag and nothing else. Where a server does not do that, or a merge of older and newer
lines is cut off from the newer ones, too, all history is fetched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from aof.errors import Unreachable
from aof.transport.git_reader import GitReader, LoggedCommit, TagRef, decoded, said
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
        if head == tag.sha or _shows_all_since(reader, tag.sha, told_by_server=False):
            return "nothing"
        exclude = f"--shallow-exclude=refs/tags/{tag.name}"
        tried = _fetch(reader, exclude, "--no-tags", "--end-of-options", remote, head)
        _forget_cuts_not_here(reader)
        if tried.returncode == 0 and _shows_all_since(reader, tag.sha, told_by_server=True):
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
    cuts = _cuts(reader) & _commits(reader, "HEAD").keys()
    return any(sha in parents for parents in _raw_parents(reader, cuts).values())


def with_parents_cut_off(
    reader: GitReader, commits: Iterable[LoggedCommit]
) -> Iterator[LoggedCommit]:
    """Commits of a shallow clone with all their parents: a merge at the cut is still one."""
    parents = _raw_parents(reader, _cuts(reader))
    for one in commits:
        yield one._replace(parents=parents[one.sha]) if one.sha in parents else one


def _shows_all_since(reader: GitReader, sha: str, *, told_by_server: bool) -> bool:
    """Whether what HEAD has here and `sha` has not is just that in the whole history, too.

    Git cuts a commit off from all its parents: a merge of a released line and a new one
    loses both. And a commit here may be an ancestor of `sha` on a line that is cut off.

    Args:
        reader: The clone.
        sha: The last release.
        told_by_server: The server, which knows the whole history, said what `sha` has.
    """
    if not reader.is_shallow():
        return told_by_server
    here = reader.commit_of(sha) is not None
    released = _commits(reader, sha) if here else {}
    parents = _commits(reader, "HEAD", *([f"^{sha}"] if here else []))
    cuts = _cuts(reader)
    parents |= _raw_parents(reader, cuts & parents.keys())
    if not all(one in parents or one in released or one == sha for one in _flat(parents)):
        return False
    later = {sha}
    for commit, above in parents.items():
        if not later.isdisjoint(above):
            later.add(commit)
    if len(later) == 1:
        return False
    return told_by_server or later >= parents.keys() or (here and cuts.isdisjoint(released))


def _flat(parents: dict[str, tuple[str, ...]]) -> Iterable[str]:
    return (one for above in parents.values() for one in above)


def _commits(reader: GitReader, *revisions: str) -> dict[str, tuple[str, ...]]:
    """Commits to their parents as this clone shows them, ancestors first."""
    raw = reader.git("rev-list", "--parents", "--topo-order", "--reverse", *revisions).require()
    lines = (line.split() for line in decoded(raw).splitlines())
    return {sha: tuple(parents) for sha, *parents in lines}


def _cuts(reader: GitReader) -> set[str]:
    """Commits at which history is cut off."""
    file = _cuts_file(reader)
    return set(file.read_text(encoding="ascii").split()) if file.is_file() else set()


def _cuts_file(reader: GitReader) -> Path:
    return Path(reader.text("rev-parse", "--path-format=absolute", "--git-path", "shallow"))


def _raw_parents(reader: GitReader, shas: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Parents as the commits themselves state them; a commit that is not here is left out."""
    names = "".join(f"{sha}\n" for sha in shas).encode()
    raw = reader.git("cat-file", "--batch", input_bytes=names).require() if names else b""
    found: dict[str, tuple[str, ...]] = {}
    while raw:
        first, _, raw = raw.partition(b"\n")
        sha, kind, *size = first.split()
        if kind == b"commit":
            header = raw.partition(b"\n\n")[0].split(b"\n")
            parents = (line[7:] for line in header if line.startswith(b"parent "))
            found[sha.decode()] = tuple(one.decode() for one in parents)
            raw = raw[int(size[0]) + 1 :]
    return found


def _forget_cuts_not_here(reader: GitReader) -> None:
    """Leave out cuts at commits that were not sent.

    Servers name those below a merge that is cut off itself, and git can never unshallow a
    clone that lists one. `git prune` would also drop cuts of commits that are here.
    """
    listed = _cuts(reader)
    kept = sorted(_raw_parents(reader, listed))
    if len(kept) == len(listed):
        return
    file = _cuts_file(reader)
    lock = file.with_name("shallow.lock")  # git's own name for it, so git waits for us
    try:
        with lock.open("x", encoding="ascii") as stream:
            stream.writelines(f"{sha}\n" for sha in kept)
    except FileExistsError:
        return
    if kept:
        lock.replace(file)
    else:
        file.unlink()
        lock.unlink()


def _fetch(reader: GitReader, *arguments: str) -> Completed:
    return reader.git(
        "fetch", "--quiet", "--no-recurse-submodules", "--no-write-fetch-head", *arguments,
        timeout_s=_FETCH_TIMEOUT_S,
    )  # fmt: skip
