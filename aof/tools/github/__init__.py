"""The parts of the tool `github_actions`: requests, runs, pull requests, releases."""
