from pathlib import Path

import pytest

from aof.errors import UsageFault
from aof.manifests.references import packaged_library, resolve_reference

REF = "library/cicd/deployment-guardian"


@pytest.mark.parametrize("ref", [REF, REF + ".yaml"])
def test_the_packaged_library_is_found_from_anywhere(
    ref: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert resolve_reference(ref) == packaged_library() / "cicd/deployment-guardian.yaml"


def test_the_working_directory_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = tmp_path / f"{REF}.yaml"
    mine.parent.mkdir(parents=True)
    mine.touch()
    monkeypatch.chdir(tmp_path)
    assert resolve_reference(REF) == mine


def test_the_library_path_comes_before_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "team/cicd").mkdir(parents=True)
    mine = tmp_path / "team/cicd/deployment-guardian.yaml"
    mine.touch()
    monkeypatch.chdir(tmp_path)
    found = resolve_reference(REF, environment={"AOF_LIBRARY_PATH": str(tmp_path / "team")})
    assert found == mine


def test_a_missing_reference_suggests_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UsageFault) as caught:
        resolve_reference("library/cicd/deployment-gardian")
    assert REF in caught.value.fix
