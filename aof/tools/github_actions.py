"""The tool `github_actions`: workflow runs, pull requests and releases on GitHub."""

from __future__ import annotations

from aof.tools.github.discussion import Discussion
from aof.tools.github.pulls import PullRequests
from aof.tools.github.releases import Releases
from aof.tools.github.run_changes import RunChanges
from aof.tools.github.runs import RunReads


class GithubActions(Releases, PullRequests, Discussion, RunChanges, RunReads):
    """GitHub and GitHub Enterprise Server, through the REST API."""

    name = "github_actions"
    about = "Workflow runs, jobs, logs, test reports, pull requests and releases on GitHub."

    def probe(self) -> str:
        """Ask how many requests are left; needs no repository."""
        with self.reading("probe/probe") as api:
            core = api.read("/rate_limit")["resources"]["core"]
        return f"GitHub, {core['remaining']} of {core['limit']} requests left"
