"""The tool `gitlab_ci`: pipelines, merge requests and releases on GitLab."""

from __future__ import annotations

from aof.tools.gitlab.merge_requests import MergeRequests
from aof.tools.gitlab.pipeline_changes import PipelineChanges
from aof.tools.gitlab.pipelines import PipelineReads
from aof.tools.gitlab.releases import Releases


class GitlabCi(Releases, MergeRequests, PipelineChanges, PipelineReads):
    """GitLab.com and self-managed GitLab, through the REST API."""

    name = "gitlab_ci"
    about = "Pipelines, jobs, logs, test reports, merge requests and releases on GitLab."

    def probe(self) -> str:
        """Ask for the server's version; needs no project."""
        with self.reading("probe") as api:
            return f"GitLab {api.read('/version').get('version', '')}".strip()
