"""The parts of the tool `gitlab_ci`: requests, pipelines, merge requests, releases."""
