"""What a repository names is read from the repository, and from nowhere else."""

import os
from pathlib import Path

import pytest

from aof.errors import UsageFault
from aof.transport.files import read_bounded, read_inside


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "repo"
    (root / ".git").mkdir(parents=True)
    (root / ".git/config").write_text("AUTHORIZATION: basic c2VjcmV0\n")
    (root / "docs").mkdir()
    (root / "docs/page.md").write_text("page\n")
    (tmp_path / "outside").write_text("outside\n")
    return root


def test_files_of_the_repository_are_read_also_through_links(root: Path) -> None:
    (root / "link").symlink_to("docs/page.md")
    assert read_inside(root, "docs/page.md") == b"page\n"
    assert read_inside(root, "link") == b"page\n"
    assert read_inside(root, "docs/none.md") is None


def test_nothing_else_of_the_machine_is_read(root: Path) -> None:
    links = {"out": "../outside", "zero": "/dev/zero", "git": ".git/config", "loop": "loop"}
    for name, target in links.items():
        (root / name).symlink_to(target)
    os.mkfifo(root / "pipe")
    named = (
        "../outside",
        "/proc/self/environ",
        ".git/config",
        "docs/../.git/config",
        "docs",
        "a\0b",
    )
    for path in (*links, "pipe", *named):
        with pytest.raises(UsageFault):
            read_inside(root, path)


def test_a_file_without_end_is_given_up(root: Path) -> None:
    with pytest.raises(UsageFault, match="larger than 1 MiB"):
        read_bounded(Path("/dev/zero"), most=1 << 20)
    (root / "large").write_bytes(bytes(1025))
    with pytest.raises(UsageFault, match="larger than"):
        read_inside(root, "large", most=1024)
