"""A release by the command line: a clone, its remote, and a forge that may kill its client."""

from __future__ import annotations

import copy
import os
import signal
import threading
from pathlib import Path
from typing import Any

import yaml

from tests.cli.aofctl import Ran
from tests.cli.forked import forked
from tests.git_sandbox import GitSandbox
from tests.playbooks.release_bench import RemoteTags
from tests.servers import github, gitlab
from tests.servers.github import GithubServer
from tests.servers.github_changes import REPO, WRITE_TOKEN
from tests.servers.gitlab import GitlabServer
from tests.servers.loopback import Asked, Reply

IDENTITY = {"GIT_COMMITTER_NAME": "Rel", "GIT_COMMITTER_EMAIL": "rel@example.org"}
ASSETS = {"app.zip": bytes(range(256)) * 32 * 1024, "sums.txt": b"1 app.zip"}
"""The first is larger than all buffers between two processes."""


class World:
    """A clone with a release to make, its remote, and a forge that may kill its client."""

    def __init__(self, folder: Path, forge: str) -> None:
        self.folder, self.forge = folder, forge
        self.remote = GitSandbox(folder / "remote.git", bare=True)
        self.repo = GitSandbox(folder / "repo")
        self.repo.git("remote", "add", "origin", str(self.remote.directory))
        self.repo.write("version.txt", "1.0.0\n")
        self.repo.write(".gitignore", ".aof/\ndist/\nagent.yaml\n")
        self.repo.commit("feat: first")
        self.repo.tag("v1.0.0")
        self.repo.commit("feat: second", "second")
        self.repo.git("push", "-q", "--follow-tags", "origin", "main")
        self.server: Any = GithubServer() if forge == "github" else GitlabServer()
        self.server.changes.tags = RemoteTags(self.remote)
        self.client = 0
        self._add_files()

    def beside(self, folder: Path) -> World:
        """Another clone of the same remote, with the same forge."""
        made = copy.copy(self)
        made.folder, made.repo = folder, self.remote.clone(folder)
        made._add_files()
        return made

    def _add_files(self) -> None:
        (self.repo.directory / "dist").mkdir()
        for name, content in ASSETS.items():
            (self.repo.directory / "dist" / name).write_bytes(content)
        tool = "github_actions" if self.forge == "github" else "gitlab_ci"
        assets = [f"dist/{name}" for name in ASSETS]
        write_agent(self.repo.directory / "agent.yaml", ["git", tool], assets=assets)

    def run(self, *arguments: str, path: str = "") -> Ran:
        """`aofctl ARGUMENTS`, as a process that can be killed."""
        environment = {**self.environment(), **({"PATH": path} if path else {})}
        return forked(*arguments, cwd=self.repo.directory, begun=self._begun, **environment)

    def environment(self) -> dict[str, str]:
        """Of the command."""
        settings = {
            "GITHUB_TOKEN": github.READ_TOKEN,
            "GITHUB_TOKEN_WRITE": WRITE_TOKEN,
            "GITHUB_API_URL": self.server.url,
            "GITHUB_REPOSITORY": REPO,
        }
        if self.forge == "gitlab":
            settings = {
                "GITLAB_TOKEN": gitlab.READ_TOKEN,
                "GITLAB_TOKEN_WRITE": gitlab.WRITE_TOKEN,
                "GITLAB_URL": self.server.url,
                "GITLAB_PROJECT": gitlab.PROJECT,
            }
        return {**IDENTITY, **settings}

    def _begun(self, client: int) -> None:
        self.client = client

    def plan(self) -> str | None:
        """What the agent wants to do next; None when there is nothing left."""
        document = self.run("run", "agent", "agent.yaml", "Create release", "-o", "json").json()
        plan: str | None = document["plan_id"]
        assert (plan is None) == (document["decision"] == "NO-RELEASE"), document
        return plan

    def apply(self, plan: str, path: str = "") -> Ran:
        assert self.run("approve", plan).code == 0
        return self.run("apply", plan, path=path)

    def deadly(self, step: str) -> None:
        """Kill the client once: in the middle of a request, or when it is carried out."""
        half = step.startswith("half of ")
        method, _, place = step.removeprefix("half of ").partition(" ")
        answer, killed = self.server.answer, threading.Event()

        def kill(asked: Asked) -> bool:
            whole = f"{asked.path}?{asked.query.get('name', '')}"
            if killed.is_set() or asked.method != method or place not in whole:
                return False
            killed.set()
            os.kill(self.client, signal.SIGKILL)
            return True

        def receiving(asked: Asked, received: int, length: int) -> None:
            if half and received * 2 > length:
                kill(asked)

        def answered(asked: Asked) -> Reply:
            reply: Reply = answer(asked)
            return Reply(drop=True) if not half and kill(asked) else reply

        self.server.receiving, self.server.answer = receiving, answered

    def state(self) -> tuple[str, str, str, Any]:
        """What is left in the world."""
        files = self.remote.git("ls-tree", "-r", "main")
        tags = self.remote.git(
            "for-each-ref", "--format=%(refname:strip=2) %(contents)", "refs/tags"
        )
        assert self.remote.git("rev-parse", "main") == self.remote.git("rev-parse", "v1.1.0^{}")
        assert self.repo.git("status", "--porcelain") == ""
        return files, tags, self.repo.git("log", "--format=%s"), self._published()

    def _published(self) -> Any:
        changes = self.server.changes
        words = [
            (
                one["tag_name"],
                one["name"],
                one.get("body"),
                one.get("description"),
                one.get("draft"),
            )
            for one in changes.releases
        ]
        if self.forge == "github":
            files = [one for release in changes.releases for one in release["assets"]]
            return words, [(one["name"], one["state"], one["digest"]) for one in files]
        links = [link["name"] for one in changes.releases for link in one["assets"]["links"]]
        return words, links, [(one["file_name"], one["file_sha256"]) for one in changes.files]


def write_agent(path: Path, tools: list[str], **options: Any) -> None:
    spec = {"tools": tools, "playbook": {"name": "release", "with": options}}
    head = {"apiVersion": "aof.dev/v1alpha1", "kind": "Agent", "metadata": {"name": "shop"}}
    path.write_text(yaml.safe_dump({**head, "spec": spec}))
