"""Kills apply and starts it again, and compares what the world saw with what the log says."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from aof.engine.action_states import applied
from aof.plans import Plan
from aof.runlog import read_events
from aof.runs.audit import verify_run
from tests.kill.applier import ACTIONS


@dataclass
class Trials:
    """Figures over many kills. `wrong` holds every trial that did not end as it must."""

    root: Path
    killed: int = 0
    killed_twice: int = 0
    ended_before: int = 0
    wrong: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._world = _start("tests.kill.world")
        assert self._world.stdout is not None
        self.url = self._world.stdout.readline().strip()
        self._applier = _start("tests.kill.applier", self.url)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        for process in (self._applier, self._world):
            process.kill()
            process.wait(10)
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()

    def at_point(self, point: int) -> bool:
        """Die at a counted place; False when apply ended before it came there."""
        root = self._root(f"p{point}")
        died = self._run(root, point=point) == -signal.SIGKILL
        self._count(died)
        self._finish(root, f"point {point}")
        return died

    def at_random(self, number: int, rng: random.Random) -> None:
        """Be killed after a random time, sometimes again while recovering."""
        root = self._root(f"r{number}")
        died = self._run(root, after_s=rng.uniform(0.0, 0.25)) == -signal.SIGKILL
        self._count(died)
        if died and rng.random() < 0.5:
            again = self._run(root, after_s=rng.uniform(0.0, 0.4)) == -signal.SIGKILL
            self.killed_twice += again
        self._finish(root, f"random {number}")

    def _count(self, died: bool) -> None:
        self.killed += died
        self.ended_before += not died

    def _root(self, name: str) -> Path:
        root = self.root / name
        root.mkdir()
        return root

    def _run(self, root: Path, *, point: int = 0, after_s: float = 0.0) -> int:
        assert self._applier.stdin is not None
        assert self._applier.stdout is not None
        self._applier.stdin.write(f"{root} {point} {after_s}\n")
        self._applier.stdin.flush()
        return int(self._applier.stdout.readline())

    def _finish(self, root: Path, name: str) -> None:
        """Apply once more, then everything must be there exactly once, and the log whole."""
        code = self._run(root)
        with urllib.request.urlopen(f"{self.url}/effects", timeout=10) as answer:
            effects = [one for one in json.load(answer) if one.startswith(f"{root.name}-")]
        wanted = [f"{root.name}-{number}" for number in range(1, ACTIONS + 1)]
        folder = root / "runs" / "r1"
        plan = Plan.model_validate_json((root / "plan.json").read_text())
        said = applied(plan, read_events(folder / "events.jsonl")) is not None
        problems = verify_run(folder).problems
        if code != 0 or effects != wanted or not said or problems:
            why = (root / "error.txt").read_text() if (root / "error.txt").exists() else ""
            self.wrong.append(f"{name}: exit {code}, effects {effects}, {problems} {why}")


def _start(module: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
