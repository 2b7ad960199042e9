"""Which commits are taken for the beginning of a release."""

import pytest

from aof.analysis.release.progress import made_for


@pytest.mark.parametrize("tag", ["v1.2.3", "ui-v1.0.0-rc.1", "@acme/ui@2.0.0", "2026.11.0", "v1.2"])
def test_a_bump_commit_names_its_tags(tag: str) -> None:
    message = f"chore(release): it\n\nRelease-Tag: {tag}\nRelease-Tag: v0.1.0\n"
    assert made_for(message) == (tag, "v0.1.0")


@pytest.mark.parametrize(
    "tag", ["a b 1.0", "--upload-pack=1.0", "../../1.0.0", "$(id)", "v1.0.lock", "1.0\x1b[31m", "x"]
)
def test_a_footer_that_names_no_possible_tag_begins_no_release(tag: str) -> None:
    assert made_for(f"feat: y\n\nRelease-Tag: {tag}\n") == ()
