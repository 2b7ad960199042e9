"""Any shape of history: the range and the releases are those of plain sets of ancestors, and a
shallow clone of any depth says just what a full one says."""

import random
from collections.abc import Iterable
from pathlib import Path

import pytest

from aof.analysis.release import ReleaseConfig, ReleasePlan, find_releases
from aof.analysis.release.assignment import assign
from aof.analysis.release.history import read_plans
from aof.analysis.release.model import RawCommit
from aof.cli.release_repository import Clone
from aof.transport.git_reader import GitReader
from tests.analysis.release.commits import TODAY
from tests.git_sandbox import GitSandbox

Graph = dict[int, tuple[int, ...]]
"""Number of a commit to those of its parents."""


def random_history(seed: int) -> tuple[Graph, dict[int, int]]:
    """Lines that part, meet (also three at a time), and begin anew; and releases, ascending.

    Returns:
        Commits to parents, the last one is HEAD; and the minor of each 1.x.0 to its commit.
    """
    chance = random.Random(seed)
    graph: Graph = {1: ()}
    tags: dict[int, int] = {}
    for number in range(2, chance.randint(8, 24)):
        near = list(graph)[-6:]
        count = chance.choice((1, 1, 1, 1, 2, 2, 3)) if chance.random() > 0.04 else 0
        graph[number] = tuple(chance.sample(near, min(count, len(near))))
        if chance.random() < 0.25:
            tags[len(tags)] = number
    return graph, tags


def ancestors(graph: Graph, start: int) -> set[int]:
    seen: set[int] = set()
    stack = [start]
    while stack:
        at = stack.pop()
        if at not in seen:
            seen.add(at)
            stack.extend(graph[at])
    return seen


def build(directory: Path, graph: Graph, tags: dict[int, int]) -> GitSandbox:
    """The history as a repository, by one fast-import."""
    repo = GitSandbox(directory)
    lines: list[str] = []
    for number, parents in graph.items():
        message = f"{'Merge branch' if len(parents) > 1 else 'fix:'} {number}"
        lines += [f"commit refs/w/{number}", f"mark :{number}"]
        lines += [f"committer Ada <ada@example.org> {1_700_000_000 + number} +0000"]
        lines += [f"data {len(message)}", message]
        lines += [f"{'merge' if at else 'from'} :{one}" for at, one in enumerate(parents)]
    for minor, number in tags.items():
        lines += [f"reset refs/tags/v1.{minor}.0", f"from :{number}", ""]
    lines += ["reset refs/heads/main", f"from :{max(graph)}", ""]
    repo.git("fast-import", "--quiet", input_bytes="\n".join(lines).encode())
    gone = "".join(f"delete refs/w/{number}\n" for number in graph)
    repo.git("update-ref", "--stdin", input_bytes=gone.encode())
    return repo


def plan(repo: GitSandbox) -> ReleasePlan:
    return read_plans(Clone(GitReader(repo.directory)), ReleaseConfig(), today=TODAY).plans[0]


def numbers(commits: Iterable[RawCommit]) -> set[int]:
    return {int(commit.message.split()[-1]) for commit in commits}


@pytest.mark.parametrize("seed", range(20))
def test_ranges_and_releases_are_sets_of_ancestors(tmp_path: Path, seed: int) -> None:
    graph, tags = random_history(seed)
    clone = Clone(GitReader(build(tmp_path / "repo", graph, tags).directory))
    releases = find_releases(clone.tags(lambda _: None), ReleaseConfig(), clone.contains)
    final = releases.final
    head = ancestors(graph, max(graph))
    contained = [minor for minor, number in tags.items() if number in head]
    assert (final.version if final else None) == (f"1.{contained[-1]}.0" if contained else None)
    taken: set[int] = set()
    expected: list[tuple[str, set[int]]] = []
    for minor in contained:
        expected.append((f"v1.{minor}.0", ancestors(graph, tags[minor]) - taken))
        taken |= ancestors(graph, tags[minor])
    expected += [("", head - taken)] if head - taken else []
    found = assign(list(clone.commits(None)), releases.known)
    assert [(one.tag.name if one else "", numbers(group)) for one, group in found[::-1]] == expected


@pytest.mark.parametrize("seed", range(100, 120))
def test_a_shallow_clone_says_what_a_full_one_says(tmp_path: Path, seed: int) -> None:
    repo = build(tmp_path / "repo", *random_history(seed))
    full = plan(repo)
    options = (f"--depth={seed % 6 + 1}", "--no-single-branch", *(["--no-tags"] * (seed % 2)))
    clone = repo.clone(tmp_path / "clone", *options)
    found = plan(clone)
    assert (found.current, found.next) == (full.current, full.next)
    assert set(found.changed.changes) == set(full.changed.changes)
    assert set(found.changed.unconventional) == set(full.changed.unconventional)
    if clone.git("rev-parse", "--is-shallow-repository") == "true":
        clone.git("fetch", "-q", "--unshallow")


def drawn(*parents: str) -> Graph:
    return {number: tuple(map(int, of.split())) for number, of in enumerate(parents, start=1)}


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
@pytest.mark.parametrize(
    ("graph", "release"),
    [
        pytest.param(drawn("", "1", "2", "2 3"), 2, id="merged right on the release"),
        pytest.param(drawn("", "1", "1", "2 3"), 2, id="left before the release"),
        pytest.param(drawn("", "1", "2", "1", "3 4", "5"), 3, id="left long before"),
        pytest.param(drawn("", "1", "1", "1", "2 3 4", "5"), 2, id="octopus"),
        pytest.param(drawn("", "1", "1", "2 3", "4", "3 5"), 5, id="a line the release has"),
        pytest.param(drawn("", "1", "", "3"), 2, id="another root, the release elsewhere"),
        pytest.param(drawn("", "1", "", "2 3", "4"), 2, id="another root joined"),
        pytest.param(drawn("", "1", "1", "3 2", "3 2", "4 5", "6"), 4, id="criss-cross"),
    ],
)
def test_a_shallow_clone_loses_no_line_beside_the_release(
    tmp_path: Path, graph: Graph, release: int, depth: int
) -> None:
    repo = build(tmp_path / "repo", graph, {0: release})
    head, released = ancestors(graph, max(graph)), ancestors(graph, release)
    found = plan(repo.clone(tmp_path / "clone", f"--depth={depth}"))
    expected = head - released if release in head else head
    assert (found.current is not None) == (release in head)
    names = [change.description for change in found.changed.changes]
    names += [one.subject for one in found.changed.unconventional]
    assert {int(name.split()[-1]) for name in names} == expected
    assert len(names) == len(expected)
