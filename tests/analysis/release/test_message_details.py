"""What is taken from a message besides its level: type, text, notes, issues, request, merges.

Expected values are from Conventional Commits 1.0.0, the texts hosts write into merges, squashes
and reverts, and `docs/release-manager.md`; histories are made up, without a repository.
"""

import pytest

from aof.analysis.release import ReleaseConfig
from aof.analysis.release.changes import Range, read_range
from aof.analysis.release.model import Change, RawCommit
from tests.analysis.release.commits import sha

GONE = sha("released")
LISTING = "Squashed commit of the following:\n\n"
UNDOES = f"This reverts commit {GONE}."
SQUASHED = f"commit {GONE}\nAuthor: A <a@b>\nDate:   Mon Jan 5 10:00:00 2026 +0000\n\n    "
DEPENDABOT = """Bumps [foo](https://x.example/foo) from 1.0.0 to 2.0.0.
- [Commits](https://x.example/foo/compare/v1...v2)

---
updated-dependencies:
- dependency-name: foo
  update-type: version-update:semver-major
...

Signed-off-by: dependabot[bot] <support@x.example>"""
RENOVATE = """### Release Notes

<details>
<summary>acme/foo (foo)</summary>

##### ⚠ BREAKING CHANGES

BREAKING CHANGE: dropped

</details>

---

### Configuration"""


def history(*messages: str, parents: tuple[tuple[int, ...], ...] = ()) -> Range:
    """Commits oldest first; parents by number, 0 is released. `{1}` is the first one's name."""
    names = [sha(number) for number in range(len(messages) + 1)]
    commits = []
    for number, message in enumerate(messages, start=1):
        before = parents[number - 1] if parents else (number - 1,)
        text = message
        for other, name in enumerate(names):
            text = text.replace(f"{{{other}}}", name)
        above = tuple(names[one] for one in before)
        commits.append(RawCommit(names[number], above, "Ada", "ada@x.example", number, text))
    return read_range(commits[::-1], ReleaseConfig())


def flat(found: Range) -> list[Change]:
    return [part for change in found.changes for part in change.parts or (change,)]


@pytest.mark.parametrize(
    ("header", "kind", "scope", "description"),
    [
        ("Fix(Core): x", "fix", "Core", "x"),
        ("feat(a b/c@1.0): x", "feat", "a b/c@1.0", "x"),
        ("fix(*): x", "fix", "*", "x"),
        ("feat(#12): x", "feat", "#12", "x"),
        ("feat(界面): 新增按钮", "feat", "界面", "新增按钮"),
        ("функция: x", "функция", None, "x"),
        ("feat-ui: x", "feat-ui", None, "x"),
        ("feat: PROJ-12 add `a: b` (c)", "feat", None, "PROJ-12 add `a: b` (c)"),
        ("feat: añadir «eñes» 🚀 [skip ci]", "feat", None, "añadir «eñes» 🚀 [skip ci]"),
        ("\ufefffeat: x   \r\n", "feat", None, "x"),
    ],
)
def test_a_header_in_parts(header: str, kind: str, scope: str | None, description: str) -> None:
    (change,) = history(header).changes
    read = (change.parsed.type, change.parsed.scope, change.description)
    assert read == (kind, scope, description)


@pytest.mark.parametrize(
    ("below", "notes"),
    [
        ("BREAKING CHANGE: a\nBREAKING-CHANGE: b", ["a", "b"]),
        ("BREAKING CHANGE: one\ntwo\n\nthree\nReviewed-by: Z", ["one\ntwo\n\nthree"]),
        ("BREAKING CHANGE: y\n\nCo-authored-by: A <a@b>", ["y"]),
        ("Reviewed-by: A\nBREAKING CHANGE: y\nRefs #1", ["y"]),
        ("BREAKING CHANGE: a colon: and #hash", ["a colon: and #hash"]),
        ("```yaml\nBREAKING CHANGE: sample\n```\n\nBREAKING CHANGE: real", ["real"]),
        (
            "BREAKING CHANGE: see\n```\nkey: v\nFixes: #9\n```\nend",
            ["see\n```\nkey: v\nFixes: #9\n```\nend"],
        ),
        ("Acked-by: A\n  BREAKING CHANGE: folded", []),
        (f"{DEPENDABOT}\n\n<blockquote>\n\nBREAKING CHANGE: no\n\n</blockquote>", []),
        (RENOVATE, []),
        (
            "# ---- >8 ----\ndiff --git a/x b/x\n BREAKING CHANGE: y\n+BREAKING CHANGE: z",
            [],
        ),
    ],
)
def test_what_breaks(below: str, notes: list[str]) -> None:
    for newline in ("\n", "\r\n"):
        (change,) = history(f"fix: x\n\n{below}".replace("\n", newline)).changes
        assert list(change.parsed.breaking_notes) == notes


@pytest.mark.parametrize(
    ("below", "issues"),
    [
        ("Fixes #1\nCloses: #2, #3\nRefs: ABC-9", ["#1", "#2", "#3", "ABC-9"]),
        ("Closes #12, #13 and #14", ["#12", "#13", "#14"]),
        ("Refs: PROJ-1, PROJ-2", ["PROJ-1", "PROJ-2"]),
        ("```\nFixes: #9\n```\n\nRefs: #3", ["#3"]),
        ("Change-Id: I1234567\nReviewed-on: https://x.example/1", []),
        ("Co-authored-by: A <a@b>\ngit-svn-id: https://x.example/x@12 ab", []),
        (DEPENDABOT, []),
    ],
)
def test_issues_stand_in_footers(below: str, issues: list[str]) -> None:
    found = history(f"fix: x\n\n{below}")
    assert list(found.changes[0].references) == issues
    assert all(one.severity == "info" for one in found.diagnostics)


@pytest.mark.parametrize(
    ("message", "types", "level"),
    [
        ("feat: x (#1)\n\n* feat: one\n\n* fix: two\n\n* chore: three", "feat fix chore", "minor"),
        ("Free (#1)\n\n* feat: one\n\n* fix!: two", "feat fix", "major"),
        (
            "feat: x (#1)\n\n* feat: one\n\n* fixup! feat: one\n\n* Merge branch 'm'",
            "feat",
            "minor",
        ),
        (
            f'chore: x (#1)\n\n* feat: a\n\n* Revert "feat: a"\n\n{UNDOES}\n\n* fix: b',
            "fix",
            "patch",
        ),
        ("fix: x (#1)\n\nProse\n\n* item one\n* item two: details", "fix", "patch"),
        (
            "build(deps): bump (#1)\n\n- [`1234567`](https://x.example/1) feat!: upstream",
            "build",
            "none",
        ),
        (
            f"{LISTING}{SQUASHED}feat: one\n\n{SQUASHED}fix: two",
            "feat fix",
            "minor",
        ),
        (
            f"chore: bundle\n\n{LISTING}{SQUASHED}feat!: one",
            "feat",
            "major",
        ),
        (
            f"Pull request #1: chore: x\n\nMerge in A/b\n\n{LISTING}{SQUASHED}feat: one",
            "feat",
            "minor",
        ),
        (
            "Merged in x (pull request #1)\n\nChanges\n\n* feat: one\n\n* fix: two",
            "feat fix",
            "minor",
        ),
    ],
)
def test_a_squash_is_what_it_lists(message: str, types: str, level: str) -> None:
    found = history(message)
    assert [one.parsed.type for one in flat(found)] == types.split()
    assert found.level.word == level


@pytest.mark.parametrize(
    ("subject", "below", "request_named"),
    [
        ("Merge pull request #12 from acme/x", "feat: add x", "#12"),
        ("Merge branch 'x' into 'main'", "feat: add x\n\nSee merge request acme/app!12", "!12"),
        ("Merge pull request 'feat: add x' (#12) from x into main", "Reviewed-on: y", "#12"),
        ("Merged PR 12: feat: add x", "more", "#12"),
        ("Merged in x (pull request #12)", "feat: add x", "#12"),
        ("Pull request #12: feat: add x", "Merge in A/b from x to main", "#12"),
    ],
)
def test_the_title_of_a_merged_request_speaks_where_its_commits_do_not(
    subject: str, below: str, request_named: str
) -> None:
    merge, lines = f"{subject}\n\n{below}", ((0,), (0, 1))
    (change,) = history("wip", merge, parents=lines).changes
    assert (change.description, change.request) == ("add x", request_named)
    found = history("fix: y", merge, parents=lines)
    assert found.level.word == "patch"
    assert [one.code for one in found.diagnostics if one.severity == "ask"] == ["merge-title"]


@pytest.mark.parametrize(
    "messages",
    [
        ("feat!: x", 'Revert "feat!: x"\r\n\r\nThis reverts commit {1}.\r\n'),
        ("feat: x", 'Revert "feat: x"\n\nThis reverts commit {1}'),
        ("feat: a", "fix: b", "revert: both\n\nRefs: {1}, {2}"),
        (
            "feat: a",
            "fix: b",
            'Revert "feat: a"\n\nThis reverts commit {1}.\nThis reverts commit {2}.',
        ),
        (
            f'Revert "feat: x"\n\nThis reverts commit {GONE}.',
            'Reapply "feat: x"\n\nThis reverts commit {1}.',
        ),
        ("Merged PR 12: feat: x", 'Merged PR 13: Revert "feat: x"\n\nReverts !12'),
        (
            "Pull request #12: feat: x",
            'Pull request #13: Revert "feat: x"\n\nThis reverts pull request #12.',
        ),
        (
            "Merged in x (pull request #12)\n\nfeat: x",
            'Merged in y (pull request #13)\n\nRevert "feat: x"',
        ),
    ],
)
def test_what_is_undone_before_it_is_released_asks_for_nothing(messages: tuple[str, ...]) -> None:
    found = history(*messages)
    assert (found.level.word, len(found.cancelled)) == ("none", len(messages))


def test_a_commit_that_mentions_a_revert_undoes_nothing() -> None:
    found = history("feat: x", 'fix: y\n\nUnlike what Revert "feat: x" did. See commit {1}.')
    assert (found.level.word, found.cancelled) == ("minor", ())


def test_a_break_in_a_code_block_that_never_ends_counts_and_asks() -> None:
    found = history("fix: x\n\n```\ncode\n\nBREAKING CHANGE: y")
    assert found.level.word == "major"
    assert [one.code for one in found.diagnostics] == ["breaking-in-open-block"]
