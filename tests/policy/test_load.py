"""Where policies come from, and the tables they carry."""

from pathlib import Path

import pytest

from aof.errors import ManifestError
from aof.policy.load import load_policies, read_policies, shipped_policy
from aof.policy.tables import run_tables

TEXT = """
apiVersion: aof.dev/v1alpha1
kind: Policy
metadata: {{name: {name}}}
spec:
  rules: [{{name: all, decision: {decision}}}]
  teams: {{"@ops": [ana]}}
  tests: [{{name: row, given: {{tool: t, operation: o}}, expect: deny}}]
"""


def write(path: Path, name: str, decision: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(TEXT.format(name=name, decision=decision))
    return path


def names(folder: Path, **environment: str) -> list[str]:
    found = load_policies(folder, environment)
    return [policy.metadata.name for policy in found.documents]


def test_without_any_policy_the_shipped_one_holds(tmp_path: Path) -> None:
    assert names(tmp_path) == ["shipped-default"]


def test_policies_of_the_folder_and_the_environment_both_hold(tmp_path: Path) -> None:
    write(tmp_path / ".aof" / "policies" / "a.yaml", "mine", "allow")
    central = write(tmp_path / "central.yaml", "central", "deny")
    assert names(tmp_path, AOF_POLICY=str(central)) == ["central", "mine"]


@pytest.mark.parametrize("content", ["kind: Policy", "", "rules: [", "kind: Agent"])
def test_a_policy_that_cannot_be_read_stops_everything(tmp_path: Path, content: str) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(content)
    with pytest.raises(ManifestError):
        load_policies(tmp_path, {"AOF_POLICY": str(path)})


def test_a_missing_policy_file_stops_everything(tmp_path: Path) -> None:
    with pytest.raises(ManifestError):
        load_policies(tmp_path, {"AOF_POLICY": str(tmp_path / "gone.yaml")})


def test_the_shipped_policy_passes_its_own_table() -> None:
    rows = list(run_tables(read_policies(shipped_policy())))
    assert len(rows) >= 6
    assert [row.test.name for row in rows if not row.ok] == []


def test_a_row_that_expects_something_else_fails(tmp_path: Path) -> None:
    path = write(tmp_path / "p.yaml", "lax", "allow")
    assert [row.ok for row in run_tables(read_policies(path))] == [False]


def test_the_policy_of_the_manual_loads_and_holds_its_table(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "safety.md").read_text()
    block = page[page.index("    apiVersion: aof.dev/v1alpha1\n    kind: Policy") :]
    lines = [line[4:] for line in block[: block.index("\n\n- ")].splitlines()]
    (tmp_path / "p.yaml").write_text("\n".join(lines))
    rows = list(run_tables(read_policies(tmp_path / "p.yaml")))
    assert [row.ok for row in rows] == [True]
