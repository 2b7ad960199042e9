"""The tool `github_actions`: workflow runs, pull requests and releases on GitHub."""

from __future__ import annotations

from aof.tools.github.runs import RunReads


class GithubActions(RunReads):
    """GitHub and GitHub Enterprise Server, through the REST API."""

    name = "github_actions"
    about = "Workflow runs, jobs, logs, test reports, pull requests and releases on GitHub."
