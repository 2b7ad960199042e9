from aof.analysis.release import ReleaseConfig, find_releases
from aof.analysis.release.assignment import assign
from aof.analysis.release.model import RawCommit, Tag
from aof.analysis.release.releases import Release
from tests.analysis.release.commits import sha


def history(**parents: str) -> list[RawCommit]:
    """Newest first: `c="b"` is a commit c whose parent is b."""
    return [
        RawCommit(sha(name), tuple(sha(one) for one in of.split()), "A", "a@x.org", 0, name)
        for name, of in parents.items()
    ]


def releases(**tags: str) -> list[Release]:
    named = [Tag(name.replace("_", "."), sha(at)) for name, at in tags.items()]
    return list(find_releases(named, ReleaseConfig(), lambda _: True).known)


def names(commits: list[RawCommit], found: list[Release]) -> list[tuple[str, list[str]]]:
    return [
        (release.tag.name if release else "-", [commit.message for commit in group])
        for release, group in assign(commits, found)
    ]


def test_each_release_takes_what_no_earlier_one_has() -> None:
    commits = history(d="c", c="b", b="a", a="")
    assert names(commits, releases(v1_0_0="a", v1_1_0="c")) == [
        ("-", ["d"]),
        ("v1.1.0", ["c", "b"]),
        ("v1.0.0", ["a"]),
    ]


def test_ancestry_decides_and_not_the_order_of_dates() -> None:
    # The fix f was made before release 1.1.0 but merged after it.
    commits = history(m="c f", c="b", f="a", b="a", a="")
    assert names(commits, releases(v1_0_0="a", v1_1_0="c"))[0] == ("-", ["m", "f"])


def test_a_hotfix_merged_back_belongs_to_its_own_release() -> None:
    commits = history(m="c h", c="a", h="a", a="")
    assert names(commits, releases(v1_0_0="a", v1_0_1="h", v1_1_0="m")) == [
        ("v1.1.0", ["m", "c"]),
        ("v1.0.1", ["h"]),
        ("v1.0.0", ["a"]),
    ]


def test_v0_10_comes_after_v0_9() -> None:
    commits = history(c="b", b="a", a="")
    found = names(commits, releases(v0_9_0="a", v0_10_0="b"))
    assert [name for name, _ in found] == ["-", "v0.10.0", "v0.9.0"]


def test_a_release_elsewhere_takes_nothing() -> None:
    commits = history(b="a", a="")
    assert [name for name, _ in names(commits, releases(v1_0_0="a", v9_0_0="zz"))] == [
        "-",
        "v1.0.0",
    ]
