"""What a message asks of the version, whoever wrote it: commits in a real repository.

Each case is a message, or several, oldest first, after v1.2.3; the next version; and whether a
person is asked. Expected values are from the text of Conventional Commits 1.0.0 and SemVer
2.0.0; where those leave it open, from `docs/release-manager.md`.
"""

import pytest

from aof.analysis.release import ReleaseConfig, ReleasePlan
from aof.analysis.release.history import read_plans
from aof.cli.release_repository import Clone
from aof.transport.git_reader import GitReader
from tests.analysis.release.commits import TODAY
from tests.git_sandbox import GitSandbox

NONE, PATCH, MINOR, MAJOR = None, "v1.2.4", "v1.3.0", "v2.0.0"
GONE = "0123456789012345678901234567890123456789"
FEATURE, REVERTED, REAPPLIED = "feat: a", 'Revert "feat: a"', 'Reapply "feat: a"'

HEADERS = {
    "type in capitals": ("FEAT: x", MINOR),
    "type and scope in mixed case": ("FiX(UI): x", PATCH),
    "two spaces": ("feat:  x", MINOR),
    "blank description": ("feat:    ", NONE),
    "emoji description": ("feat: 🎉", MINOR),
    "emoji type": ("✨: new", NONE),
    "scope of a glob": ("fix(src/*.ts, lib): x", PATCH),
    "scope with a colon": ("fix(a:b): x", PATCH),
    "scope with a mark": ("fix(a!): x", PATCH),
    "scope in Cyrillic": ("feat(ядро)!: x", MAJOR),
    "any type may break": ("chore(deps)!: x", MAJOR),
    "two types": ("feat, fix: x", NONE),
    "type with digits": ("feat2: x", NONE),
    "fixup": ("fixup! feat!: x", NONE),
    "squash": ("squash! fix: x", NONE),
    "amend": ("amend! feat: x", NONE),
    "type behind a type": ("wip: feat: x", NONE),
    "scope in brackets": ("feat[core]: x", NONE),
    "mark in the description": ("docs: warning!: read this", NONE),
    "breaking words in the description": ("docs: see x: BREAKING CHANGE: no", NONE),
    "byte order mark": ("\ufefffeat: x", MINOR),
    "leading blank lines": ("\n\nfeat: x", MINOR),
    "nothing": ("", NONE),
    "newlines only": ("\n\n\n", NONE),
    "comment only": ("# feat: x", NONE),
    "form feed": ("feat: x\x0cy", MINOR),
    "line separator of Unicode": ("feat: x\u2028\u2028BREAKING CHANGE: y", MINOR),
    "next line of Latin-1": ("feat: x\u0085\u0085BREAKING CHANGE: y", MINOR),
    "subject wrapped by hand": ("feat: a long subject\nthat goes on\n\nbody", MINOR),
    "deprecation": ("deprecate: the old way", MINOR),
    "merge of git without a second parent": ("Merge remote-tracking branch 'o/main'", NONE),
    "marker for CI": ("fix: x [skip ci]", PATCH),
    "release commit": ("chore(release): 1.3.0", NONE),
}
ALMOST = {
    "tab for the space": ("feat:\tx", NONE),
    "no-break space for the space": ("feat:\u00a0x", NONE),
    "no space": ("feat:x", NONE),
    "full-width colon": ("feat\uff1a x", NONE),
    "emoji before the type": ("✨ feat: new", NONE),
    "shortcode before the type": (":sparkles: feat: new", NONE),
    "ticket before the type": ("[ABC-123] feat: x", NONE),
    "empty scope": ("feat(): x", NONE),
    "two scopes": ("feat(a)(b): x", NONE),
    "mark before the scope": ("feat!(a): x", NONE),
    "leading space": (" feat: x", NONE),
    "two colons": ("feat:: x", NONE),
    "space before the colon": ("feat(a) : x", NONE),
}
BODIES = {
    "colon": ("fix: x\n\nBREAKING CHANGE: y", MAJOR),
    "dash": ("fix: x\n\nBREAKING-CHANGE: y", MAJOR),
    "two spaces after the colon": ("fix: x\n\nBREAKING CHANGE:  y", MAJOR),
    "blank line of spaces": ("fix: x\n   \nBREAKING CHANGE: y", MAJOR),
    "blank line of a tab": ("fix: x\n\nbody\n\t\nBREAKING CHANGE: y", MAJOR),
    "amid trailers": (
        "fix: x\n\nSigned-off-by: a <a@b>\nBREAKING CHANGE: y\nCo-authored-by: c <c@d>",
        MAJOR,
    ),
    "after trailers and a blank line": ("fix: x\n\nRefs: #1\n\nBREAKING CHANGE: y", MAJOR),
    "value of several paragraphs": (
        "feat: x\n\nBREAKING CHANGE: y\n\n- one\n- two: three\n\nRefs: #1",
        MAJOR,
    ),
    "carriage returns": ("feat: x\r\rBREAKING CHANGE: y\r", MAJOR),
    "CRLF": ("feat: x\r\n\r\nBREAKING CHANGE: y\r\n", MAJOR),
    "prose": ("fix: x\n\nThere is no BREAKING CHANGE: all fine", PATCH),
    "inline code": ("docs: x\n\n`BREAKING CHANGE: z` is how you write it", NONE),
    "deprecated in a footer": ("chore: x\n\nDeprecated: old api", MINOR),
    "trailers below a rule": (
        "feat: x (#3)\n\nbody\n\n---------\n\nCo-authored-by: A <a@b>",
        MINOR,
    ),
}
ASKED = {
    "breaking as the header": ("BREAKING CHANGE: drop it all", MAJOR),
    "breaking as the type": ("BREAKING-CHANGE: drop it all", MAJOR),
    "breaking below a free header": ("Drop it\n\nBREAKING CHANGE: y", MAJOR),
    "no blank line": ("fix: x\n\nbody\nBREAKING CHANGE: y", MAJOR),
    "nothing breaks": ("fix: x\n\nBREAKING CHANGE: none", MAJOR),
    "not applicable": ("fix: x\n\nBREAKING CHANGE: N/A", MAJOR),
    "value on the next line": ("fix: x\n\nBREAKING CHANGE:\ny", PATCH),
    "tab after the colon": ("fix: x\n\nBREAKING CHANGE:\ty", PATCH),
    "no space after the colon": ("fix: x\n\nBREAKING CHANGE:y", PATCH),
    "plural": ("fix: x\n\nBREAKING CHANGES: y", PATCH),
    "underscore": ("fix: x\n\nBREAKING_CHANGE: y", PATCH),
    "plural with a dash": ("fix: x\n\nBREAKING-CHANGES: y", PATCH),
    "one word": ("fix: x\n\nBREAKING: y", PATCH),
    "space before the colon": ("docs: x\n\nBREAKING CHANGE : y", NONE),
    "number": ("fix: x\n\nBREAKING-CHANGE #12", PATCH),
    "lower case": ("fix: x\n\nbreaking change: y", PATCH),
    "lower case with a dash": ("fix: x\n\nbreaking-change: y", PATCH),
    "title case with a dash": ("fix: x\n\nBreaking-Change: y", PATCH),
    "list": ("fix: x\n\n- BREAKING CHANGE: y", PATCH),
    "bold": ("fix: x\n\n**BREAKING CHANGE**: y", PATCH),
    "comment of git": ("fix: x\n\n# BREAKING CHANGE: y", PATCH),
    "quotation": ("fix: x\n\nAda wrote:\n> feat!: y\n>\n> BREAKING CHANGE: z", PATCH),
    "indented code": ("docs: x\n\n    BREAKING CHANGE: z", NONE),
    "fenced code": ("docs: x\n\n```text\nBREAKING CHANGE: z\n```", NONE),
    "fence within a fence": ("docs: x\n\n````\n```\n\nBREAKING CHANGE: z\n```\n````", NONE),
    "comment of a template": ("fix: x\n\n<!--\n\nBREAKING CHANGE: describe\n-->", PATCH),
    "type like one that counts": ("feature: x", NONE),
    "list without a request": ("fix: x\n\n* feat: is the type\n* fix: other", PATCH),
    "list with dashes": ("chore: all (#12)\n\n- feat: a\n- fix: b", NONE),
    "list indented": ("chore: all (#12)\n\n * feat: a\n * fix: b", NONE),
    "Release-As": ("chore: x\n\nRelease-As: 3.0.0", "v3.0.0"),
    "Release-As with v": ("chore: x\n\nrelease-as: v3.0.0", "v3.0.0"),
    "Release-As a pre-release": ("fix: x\n\nRelease-As: 2.0.0-rc.1", "v2.0.0-rc.1"),
    "Release-As below a free header": ("Prepare\n\nRelease-As: 3.0.0", "v3.0.0"),
    "Release-As in a squash": ("chore: x (#1)\n\n* fix: y\n\nRelease-As: 3.0.0", "v3.0.0"),
    "Release-As of the past": ("feat: x\n\nRelease-As: 1.0.0", MINOR),
    "Release-As no version": ("feat: x\n\nRelease-As: next", MINOR),
}
HOSTS = {
    "GitHub squash": (
        "Add it (#12)\n\n* feat: a\n\n* fix: b\n\n---------\n\nCo-authored-by: A <a@b>",
        MINOR,
    ),
    "mark in a listed commit": ("fix: all (#12)\n\n* chore: a\n\n* feat!: b", MAJOR),
    "footer in a listed commit": (
        "chore: all (#12)\n\n* fix: a\n\nBREAKING CHANGE: z\n\n* chore: b",
        MAJOR,
    ),
    "rule within a listed commit": (
        "chore: all (#12)\n\n* chore: a\n\n---\nupdated-dependencies:\n- x\n\n* feat: b",
        MINOR,
    ),
    "listed commits that say nothing": ("feat: all (#12)\n\n* wip\n\n* review", MINOR),
    "listed fixup": ("chore: all (#12)\n\n* fixup! feat: b\n\n* chore: c", NONE),
    "listed revert": ('chore: x (#1)\n\n* feat: a\n\n* Revert "feat: a"\n\n* fix: b', PATCH),
    "GitLab squash": ("chore: all\n\n* feat: a\n\nSee merge request g/p!12", MINOR),
    "git squash": (
        f"Squashed commit of the following:\n\ncommit {GONE}\nAuthor: A <a@b>\nDate:   Mon\n\n"
        "    feat: a\n    \n    BREAKING CHANGE: z\n",
        MAJOR,
    ),
    "Bitbucket squash": ("Merged in x (pull request #5)\n\nfeat: add x\n\nApproved-by: A", MINOR),
    "Bitbucket squash with a list": (
        "Merged in x (pull request #5)\n\nAdd x\n\n* feat: add x\n* fix: y\n\nApproved-by: A",
        MINOR,
    ),
    "Bitbucket Server squash": ("Pull request #7: fix: x\n\nMerge in A/b from x to main", PATCH),
    "Azure DevOps squash": ("Merged PR 123: feat: add x\n\nRelated work items: #3", MINOR),
    "Gitea squash": ("Merge pull request 'feat: x' (#12) from topic into main", MINOR),
}
REVERTS = {
    "of released work": (f'Revert "feat: old"\n\nThis reverts commit {GONE}.', PATCH),
    "by type": ("revert: something", PATCH),
    "by type with references": ("revert: let us never\n\nRefs: 676104e, a215868", PATCH),
    "by type with a scope": (f"revert(core): x\n\nThis reverts commit {GONE}.", PATCH),
    "by type that breaks": ("revert!: feat: old", MAJOR),
    "mention of a commit nobody knows": ((FEATURE, "feat: b\n\nThis reverts commit dead."), MINOR),
    "by subject": ((FEATURE, REVERTED), NONE),
    "by subject of a break": (("feat!: a", "revert: feat!: a"), NONE),
    "subject with quotes": (('feat: say "hi"', 'Revert "feat: say "hi""'), NONE),
    "twice": ((FEATURE, REVERTED, f'Revert "{REVERTED}"'), MINOR),
    "reapplied": ((FEATURE, REVERTED, REAPPLIED), MINOR),
    "reapplied, reverted": ((FEATURE, REVERTED, REAPPLIED, f'Revert "{REAPPLIED}"'), NONE),
    "reapplied, reverted, reapplied": (
        (FEATURE, REVERTED, REAPPLIED, f'Revert "{REAPPLIED}"', f'Reapply "{REAPPLIED}"'),
        MINOR,
    ),
    "made again": ((FEATURE, REVERTED, FEATURE), MINOR),
    "one of two alike": (("fix: typo", "fix: typo", 'Revert "fix: typo"'), PATCH),
    "both of two alike": (("fix: typo",) * 2 + ('Revert "fix: typo"',) * 2, NONE),
    "by request": (("feat: a (#7)", 'Revert "feat: a (#7)" (#8)\n\nReverts o/r#7'), NONE),
    "by request of the same repository": (
        ("feat: a (#7)", 'Revert "feat: a" (#8)\n\nReverts #7'),
        NONE,
    ),
    "by request, merged without its number": (
        (FEATURE, 'Revert "feat: a" (#8)\n\nReverts o/r#7'),
        NONE,
    ),
    "request reverted twice": (
        (
            "feat: a (#7)",
            'Revert "feat: a (#7)" (#8)\n\nReverts o/r#7',
            'Revert "Revert "feat: a (#7)"" (#9)\n\nReverts o/r#8',
        ),
        MINOR,
    ),
    "reapplied, once released": (
        f'Reapply "feat: old"\n\nThis reverts commit {GONE}.',
        MINOR,
    ),
    "reapplied break, once released": ('Reapply "feat!: old"', MAJOR),
    "free words": ((FEATURE, "Revert feat: a"), MINOR),
}


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> GitSandbox:
    made = GitSandbox(tmp_path_factory.mktemp("messages"))
    made.commit("chore: start")
    made.tag("v1.2.3")
    return made


def plan(repo: GitSandbox, messages: str | tuple[str, ...]) -> ReleasePlan:
    repo.git("checkout", "-q", "--detach", "v1.2.3")
    for message in (messages,) if isinstance(messages, str) else messages:
        repo.commit(message)
    return read_plans(Clone(GitReader(repo.directory)), ReleaseConfig(), today=TODAY).plans[0]


def cases(*tables: dict[str, tuple[str | tuple[str, ...], str | None]]) -> pytest.MarkDecorator:
    rows = [pytest.param(*case, id=name) for table in tables for name, case in table.items()]
    return pytest.mark.parametrize(("messages", "version"), rows)


@cases(HEADERS, BODIES, HOSTS, REVERTS)
def test_message_decides(
    repo: GitSandbox, messages: str | tuple[str, ...], version: str | None
) -> None:
    found = plan(repo, messages)
    assert (found.next, found.questions) == (version, ())


@cases(ALMOST, ASKED)
def test_message_is_put_to_a_person(
    repo: GitSandbox, messages: str | tuple[str, ...], version: str | None
) -> None:
    found = plan(repo, messages)
    assert found.next == version
    assert len(found.questions) == 1


@pytest.mark.parametrize(
    ("host", "request_named"),
    [
        ("GitHub squash", "#12"),
        ("GitLab squash", "!12"),
        ("Bitbucket squash", "#5"),
        ("Bitbucket Server squash", "#7"),
        ("Azure DevOps squash", "#123"),
        ("Gitea squash", "#12"),
    ],
)
def test_a_request_keeps_its_number(repo: GitSandbox, host: str, request_named: str) -> None:
    (change,) = plan(repo, HOSTS[host][0]).changed.changes
    assert change.request == request_named
