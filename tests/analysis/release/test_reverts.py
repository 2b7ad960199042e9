import pytest

from aof.analysis.release.model import RawCommit
from tests.analysis.release.commits import codes, plan, sha


def undo(number: int, subject: str, word: str = "Revert") -> str:
    return f'{word} "{subject}"\n\nThis reverts commit {sha(number)}.'


def subjects(messages: list[str]) -> tuple[list[str], int]:
    made = plan(messages)
    return [one.parsed.description for one in made.changed.changes], len(made.changed.cancelled)


def test_a_revert_cancels_its_commit() -> None:
    assert subjects(["feat: x", "fix: y", undo(1, "feat: x")]) == (["y"], 2)


def test_an_abbreviated_sha_is_enough() -> None:
    message = f'Revert "feat: x"\n\nThis reverts commit {sha(1)[:9]}.'
    assert plan(["feat: x", message]).next is None


def test_reapplying_brings_the_feature_back() -> None:
    again = undo(2, "feat: x", "Reapply")
    assert subjects(["feat: x", undo(1, "feat: x"), again]) == (["x"], 2)
    assert plan(["feat: x", undo(1, "feat: x"), again]).next == "v1.3.0"


def test_old_git_reapplies_with_a_doubled_revert() -> None:
    again = undo(2, 'Revert "feat: x"')
    assert plan(["feat: x", undo(1, "feat: x"), again]).next == "v1.3.0"


@pytest.mark.parametrize("count", range(1, 8))
def test_parity_decides(count: int) -> None:
    messages = ["feat: x"]
    for number in range(1, count + 1):
        messages.append(undo(number, messages[-1].split("\n")[0]))
    made = plan(messages)
    assert made.next == (None if count % 2 else "v1.3.0")
    assert len(made.changed.cancelled) == (count + 1 if count % 2 else count)


def test_a_revert_of_released_work_is_a_patch() -> None:
    made = plan(['Revert "feat: x"\n\nThis reverts commit ' + "b" * 40 + "."])
    assert made.next == "v1.2.4"
    assert made.changed.changes[0].parsed.type == "revert"
    assert made.changed.changes[0].parsed.description == "feat: x"


@pytest.mark.parametrize("subject", ['Reapply "feat: x"', 'Revert "Revert "feat: x""'])
def test_reapplying_released_work_is_what_it_brings_back(subject: str) -> None:
    made = plan([subject + "\n\nThis reverts commit " + "b" * 40 + "."])
    assert made.next == "v1.3.0"
    assert made.changed.changes[0].parsed.description == "x"


def test_github_reverts_by_pull_request_number() -> None:
    messages = ["feat: x (#7)", 'Revert "feat: x (#7)" (#8)\n\nReverts owner/repo#7']
    assert plan(messages).next is None
    assert len(plan(messages).changed.cancelled) == 2


def test_github_revert_of_a_released_pull_request_is_a_patch() -> None:
    assert plan(['Revert "feat: x (#7)" (#8)\n\nReverts owner/repo#7']).next == "v1.2.4"


def test_gitlab_reverts_a_merge_request() -> None:
    messages = ["feat: x (!7)", 'Revert "feat: x"\n\nThis reverts merge request team/app!7']
    assert plan(messages).next is None


def test_revert_type_with_several_references() -> None:
    messages = ["feat: x", "feat: y", f"revert: both\n\nRefs: {sha(1)[:12]}, {sha(2)}"]
    assert plan(messages).next is None
    assert len(plan(messages).changed.cancelled) == 3


def test_revert_by_subject_takes_the_latest_before_it() -> None:
    assert plan(["feat: x", 'Revert "feat: x"']).next is None
    assert plan(["feat: x", "revert: feat: x"]).next is None
    assert subjects(["feat: x", 'Revert "feat: x"', "feat: x"]) == (["x"], 2)


def test_a_revert_with_some_targets_released_stays() -> None:
    message = f"revert: both\n\nRefs: {sha(1)}, {'b' * 40}"
    made = plan(["feat: x", message])
    assert made.next == "v1.2.4"
    assert len(made.changed.cancelled) == 1


def test_a_fix_that_backs_out_a_feature_cancels_only_the_feature() -> None:
    message = f"fix: back out the cache\n\nThis reverts commit {sha(1)}."
    assert subjects(["feat: cache", message]) == (["back out the cache"], 1)


def test_reverting_a_merge_cancels_what_it_brought_in() -> None:
    def commit(name: str, parents: tuple[str, ...], message: str) -> RawCommit:
        return RawCommit(sha(name), tuple(map(sha, parents)), "A", "a@example.org", 0, message)

    history = [
        commit("d", ("c",), f"Revert \"Merge branch 'x'\"\n\nThis reverts commit {sha('c')}, "),
        commit("c", ("a", "b2"), "Merge branch 'x'"),
        commit("b2", ("b1",), "feat: two"),
        commit("b1", ("0",), "feat: one"),
        commit("a", ("0",), "fix: main"),
    ]
    made = plan([""] * 5, commits=history)
    assert made.next == "v1.2.4"
    assert len(made.changed.cancelled) == 4


def test_commits_that_revert_each_other_do_not_loop() -> None:
    messages = [undo(2, "feat: b"), undo(1, "feat: a")]
    assert plan(messages).changed.commits == 2


def test_a_squash_that_mentions_a_revert_of_its_own_branch_is_kept() -> None:
    message = f'feat: x (#3)\n\n* feat: y\n\n* Revert "z"\n\nThis reverts commit {"c" * 40}.'
    assert plan([message]).next == "v1.3.0"


ELSEWHERE = "d" * 40


@pytest.mark.parametrize("rounds", [1, 2, 3])
def test_a_picked_revert_undoes_the_commit_picked_from_what_it_names(rounds: int) -> None:
    picked = f"feat: x\n\n(cherry picked from commit {ELSEWHERE})"
    undone = f'Revert "feat: x"\n\nThis reverts commit {ELSEWHERE}.'
    assert subjects([picked, undone] * rounds) == ([], 2 * rounds)
    assert subjects([*[picked, undone] * rounds, picked]) == (["x"], 2 * rounds)


def test_a_revert_of_a_commit_that_was_rebased_asks() -> None:
    undone = f'Revert "feat: x"\n\nThis reverts commit {ELSEWHERE}.'
    made = plan(["feat: x", undone])
    assert (made.next, codes(made)) == ("v1.3.0", ["revert-of-released", "revert-unknown"])
    assert sha(1)[:12] in made.questions[0].text
    assert plan(["feat: x", undo(1, "feat: x"), undone]).questions == ()
    assert plan(["feat: y", undone]).questions == ()
