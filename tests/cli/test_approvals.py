"""Plan, approval, apply and audit, as a person and a CI job use them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from aof.clock import FrozenClock
from aof.errors import PlanRefused
from aof.governance import Office
from aof.runs.store import RunStore
from tests.cli.aofctl import Ran, aofctl, aofctl_on_a_terminal

POLICY = """
apiVersion: aof.dev/v1alpha1
kind: Policy
metadata: {name: mine}
spec:
  rules: [{name: all, decision: DECISION}]
"""


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments], check=True, capture_output=True, text=True,
        timeout=30,
    )  # fmt: skip
    return done.stdout


def release(folder: Path, **environment: str) -> Ran:
    return aofctl("run", "agent", "library/cicd/release-manager", cwd=folder, **environment)


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository for which the release manager made a plan."""
    folder = tmp_path_factory.mktemp("planned")
    git(folder, "init", "-q", "-b", "main")
    git(folder, "config", "user.name", "ana")
    git(folder, "config", "user.email", "ana@example.org")
    (folder / ".gitignore").write_text(".aof/\n*.json\n")
    for name, message in (("a", "feat: first"), ("b", "fix: second")):
        (folder / name).write_text(name)
        git(folder, "add", "-A")
        git(folder, "commit", "-qm", message)
        if name == "a":
            git(folder, "tag", "v1.0.0")
    ran = release(folder)
    assert ran.code == 4, ran.err
    return folder


@pytest.fixture
def repository(planned: Path, tmp_path: Path) -> Path:
    shutil.copytree(planned, tmp_path / "repo")
    return tmp_path / "repo"


def plan_of(folder: Path) -> str:
    return str(aofctl("approvals", "list", "-o", "json", cwd=folder).json()[0]["plan"])


def test_a_plan_waits_is_approved_and_applied_once(repository: Path) -> None:
    plan = plan_of(repository)
    assert aofctl("apply", plan, cwd=repository).code == 4
    assert git(repository, "tag").split() == ["v1.0.0"]
    assert aofctl("approve", plan, cwd=repository).code == 0
    applied = aofctl("apply", plan, "-o", "json", cwd=repository)
    assert {action["status"] for action in applied.json()["actions"]} == {"applied"}
    assert git(repository, "tag").split() == ["v1.0.0", "v1.0.1"]
    for verb in ("approve", "reject"):
        late = aofctl(verb, plan, cwd=repository)
        assert (late.code, f"error: {plan} was applied 20" in late.err) == (4, True)
        assert " by local:" in late.err
    again = aofctl("apply", plan, cwd=repository)
    assert (again.code, "nothing was done" in again.err) == (0, True)
    assert aofctl("audit", "verify", cwd=repository).code == 0


def test_what_a_listed_plan_would_do_is_structured(repository: Path) -> None:
    (row,) = aofctl("approvals", "list", "-o", "json", cwd=repository).json()
    assert [(one["id"], one["effect"], one["status"]) for one in row["actions"]] == [
        ("a1", "write", "pending"),
        ("a2", "write", "pending"),
    ]
    assert "git tag" in row["actions"][1]["command"]
    table = aofctl("approvals", "list", cwd=repository).out
    assert row["plan"] in table


def test_an_edited_plan_file_is_refused(repository: Path) -> None:
    plan = plan_of(repository)
    aofctl("approve", plan, cwd=repository)
    path = next(repository.glob(".aof/runs/*/plan.json"))
    path.write_text(path.read_text().replace("v1.0.1", "v9.9.9"))
    ran = aofctl("apply", plan, cwd=repository)
    assert (ran.code, "was changed" in ran.err) == (4, True)
    assert aofctl("audit", "verify", cwd=repository).code == 1
    assert git(repository, "tag").split() == ["v1.0.0"]


def test_a_stale_plan_is_refused_and_waits_no_longer(repository: Path) -> None:
    plan = plan_of(repository)
    aofctl("approve", plan, cwd=repository)
    (repository / "c").write_text("c")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "feat: third")
    said = f"{plan} is stale: it no longer holds that HEAD has not moved"
    ran = aofctl("apply", plan, cwd=repository)
    assert (ran.code, said in ran.err) == (4, True)
    assert git(repository, "tag").split() == ["v1.0.0"]
    assert aofctl("approvals", "list", "-o", "json", cwd=repository).json() == []
    (row,) = aofctl("approvals", "list", "--all", "-o", "json", cwd=repository).json()
    assert (row["plan"], row["status"]) == (plan, "stale")
    again = aofctl("approve", plan, cwd=repository)
    assert (again.code, said in again.err) == (4, True)
    assert aofctl("audit", "verify", cwd=repository).code == 0


def test_a_rejected_plan_is_refused(repository: Path) -> None:
    plan = plan_of(repository)
    aofctl("approve", plan, cwd=repository)
    assert aofctl("reject", plan, cwd=repository).code == 0
    assert "rejected by local:" in aofctl("apply", plan, cwd=repository).err
    again = aofctl("approve", plan, cwd=repository)
    assert (again.code, "it was rejected by local:" in again.err) == (4, True)


def test_an_expired_plan_can_no_longer_be_approved(repository: Path) -> None:
    plan = RunStore(repository / ".aof" / "runs").plan(plan_of(repository))
    late = Office(repository, {}, FrozenClock(plan.expires_at))
    with pytest.raises(PlanRefused, match="can no longer be approved") as caught:
        late.decide(plan, approve=True)
    assert "it expired at" in caught.value.why


def test_in_ci_the_person_at_the_terminal_does_not_count(repository: Path) -> None:
    ran = aofctl("approve", plan_of(repository), cwd=repository, CI="true")
    assert (ran.code, "does not accept the unverified person" in ran.err) == (4, True)


def test_of_two_applies_at_once_one_does_the_work(repository: Path) -> None:
    plan = plan_of(repository)
    aofctl("approve", plan, cwd=repository)
    before = git(repository, "rev-list", "--count", "HEAD")
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: aofctl("apply", plan, cwd=repository), range(2)))
    assert sorted(ran.code for ran in both) in ([0, 0], [0, 4])
    after = git(repository, "rev-list", "--count", "HEAD")
    assert int(after) - int(before) == 1
    assert git(repository, "tag").split() == ["v1.0.0", "v1.0.1"]


def test_a_policy_that_denies_leaves_no_plan_and_exits_6(repository: Path) -> None:
    shutil.rmtree(repository / ".aof")
    (repository / "deny.json").write_text("")
    policy = repository.parent / "policy.yaml"
    policy.write_text(POLICY.replace("DECISION", "deny"))
    ran = release(repository, AOF_POLICY=str(policy))
    assert (ran.code, "is not planned: rule all of policy mine" in ran.err) == (6, True)
    assert list(repository.glob(".aof/runs/*/plan.json")) == []


def test_a_policy_that_allows_applies_what_code_proposed(repository: Path) -> None:
    shutil.rmtree(repository / ".aof")
    policy = repository.parent / "policy.yaml"
    policy.write_text(POLICY.replace("DECISION", "allow"))
    ran = release(repository, AOF_POLICY=str(policy))
    assert ran.code == 0, ran.err
    assert git(repository, "tag").split() == ["v1.0.0", "v1.0.1"]


def test_an_approval_signed_with_a_key_counts_in_ci(repository: Path) -> None:
    key = repository.parent / "id"
    argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(key)]
    subprocess.run(argv, check=True, timeout=30)
    signers = repository / ".aof" / "allowed_signers"
    signers.write_text(f"bo@example.org {key.with_suffix('.pub').read_text()}")
    plan = plan_of(repository)
    signed = aofctl(
        "approve", plan, "--sign-with", str(key), "--as", "bo@example.org", cwd=repository, CI="1"
    )
    assert signed.code == 0, signed.err
    ci = {"CI": "1", "AOF_CLAIMS": "folder"}
    assert aofctl("apply", plan, cwd=repository, **ci).code == 0
    assert aofctl("audit", "verify", cwd=repository).code == 0


FLEET = """
apiVersion: aof.dev/v1alpha1
kind: Fleet
metadata: {name: ship}
spec: {agents: [{ref: ./releases}]}
"""


@pytest.mark.parametrize("subject", [("agent", "library/cicd/release-manager"), ("fleet", "ship")])
@pytest.mark.parametrize(("answer", "code", "tags"), [("y", 0, 2), ("n", 4, 1)])
def test_a_person_at_the_terminal_is_asked(
    repository: Path, subject: tuple[str, str], answer: str, code: int, tags: int
) -> None:
    shutil.rmtree(repository / ".aof")
    fleet = repository.parent / "fleet"
    fleet.mkdir()
    shutil.copy("library/cicd/release-manager.yaml", fleet / "releases.yaml")
    shutil.copy("library/cicd/release-manager.report.md.j2", fleet)
    (fleet / "ship.yaml").write_text(FLEET)
    kind, name = subject
    ref = str(fleet / name) if kind == "fleet" else name
    ran = aofctl_on_a_terminal("run", kind, ref, cwd=repository, answers=f"{answer}\n")
    assert (ran.code, "Carry out plan-" in ran.out) == (code, True), ran.out
    assert len(git(repository, "tag").split()) == tags


def test_a_plan_is_shown_in_every_form(repository: Path) -> None:
    plan = plan_of(repository)
    for form, expected in (
        ("markdown", f"# Plan {plan}"),
        ("json", '"missing": ['),
        ("html", "<h1>Plan"),
    ):
        assert expected in aofctl("approvals", "show", plan, "-o", form, cwd=repository).out


def test_audit_shows_exports_and_compares(repository: Path) -> None:
    run = next(repository.glob(".aof/runs/*/events.jsonl")).parent.name
    assert "plan.created" in aofctl("audit", "show", run, cwd=repository).out
    assert '"event_type": "run.started"' in aofctl("audit", "export", run, cwd=repository).out
    assert aofctl("audit", "diff", run, run, cwd=repository).code == 0


def test_the_shipped_policy_holds_its_tests(tmp_path: Path) -> None:
    assert aofctl("policy", "test", cwd=tmp_path).code == 0


def test_the_hostile_suite_is_a_command(tmp_path: Path) -> None:
    ran = aofctl("test", "--attack", cwd=tmp_path)
    assert (ran.code, "ACHIEVED" in ran.out) == (0, False)
