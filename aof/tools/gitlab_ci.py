"""The tool `gitlab_ci`: pipelines, merge requests and releases on GitLab."""

from __future__ import annotations

from aof.tools.gitlab.pipelines import PipelineReads


class GitlabCi(PipelineReads):
    """GitLab.com and self-managed GitLab, through the REST API."""

    name = "gitlab_ci"
    about = "Pipelines, jobs, logs, test reports, merge requests and releases on GitLab."
