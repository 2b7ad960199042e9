"""Every kind of bad manifest, through the command line: file, line, what, fix, exit 2."""

from __future__ import annotations

from pathlib import Path

import pytest

from aof.manifests.loader import manifest_files, read_contents
from aof.manifests.yaml_documents import parse_documents
from tests.cli.aofctl import aofctl

AGENT = """\
apiVersion: aof.dev/v1alpha1
kind: Agent
metadata:
  name: a
spec:
  model: embedded
"""
TRIGGER = """\
apiVersion: aof.dev/v1alpha1
kind: Trigger
metadata:
  name: t
spec:
  schedule: "*/15 * * * *"
  agent:
    ref: library/cicd/deployment-guardian
"""

BAD = {
    "unknown field": (AGENT + "  temprature: 1\n", 7, "temprature", "temperature"),
    "unknown field in a list": (
        AGENT + "  tools:\n    - name: git\n      requird: true\n",
        9,
        "requird",
        "required",
    ),
    "unknown tool": (AGENT + "  tools:\n    - argo\n", 8, "unknown tool 'argo'", "argocd"),
    "unknown operation": (
        AGENT + "  tools:\n    - name: prometheus_query\n      operations: [fly]\n",
        9,
        "fly",
        "query_range",
    ),
    "unknown kind": (AGENT.replace("Agent", "Agnet"), 2, "unknown kind 'Agnet'", "Agent"),
    "unknown apiVersion": (AGENT.replace("v1alpha1", "v9"), 1, "v9", "aof.dev/v1alpha1"),
    "no kind": (AGENT.replace("kind: Agent\n", ""), 1, "`kind` is missing", "Agent"),
    "syntax error": (AGENT + '  description: "open\n', 8, "not valid YAML", ""),
    "duplicate key": (AGENT + "  model: other\n", 7, "duplicate key 'model'", "keep one"),
    "missing field": (AGENT.replace("  name: a\n", "  labels: {}\n"), 3, "name", "add it"),
    "wrong type": (AGENT + "  max_tokens: many\n", 7, "max_tokens", ""),
    "bad memory": (AGENT + "  memory: Redis:x\n", 7, "memory", "File:PATH:ENTRIES"),
    "unknown playbook": (AGENT + "  playbook:\n    name: canari\n", 8, "canari", "canary"),
    "bad playbook option": (
        AGENT + "  playbook:\n    name: canary\n    with:\n      windo: 1m\n",
        10,
        "windo",
        "",
    ),
    "missing template": (AGENT + "  report_template: no.j2\n", 7, "no.j2", ""),
    "missing reference": (TRIGGER.replace("guardian", "gardian"), 8, "gardian", "guardian"),
    "bad schedule": (TRIGGER.replace("*/15", "*/x"), 6, "cron", "five fields"),
    "two sources": (TRIGGER + "  platform: github\n", 5, "platform", ""),
    "a list": ("- a\n", 1, "a manifest is a mapping", ""),
    "nothing": ("# empty\n", None, "there is no manifest", ""),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_manifest_is_refused_with_file_line_and_advice(name: str, tmp_path: Path) -> None:
    text, line, what, advice = BAD[name]
    (tmp_path / "bad.yaml").write_text(text)
    ran = aofctl("validate", "bad.yaml", cwd=tmp_path)
    where = f"bad.yaml:{line}: " if line else "bad.yaml: "
    assert ran.code == 2
    assert where in ran.err
    assert what in ran.err
    assert advice in ran.err
    assert ran.out == ""


UNSET = {
    "in the model": (AGENT.replace("embedded", "${NO_SUCH}"), 6, ":-default"),
    "demanded": (AGENT + "  env:\n    TOKEN: ${NO_SUCH:?ask the platform team}\n", 8, "platform"),
}


@pytest.mark.parametrize("name", UNSET)
def test_a_variable_without_value_is_a_warning_that_stops_a_run(name: str, tmp_path: Path) -> None:
    text, line, advice = UNSET[name]
    (tmp_path / "a.yaml").write_text(text)
    said = f"a.yaml:{line}: ${{NO_SUCH}} has no value"
    ran = aofctl("validate", "a.yaml", cwd=tmp_path)
    assert (ran.code, f"warning: {said}" in ran.err) == (0, True)
    assert advice in ran.err
    document = aofctl("validate", "a.yaml", "-o", "json", cwd=tmp_path).json()
    assert document["problems"] == []
    assert document["warnings"][0]["line"] == line
    run = aofctl("run", "agent", "a", cwd=tmp_path)
    assert (run.code, said in run.err) == (2, True)


def test_an_agent_with_neither_playbook_nor_model_is_warned_of(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(AGENT)
    ran = aofctl("validate", "a.yaml", cwd=tmp_path)
    assert ran.code == 0
    assert "warning: a.yaml:5: agent a has no playbook and names no model" in ran.err


def test_every_problem_is_marked_as_an_error(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(AGENT + "  temprature: 1\n  tols: []\n")
    ran = aofctl("validate", "bad.yaml", cwd=tmp_path)
    assert ran.err.count("error: bad.yaml:") == 2


def test_every_problem_of_every_document_is_listed(tmp_path: Path) -> None:
    text = AGENT + "  temprature: 1\n  tols: []\n---\n" + AGENT.replace("Agent", "Agnet")
    (tmp_path / "bad.yaml").write_text(text)
    problems = aofctl("validate", "-o", "json", cwd=tmp_path).json()["problems"]
    assert [problem["line"] for problem in problems] == [7, 8, 11]


MANY = """\
apiVersion: aof.dev/v1alpha1
kind: Agent
metadata:
  name: Not A Name
spec:
  model: gogle:gemini-2.5-flash
  max_tokens: many
  tools:
    - gitt
    - name: git
      requird: true
    - nam: argocd
    - kubctl
  playbook:
    name: canary
    with:
      window: soon
      windo: 1m
      stages: {weight: 5}
      limits:
        latency_ratio: high
        min_requests: -1
"""


def test_shapes_names_and_options_are_told_at_once_in_the_order_of_lines(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(MANY)
    problems = aofctl("validate", "-o", "json", cwd=tmp_path).json()["problems"]
    assert [(one["line"], one["what"]) for one in problems] == [
        (4, "`metadata.name` cannot be used"),
        (6, "unknown model provider 'gogle'"),
        (7, "`spec.max_tokens` cannot be used"),
        (9, "unknown tool 'gitt'"),
        (11, "unknown field 'requird' in spec.tools.1"),
        (12, "`spec.tools.2.name` is missing"),
        (12, "unknown field 'nam' in spec.tools.2"),
        (13, "unknown tool 'kubctl'"),
        (17, "`playbook.with.window` cannot be used"),
        (18, "unknown field 'windo' in playbook.with"),
        (19, "`playbook.with.stages` cannot be used"),
        (21, "`playbook.with.limits.latency_ratio` cannot be used"),
        (22, "`playbook.with.limits.min_requests` cannot be used"),
    ]
    why = {one["line"]: one["why"] for one in problems}
    assert why[7] == "expected a whole number, got 'many'"
    assert why[17] == "'soon' is not a duration such as 30s, 10m or 1h30m"
    assert why[19] == "expected a list, got a mapping"
    assert why[21] == "expected a number, got 'high'"
    assert not any("Input should" in text for text in why.values())


TEST = """\
apiVersion: aof.dev/v1alpha1
kind: AgentTest
metadata: {name: t}
spec:
  agent: {ref: library/cicd/deployment-guardian}
  scenarios:
    - name: one
      set:
        evidense: x.json
      with:
        limits:
          latency_ratio: high
        windo: 1m
      assertions: [{verdict: pass}]
"""


def test_settings_and_options_of_scenarios_are_checked(tmp_path: Path) -> None:
    (tmp_path / "a.test.yaml").write_text(TEST)
    problems = aofctl("validate", "-o", "json", cwd=tmp_path).json()["problems"]
    assert [(one["line"], one["what"], one["fix"]) for one in problems] == [
        (9, "unknown setting 'evidense'", "did you mean 'evidence'?"),
        (
            12,
            "`scenarios.0.with.limits.latency_ratio` cannot be used",
            "see: aofctl describe playbook canary",
        ),
        (13, "unknown field 'windo' in scenarios.0.with", "did you mean 'window'?"),
    ]


WORKFLOW = """\
apiVersion: aof.dev/v1alpha1
kind: Workflow
metadata: {name: w}
spec:
  steps:
    - name: look
      agent: {ref: library/cicd/deployment-guardian}
      set: {evidense: x.json}
"""


def test_settings_of_workflow_steps_are_checked(tmp_path: Path) -> None:
    (tmp_path / "w.yaml").write_text(WORKFLOW)
    ran = aofctl("validate", cwd=tmp_path)
    assert (ran.code, "unknown setting 'evidense'" in ran.err) == (2, True)


def test_other_yaml_in_a_folder_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(AGENT)
    (tmp_path / "workflow.yaml").write_text("jobs: {}\n")
    assert aofctl("validate", ".", cwd=tmp_path).code == 0
    assert aofctl("validate", "workflow.yaml", cwd=tmp_path).code == 2


def test_a_good_manifest_passes(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(AGENT + "  playbook: {name: canary}\n---\n" + TRIGGER)
    ran = aofctl("validate", "good.yaml", cwd=tmp_path)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "ok  Agent a  (good.yaml)\nok  Trigger t  (good.yaml)\n"


def test_aliases_nested_in_aliases_are_refused(tmp_path: Path) -> None:
    layers = [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 9)]
    (tmp_path / "bomb.yaml").write_text("l0: &l0 [x]\n" + "\n".join(layers) + "\n")
    ran = aofctl("validate", "bomb.yaml", cwd=tmp_path)
    assert ran.code == 2
    assert "aliases nested in aliases" in ran.err


def test_what_overrides_a_merged_key_may_be_referred_to_twice(tmp_path: Path) -> None:
    settings = "  - &base {A: one, B: two}\n  - &more {<<: *base, A: three}\n  - *more\n"
    (document,), problems = parse_documents("list:\n" + settings, "merged.yaml")
    assert problems == []
    assert document.data["list"][1:] == [{"A": "three", "B": "two"}] * 2


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_bytes(b"\xff\xfe\x00kind")
    ran = aofctl("validate", "bad.yaml", cwd=tmp_path)
    assert (ran.code, "cannot be read" in ran.err) == (2, True)


def test_links_to_devices_below_a_folder_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "zero.yaml").symlink_to("/dev/zero")
    assert list(manifest_files([tmp_path])) == []
    assert [one.why for one in read_contents(tmp_path / "zero.yaml").problems] == [
        "larger than 8 MiB"
    ]
