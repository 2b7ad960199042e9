"""The walk-through of the manual, run: every command, and every line it shows of an answer."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.aofctl import Ran, aofctl
from tests.playbooks.release_bench import ReleaseBench, release_bench
from tests.servers.argocd import READ, WRITE
from tests.servers.github import READ_TOKEN
from tests.servers.github_changes import REPO, WRITE_TOKEN

MANUAL = Path(__file__).parents[2] / "docs" / "release-manager.md"
CANARY = Path(__file__).parents[2] / "examples" / "requests" / "healthy-canary.txt"
CHANGING = (
    (re.compile(r"plan-[0-9a-f]{8}"), "plan-*"),
    (re.compile(r"\b[0-9a-f]{12}\b|\b[0-9a-f]{8}\b"), "*"),
    (re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?( UTC|Z|\+00:00)?)?"), "*"),
    (re.compile(r"https?://[^/\s>]+"), "https://*"),
    (re.compile(r"\be\d+\b"), "e*"),
    (re.compile(r"\b[0-9a-f]{40}\b"), "*"),
    (re.compile(r"local:\w+"), "local:*"),
)


def steady(text: str) -> str:
    """`text` without what is another each time."""
    for pattern, instead in CHANGING:
        text = pattern.sub(instead, text)
    return text


class WalkThrough:
    """Runs the commands of the manual in a clone, with servers that keep state."""

    def __init__(self, bench: ReleaseBench) -> None:
        self.bench, self.plan, self.code = bench, "", 0
        self.clock = ClockOfArgocd(bench)
        assert bench.github is not None
        self.environment = {
            "GITHUB_TOKEN": READ_TOKEN,
            "GITHUB_TOKEN_WRITE": WRITE_TOKEN,
            "GITHUB_API_URL": bench.github.url,
            "GITHUB_REPOSITORY": REPO,
            "ARGOCD_SERVER": bench.argocd.url,
            "ARGOCD_TOKEN": READ,
            "ARGOCD_TOKEN_WRITE": WRITE,
            "GIT_COMMITTER_NAME": "Ada",
            "GIT_COMMITTER_EMAIL": "ada@example.org",
            "GIT_CONFIG_GLOBAL": "/dev/null",
        }

    def run(self, command: str) -> Ran:
        """A line of the manual; its plan stands for the last one that was proposed."""
        command, _, into = re.sub(r"plan-[0-9a-f]{8}", self.plan, command).partition(" > ")
        words = [CANARY.read_text() if "$(cat" in one else one for one in shlex.split(command)]
        if words == ["echo", "$?"]:
            return Ran(0, f"{self.code}\n", "")
        if words[0] == "sleep":
            self.clock.passed += timedelta(minutes=int(words[1].removesuffix("m")))
            return Ran(0, "", "")
        self.clock.look_at_git()
        ran = aofctl(*words[1:], cwd=self.bench.repo.directory, **self.environment)
        found = re.search(r"plan-[0-9a-f]{8}", ran.out + ran.err)
        self.plan = found[0] if found else self.plan
        self.code = ran.code
        if into:
            self.bench.repo.write(into, ran.out)
        return ran


class ClockOfArgocd:
    """Gives what the server deploys the time of day, less what the manual slept since."""

    def __init__(self, bench: ReleaseBench) -> None:
        self.bench, self.passed = bench, timedelta()
        self._deployed: dict[tuple[str, int], datetime] = {}
        self._applications = bench.argocd.applications
        self._reconcile = bench.argocd.reconcile
        bench.argocd.reconcile = self.reconcile  # type: ignore[method-assign]

    def look_at_git(self) -> None:
        """Every application is compared with the branch it follows, as Argo CD does by itself."""
        for name in self._applications:
            self.bench.argocd.head = self.bench.remote.git("rev-parse", "main")
            self.reconcile(name)

    def reconcile(self, name: str, **how: str) -> None:
        """As the server does, with times of its own."""
        self._reconcile(name, **how)
        status = self._applications[name]["status"]
        status["reconciledAt"] = _written(datetime.now(UTC))
        newest = status["history"][-1]
        if newest["id"] < 2:  # there before the walk
            return
        began = datetime.now(UTC) + self.passed
        at = self._deployed.setdefault((name, newest["id"]), began) - self.passed
        newest["deployedAt"] = status["operationState"]["finishedAt"] = _written(at)


def _written(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def section() -> str:
    text = MANUAL.read_text(encoding="utf-8")
    return text.partition("## From commit to production")[2].partition("\n## The agent")[0]


def steps() -> Iterator[tuple[str, list[str]]]:
    """Each command of the section, and the lines of its answer that are shown."""
    blocks = re.findall(r"```console\n(.*?)```", section(), re.DOTALL)
    for part in "".join(blocks).split("$ ")[1:]:
        command, *shown = part.splitlines()
        yield command, [line for line in shown if line not in {"", "..."}]


@pytest.fixture
def walk(tmp_path: Path) -> Iterator[WalkThrough]:
    with release_bench(tmp_path) as bench:
        (settings,) = re.findall(r"```yaml\n(.*?)```", section(), re.DOTALL)
        bench.repo.write(".aof/release.yaml", settings)
        bench.repo.write(
            ".gitignore", ".aof/*\n!.aof/release.yaml\n*-memory.json*\nguardian.json\n"
        )
        bench.repo.commit("ci: say how shop is released")
        bench.push()
        yield WalkThrough(bench)


def test_the_manual_shows_what_happens(walk: WalkThrough) -> None:
    seen = 0
    for command, shown in steps():
        ran = walk.run(command)
        lines = iter(steady(ran.out + ran.err).splitlines())
        for line in shown:
            assert steady(line) in lines, f"$ {command}\n{line}\n\n{ran.out}{ran.err}"
            seen += 1
    assert seen > 40
