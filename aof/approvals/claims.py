"""That an approved plan is applied once, also when several runners hold a copy of it.

A claim is taken before the first change and never given back. Where it is kept decides who
is kept out: a folder (this machine), a Git ref (everybody who pushes to the remote), a
Kubernetes Lease (everybody who uses the cluster). The holder's token lets the same run folder
go on after a crash, and nobody else.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from aof.errors import PlanRefused, UsageFault
from aof.transport.process import run

_REF = "refs/aof/claims/"


class Claims(Protocol):
    """Where claims are kept."""

    def take(self, plan: str, holder: str) -> None:
        """Claim `plan` for `holder`; taking one's own claim again changes nothing.

        Raises:
            PlanRefused: Somebody else has it.
        """


@dataclass(frozen=True, slots=True)
class FolderClaims:
    """Claims as files, created once: enough where one machine holds the plans."""

    folder: Path

    def take(self, plan: str, holder: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{plan}.json"
        # Written aside and linked: the claim appears whole or not at all, and only once.
        aside = self.folder / f".{plan}.{holder}"
        with aside.open("w", encoding="utf-8") as file:
            json.dump({"plan": plan, "holder": holder}, file)
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(aside)
        except FileExistsError:
            try:
                taken_by = json.loads(path.read_text(encoding="utf-8")).get("holder")
            except (OSError, ValueError, AttributeError):
                taken_by = None
            if taken_by != holder:
                raise _taken(plan, str(self.folder)) from None
        finally:
            aside.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class GitRefClaims:
    """Claims as refs of a remote, which a push creates only where there is none."""

    repository: Path
    remote: str = "origin"

    def take(self, plan: str, holder: str) -> None:
        commit = self._commit(f"claim of {plan} by {holder}")
        ref = _REF + plan
        pushed = self._git("push", "--porcelain", f"--force-with-lease={ref}:", self.remote,
                           f"{commit}:{ref}")  # fmt: skip
        if pushed[0] == 0:
            return
        code, listed = self._git("ls-remote", self.remote, ref)
        if code != 0 or not listed.strip():
            raise PlanRefused(
                f"{plan} could not be claimed at {self.remote}",
                why=pushed[1].strip()[-500:] or "the push was refused",
                fix="give this job the right to push, or choose another place with AOF_CLAIMS",
            )
        if listed.split()[0] != commit:
            raise _taken(plan, f"{self.remote} {ref}")

    def _commit(self, message: str) -> str:
        """A commit without files whose hash depends on the message alone."""
        tree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
        identity = {
            f"GIT_{role}_{field}": value
            for role in ("AUTHOR", "COMMITTER")
            for field, value in (
                ("NAME", "aofctl"),
                ("EMAIL", "aofctl@localhost"),
                ("DATE", "2026-01-01T00:00:00Z"),
            )
        }
        self._git("hash-object", "-t", "tree", "-w", "--stdin")
        done = run(
            ["git", "-C", str(self.repository), "commit-tree", tree, "-m", message], env=identity
        )
        return done.require().decode().strip()

    def _git(self, *arguments: str) -> tuple[int, str]:
        done = run(
            ["git", "-C", str(self.repository), *arguments],
            env={"GIT_TERMINAL_PROMPT": "0"},
            timeout_s=60,
        )
        return done.returncode, done.text() + done.stderr.decode("utf-8", "replace")


def claims_for(folder: Path, environment: Mapping[str, str], *, shared: bool) -> Claims:
    """Where claims are kept here: `AOF_CLAIMS=folder[:PATH] | git[:REMOTE]`.

    Args:
        folder: The working directory.
        environment: The process's variables.
        shared: In CI: a folder of the runner keeps nobody else out, so a shared place is
            needed unless `AOF_CLAIMS` says otherwise.

    Raises:
        UsageFault: `AOF_CLAIMS` cannot be used, or nothing shared is at hand.
    """
    kind, _, where = environment.get("AOF_CLAIMS", "").partition(":")
    if kind == "folder" or (not kind and not shared):
        return FolderClaims(Path(where) if where else folder / ".aof" / "claims")
    if kind in {"git", ""}:
        remote = where or "origin"
        done = run(["git", "-C", str(folder), "remote", "get-url", remote])
        if done.returncode == 0:
            return GitRefClaims(folder, remote)
        raise UsageFault(
            f"no place to claim the plan: there is no Git remote '{remote}'",
            why="in CI another runner may hold the same plan",
            fix="check the repository out, or set AOF_CLAIMS=folder:PATH to a shared folder",
        )
    raise UsageFault(f"AOF_CLAIMS={kind} is not known", fix="use folder, folder:PATH or git:REMOTE")


def _taken(plan: str, where: str) -> PlanRefused:
    return PlanRefused(
        f"{plan} has been used",
        why=f"it was claimed before (see {where}); an approval counts once",
        fix="run the agent again for a new plan",
    )
