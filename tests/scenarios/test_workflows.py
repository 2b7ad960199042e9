"""Workflows under test: facts handed on, approvals, branches, waits, mocks with state."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.aofctl import Ran, aofctl

WORKFLOW = """\
apiVersion: aof.dev/v1alpha1
kind: Workflow
metadata: {name: guarded}
spec:
  steps:
    - name: first-look
      agent: {ref: library/cicd/deployment-guardian}
      input: "Canary deployment: checkout v2"
      set: {evidence: fixtures/canary-errors.json}
      on_fail: continue
    - name: allow
      approval: {approvers: ["@deployment-team"]}
    - name: settle
      wait: 10m
    - name: route
      branch:
        on: first-look.decision
        cases:
          ROLLBACK:
            - name: second-look
              agent: {ref: library/cicd/deployment-guardian}
              input: "after ${first-look.decision}: Error rate: 0.1% (baseline: 0.1%)"
        default:
          - name: never
            wait: 1s
"""
TEST = """\
apiVersion: aof.dev/v1alpha1
kind: AgentTest
metadata: {{name: guarded-tests}}
spec:
  workflow: {{ref: guarded}}
  scenarios:
    - name: it
      approvals: {approvals}
      mocks:
        - tool: argocd
          operation: app_get
          when: {{rolled_back: true}}
          returns: {{name: checkout, deployed: aaaa1111, auto_sync: false}}
        - tool: argocd
          operation: app_get
          returns: {{name: checkout, deployed: bbbb2222, auto_sync: false}}
        - tool: argocd
          operation: app_history
          returns:
            history: [{{id: 2, revision: bbbb2222, current: true}}, {{id: 1, revision: aaaa1111}}]
        - tool: argocd
          operation: app_rollback
          match: {{name: checkout, history_id: 1}}
          returns: {{started: true}}
          sets: {{rolled_back: true}}
      assertions:
{assertions}
"""


def guarded(tmp_path: Path, approvals: str, assertions: list[str], *more: str) -> Ran:
    library = Path(__file__).parents[2] / "library/cicd/fixtures"
    (tmp_path / "fixtures").symlink_to(library)
    (tmp_path / "guarded.yaml").write_text(WORKFLOW)
    lines = "\n".join(f"        - {line}" for line in assertions)
    (tmp_path / "guarded.test.yaml").write_text(TEST.format(approvals=approvals, assertions=lines))
    return aofctl("test", *more, cwd=tmp_path) if more else aofctl("test", cwd=tmp_path)


def test_an_approved_plan_is_applied_and_the_branch_is_taken(tmp_path: Path) -> None:
    ran = guarded(
        tmp_path,
        "{allow: approve}",
        [
            "steps: ['first-look: ran', 'allow: approved', 'settle: waited', 'second-look: ran']",
            "tool_called: {tool: argocd, operation: app_rollback, times: 1}",
            "call_order: [argocd.app_get, argocd.app_rollback]",
            "facts: {'\"second-look\".decision': PROCEED, route.chosen: ROLLBACK}",
        ],
    )
    assert ran.code == 0, ran.out


@pytest.mark.parametrize("approvals", ["{allow: reject}", "{}"])
def test_without_an_approval_nothing_is_applied(tmp_path: Path, approvals: str) -> None:
    ran = guarded(
        tmp_path,
        approvals,
        [
            "steps: ['first-look: ran', 'allow: rejected']",
            "tool_not_called: argocd.app_rollback",
            "verdict: fail",
        ],
    )
    assert ran.code == 0, ran.out


def test_a_workflow_is_tested_by_name(tmp_path: Path) -> None:
    by_name = ("workflow", "guarded", "--scenario", "guarded.test.yaml")
    ran = guarded(tmp_path, "{allow: reject}", ["verdict: fail"], *by_name)
    assert (ran.code, "1 passed" in ran.out) == (0, True), ran.out + ran.err


def test_a_step_of_two_kinds_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "w.yaml").write_text(
        WORKFLOW.replace("wait: 10m", "wait: 10m\n      parallel: []\n      agent: {ref: x}")
    )
    ran = aofctl("validate", "w.yaml", cwd=tmp_path)
    assert (ran.code, "w.yaml:13" in ran.err) == (2, True), ran.err
