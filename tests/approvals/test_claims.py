"""A plan is claimed once, whoever holds a copy of it."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from aof.approvals.claims import Claims, FolderClaims, GitRefClaims, claims_for
from aof.errors import PlanRefused, UsageFault


def git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], check=True, timeout=30, capture_output=True)


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    git("init", "-q", "--bare", str(tmp_path / "remote.git"))
    for name in ("one", "two"):
        git("clone", "-q", str(tmp_path / "remote.git"), str(tmp_path / name))
    return tmp_path


def places(remote: Path) -> list[tuple[Claims, Claims]]:
    return [
        (FolderClaims(remote / "claims"), FolderClaims(remote / "claims")),
        (GitRefClaims(remote / "one"), GitRefClaims(remote / "two")),
    ]


@pytest.mark.parametrize("place", [0, 1])
def test_a_second_holder_is_refused_and_the_first_may_go_on(remote: Path, place: int) -> None:
    one, two = places(remote)[place]
    one.take("plan-1", "holder-a")
    one.take("plan-1", "holder-a")
    with pytest.raises(PlanRefused, match="has been used"):
        two.take("plan-1", "holder-b")
    two.take("plan-2", "holder-b")


@pytest.mark.parametrize("place", [0, 1])
def test_of_many_at_once_one_wins(remote: Path, place: int) -> None:
    both = places(remote)[place]

    def attempt(number: int) -> bool:
        try:
            both[number % 2].take("plan-1", f"holder-{number}")
        except PlanRefused:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(attempt, range(6))) == 1


def test_in_ci_a_shared_place_is_needed(remote: Path, tmp_path: Path) -> None:
    assert isinstance(claims_for(remote / "one", {}, shared=True), GitRefClaims)
    with pytest.raises(UsageFault, match="no place to claim"):
        claims_for(tmp_path, {}, shared=True)
    chosen = claims_for(tmp_path, {"AOF_CLAIMS": "folder:/mnt/shared"}, shared=True)
    assert chosen == FolderClaims(Path("/mnt/shared"))
    assert isinstance(claims_for(tmp_path, {}, shared=False), FolderClaims)
