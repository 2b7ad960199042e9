"""Who is here: the person at this terminal, and who a CI system says asked for the run."""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping


def local_identity() -> str:
    """`local:NAME` from the operating system, not from the environment."""
    uid = os.getuid()
    try:
        return f"local:{pwd.getpwuid(uid).pw_name}"
    except KeyError:
        return f"local:uid-{uid}"


def in_ci(environment: Mapping[str, str]) -> bool:
    """Whether this is a CI job; nobody sits at a terminal there."""
    marks = ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "JENKINS_URL", "TF_BUILD")
    return any(environment.get(mark, "") not in {"", "false", "0"} for mark in marks)


def requester(environment: Mapping[str, str]) -> str:
    """Identity of who asked for this run."""
    if environment.get("GITHUB_ACTIONS") and environment.get("GITHUB_ACTOR"):
        return f"github:{environment['GITHUB_ACTOR']}"
    if environment.get("GITLAB_CI") and environment.get("GITLAB_USER_LOGIN"):
        return f"gitlab:{environment['GITLAB_USER_LOGIN']}"
    return local_identity()


def forge_run(environment: Mapping[str, str]) -> str:
    """The CI run this is: `github:org/repo/123`, `gitlab:42/777`, or empty."""
    get = environment.get
    if get("GITHUB_ACTIONS") and get("GITHUB_REPOSITORY") and get("GITHUB_RUN_ID"):
        return f"github:{get('GITHUB_REPOSITORY')}/{get('GITHUB_RUN_ID')}"
    if get("GITLAB_CI") and get("CI_PROJECT_ID") and get("CI_PIPELINE_ID"):
        return f"gitlab:{get('CI_PROJECT_ID')}/{get('CI_PIPELINE_ID')}"
    return ""
