"""A release on a bench: a clone, its remote, a GitHub and an Argo CD that keep state.

`apply` carries a plan's actions out as written, resolves references to earlier results, and
can be killed before or after any of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from aof.approvals.claims import FolderClaims
from aof.approvals.record import Approval, record
from aof.approvals.standing import Court
from aof.clock import FrozenClock
from aof.engine.apply import Apply, Outcome
from aof.engine.calls import BoundTool, RecordedCalls
from aof.engine.planning import Governance, make_plan
from aof.engine.progress import Silent
from aof.errors import AofError
from aof.plans import Action
from aof.playbooks.base import Request
from aof.playbooks.release import Release
from aof.playbooks.release_options import ReleaseOptions
from aof.policy.people import Directory
from aof.redaction import Redactor
from aof.runlog import RunLog
from aof.runs.locks import target_locks
from aof.tools.argocd import Argocd
from aof.tools.base import Tool
from aof.tools.git import Git
from aof.tools.github_actions import GithubActions
from aof.tools.gitlab_ci import GitlabCi
from aof.verdict import Assessment
from tests.git_sandbox import GitSandbox
from tests.servers import gitlab
from tests.servers.argocd import READ, WRITE, ArgocdServer, application
from tests.servers.github import READ_TOKEN, GithubServer
from tests.servers.github_changes import REPO, WRITE_TOKEN
from tests.servers.gitlab import GitlabServer

NOW = datetime(2026, 11, 20, 11, 10, tzinfo=UTC)
"""Ten minutes after the server's deployments."""


class Killed(Exception):
    """The process is gone; nothing that it knew is left."""


class MortalApply(Apply):
    """Dies around an action."""

    def killed(self, before: str, after: str) -> Self:
        """To die before or after the action of that id."""
        self.before, self.after = before, after
        return self

    def _act(self, action: Action) -> str:
        if action.id == self.before:
            raise Killed
        failure = Apply._act(self, action)
        if action.id == self.after:
            raise Killed
        return failure


class RemoteTags(dict[str, str]):
    """GitHub's view of tags: what the bare repository has."""

    def __init__(self, remote: GitSandbox) -> None:
        super().__init__()
        self.remote = remote

    def _listed(self) -> dict[str, str]:
        form = "--format=%(refname:strip=2) %(*objectname)%(objectname)"
        if not self.remote.directory.exists():
            return {}
        lines = self.remote.git("for-each-ref", form, "refs/tags").splitlines()
        return {line.split()[0]: line.split()[1][:40] for line in lines}

    def __contains__(self, name: object) -> bool:
        return name in self._listed()

    def __getitem__(self, name: str) -> str:
        return self._listed()[name]

    def get(self, name: str, default: Any = None) -> Any:
        return self._listed().get(name, default)

    def setdefault(self, name: str, default: str = "") -> str:
        return self._listed().get(name, default)


class PinnedArgocd(ArgocdServer):
    """Compares with the commit an application targets, as Argo CD does."""

    def _sync(self, found: dict[str, Any], body: dict[str, Any]) -> Any:
        self._aim(found)
        return super()._sync(found, body)

    def reconcile(self, name: str, *, phase: str = "Succeeded", health: str = "") -> None:
        self._aim(self.applications[name])
        super().reconcile(name, phase=phase, health=health)

    def _aim(self, found: dict[str, Any]) -> None:
        target = found["spec"]["source"]["targetRevision"]
        if re.fullmatch(r"[0-9a-f]{40}", target):
            self.head = target


class ReleaseBench:
    """Everything a release touches."""

    def __init__(self, folder: Path, github: GithubServer | None, argocd: PinnedArgocd) -> None:
        self.folder = folder
        self.github, self.argocd = github, argocd
        self.remote = GitSandbox(folder / "remote.git", bare=True)
        self.repo = GitSandbox(folder / "repo")
        self.repo.git("remote", "add", "origin", str(self.remote.directory))
        self.now = NOW
        self.settings: dict[str, str] = {}
        self.event = False
        self.previous: dict[str, Any] = {}
        self.more_tools: dict[str, BoundTool] = {}
        if github is not None:
            github.changes.tags = RemoteTags(self.remote)
        self.gitlab: GitlabServer | None = None
        self._runs = 0

    def use_gitlab(self, server: GitlabServer) -> None:
        """Publish there from now on."""
        self.gitlab = server
        server.changes.tags = RemoteTags(self.remote)

    def push(self) -> None:
        self.repo.git("push", "-q", "--follow-tags", "origin", "HEAD:main")

    def tools(self) -> dict[str, BoundTool]:
        git = Git.bind(
            {
                "GIT_CLONE": str(self.repo.directory),
                "GIT_COMMITTER_NAME": "Rel",
                "GIT_COMMITTER_EMAIL": "rel@example.org",
            }
        )
        bound = {"git": BoundTool("git", Git, git)}
        reason = "not configured"
        if self.github is None:
            bound["github_actions"] = BoundTool("github_actions", GithubActions, None, reason)
        else:
            bound["github_actions"] = bound_tool(
                GithubActions,
                GITHUB_TOKEN=READ_TOKEN,
                GITHUB_TOKEN_WRITE=WRITE_TOKEN,
                GITHUB_API_URL=self.github.url,
                GITHUB_REPOSITORY=REPO,
            )
        if self.gitlab is not None:
            bound["gitlab_ci"] = bound_tool(
                GitlabCi,
                GITLAB_TOKEN=gitlab.READ_TOKEN,
                GITLAB_TOKEN_WRITE=gitlab.WRITE_TOKEN,
                GITLAB_URL=self.gitlab.url,
                GITLAB_PROJECT=gitlab.PROJECT,
            )
        bound["argocd"] = bound_tool(
            Argocd,
            ARGOCD_SERVER=self.argocd.url,
            ARGOCD_TOKEN=READ,
            ARGOCD_TOKEN_WRITE=WRITE,
        )
        return {**bound, **self.more_tools}

    def assess(self, text: str = "Create release", **options: Any) -> Assessment:
        self._runs += 1
        clock = FrozenClock(self.now)
        log = RunLog(self.folder / f"run{self._runs}", clock=clock, redactor=Redactor())
        request = Request(
            text=text,
            now=self.now,
            settings=self.settings,
            folder=self.folder,
            text_is_event=self.event,
            previous=self.previous,
        )
        with closing(log):
            calls = RecordedCalls(self.tools(), log, clock, Silent())
            return Release().assess(request, calls, ReleaseOptions.model_validate(options), ())

    def apply(
        self, actions: Sequence[Action], *, die_before: int = -1, die_after: int = -1
    ) -> list[Any]:
        """Carry actions out; `die_*` is the index of the action around which to be killed."""
        results: dict[str, Any] = {}
        tools = self.tools()
        for index, action in enumerate(actions):
            if not action.executable:
                continue
            if index == die_before:
                raise Killed
            tool = tools[action.tool].tool
            assert tool is not None
            arguments = _resolved(action.arguments, results)
            results[action.id] = tool.invoke(action.operation, arguments).data
            if index == die_after:
                raise Killed
        return list(results.values())

    def apply_plan(
        self, found: Assessment, *, die_before: str = "", die_after: str = ""
    ) -> Outcome:
        """Carry the plan out as the engine does: approved, observed, verified, recorded."""
        clock = FrozenClock(self.now)
        plan = make_plan(
            found.actions,
            agent="release-manager",
            run_id=f"run{self._runs}",
            now=self.now,
            verdict=str(found.verdict),
            decision=found.decision,
            governance=Governance(),
        ).plan
        assert plan is not None
        with RunLog(self.folder / plan.run_id, clock=clock, redactor=Redactor()) as log:
            log.append("plan.created", plan=plan.id, digest=plan.digest)
            approval = Approval(
                plan=plan.id, digest=plan.digest, decision="approve", approver="ssh:bo",
                source="ssh", at=self.now, expires_at=plan.expires_at,
            )  # fmt: skip
            record(log, approval)
            return MortalApply(
                plan, log, self.tools(), Governance(),
                court=Court(Directory(), {"ssh": lambda _: ""}, False, clock.now()),
                claims=FolderClaims(self.folder / "claims"),
                lock=target_locks(self.folder / "locks"),
                clock=clock,
                progress=Silent(),
            ).killed(die_before, die_after).execute()  # fmt: skip

    def run(self, text: str = "Create release", **options: Any) -> Assessment:
        """Assess, and carry out what is proposed."""
        found = self.assess(text, **options)
        self.apply(found.actions)
        return found

    def until_released(self, text: str = "Create release", tries: int = 4) -> list[str]:
        """Run again and again as a person would; returns what each run said or failed with."""
        told: list[str] = []
        for _ in range(tries):
            try:
                found = self.run(text)
            except AofError as error:
                told.append(f"refused: {error.what}")
                continue
            told.append(f"{found.decision}: {found.summary}")
            if found.decision == "NO-RELEASE":
                break
        return told

    def state(self) -> dict[str, Any]:
        """All that is left in the world after a release, object names included."""
        releases = self.github.changes.releases if self.github else []
        return {
            "remote": self.remote.git("for-each-ref", "--format=%(refname) %(*tree)%(tree)"),
            "main": self.remote.git("log", "--format=%T %s", "main"),
            "tags": self.remote.git("for-each-ref", "--format=%(refname) %(subject)", "refs/tags"),
            "local": self.repo.git("status", "--porcelain"),
            "releases": [
                (one["tag_name"], one["name"], one["draft"], sorted(_assets(one)))
                for one in releases
            ],
        }

    def later(self, **time: float) -> None:
        self.now += timedelta(**time)


@contextmanager
def release_bench(folder: Path, *, github: bool = True) -> Iterator[ReleaseBench]:
    """A bench with a first release, v1.0.0, and a feature after it."""
    argocd = PinnedArgocd(*(application(f"shop-{name}") for name in ("dev", "staging", "prod")))
    server = GithubServer() if github else None
    with ExitStack() as stack:
        stack.enter_context(argocd.running())
        if server is not None:
            stack.enter_context(server.running())
        bench = ReleaseBench(folder, server, argocd)
        bench.repo.write("package.json", '{\n  "name": "shop",\n  "version": "1.0.0"\n}\n')
        bench.repo.write("CHANGELOG.md", "# Changelog\n\n## [Unreleased]\n\n- by hand\n")
        bench.repo.commit("feat: first")
        bench.repo.tag("v1.0.0")
        bench.repo.commit("feat(api): add basket (#7)", "src/basket")
        bench.repo.commit("fix: round prices", "src/prices")
        bench.push()
        yield bench


def bound_tool(kind: type[Tool], **settings: str) -> BoundTool:
    return BoundTool(kind.name, kind, kind.bind(settings, clock=FrozenClock(NOW)))


def _resolved(value: Any, results: Mapping[str, Any]) -> Any:
    if isinstance(value, Mapping):
        if set(value) == {"$result"}:
            name, _, key = value["$result"].partition(".")
            return results[name][key]
        return {key: _resolved(one, results) for key, one in value.items()}
    if isinstance(value, list):
        return [_resolved(one, results) for one in value]
    return value


def _assets(release: Mapping[str, Any]) -> list[str]:
    return [one["name"] for one in release["assets"]]
