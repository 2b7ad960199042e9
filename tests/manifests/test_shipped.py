"""Every manifest we ship loads."""

from pathlib import Path

import pytest

from aof.validation import validate_paths

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("folder", ["library", "examples"])
def test_shipped_manifests_are_valid(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    _, problems = validate_paths([ROOT / folder], {})
    assert not problems, "\n".join(map(str, problems))
