"""The fields we keep are fields GitHub has: PyGithub's classes list them independently."""

import importlib

import pytest

from aof.tools.github import shapes


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (shapes._RUN, "WorkflowRun"),
        (shapes._JOB, "WorkflowJob"),
        (shapes._STEP, "WorkflowStep"),
        (shapes._ANNOTATION, "CheckRunAnnotation"),
        (shapes._ARTIFACT, "Artifact"),
        (shapes._PULL, "PullRequest"),
        (shapes._RELEASE, "GitRelease"),
        (shapes._ASSET, "GitReleaseAsset"),
    ],
)
def test_every_field_is_known_to_pygithub(names: tuple[str, ...], kind: str) -> None:
    described = getattr(importlib.import_module(f"github.{kind}"), kind)
    unknown = [name for name in names if not hasattr(described, name)]
    assert unknown == []
