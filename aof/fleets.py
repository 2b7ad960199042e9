"""Fleets: several agents answer one request; the strictest verdict is the fleet's.

In sequence, each agent sees the facts of those before it. A member that fails does not keep
the others from answering.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Literal

from aof.engine.result import RunResult
from aof.engine.run import Run
from aof.errors import AofError, ExitCode, Interrupted
from aof.playbooks.base import Request
from aof.verdict import Verdict, strictest

_MOST_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Member:
    """One agent's end: a result, or the error it failed with."""

    agent: str
    result: RunResult | None
    error: AofError | None = None


@dataclass(frozen=True, slots=True)
class FleetResult:
    """What all members came to."""

    fleet: str
    members: Sequence[Member]

    @property
    def verdict(self) -> Verdict:
        """The strictest verdict; a member without one counts as inconclusive."""
        return strictest(
            *(m.result.verdict if m.result else Verdict.INCONCLUSIVE for m in self.members)
        )

    @property
    def decision(self) -> str:
        """The decision of the strictest member, the first of equals."""
        decided = [member.result for member in self.members if member.result]
        worst = max(decided, key=lambda result: result.verdict.severity, default=None)
        return worst.assessment.decision if worst else "UNKNOWN"

    @property
    def report(self) -> str:
        """Every member's report under one heading."""
        parts = [f"# {self.fleet}: {self.verdict.value}\n"]
        for member in self.members:
            text = member.result.report if member.result else f"Failed: {member.error}\n"
            parts.append(f"# {member.agent}\n\n{text}")
        return "\n".join(parts)

    def exit_code(self, fail_on: str = "") -> ExitCode:
        """The strongest code of the members."""
        codes = [
            member.result.exit_code(fail_on) if member.result else _code(member.error)
            for member in self.members
        ]
        return ExitCode.strongest(*codes)

    def as_dict(self) -> dict[str, Any]:
        """`{fleet, verdict, decision, members: [run documents or errors], report}`."""
        return {
            "fleet": self.fleet,
            "verdict": self.verdict.value,
            "decision": self.decision,
            "members": [_member(member) for member in self.members],
            "report": self.report,
        }


def run_fleet(
    fleet: str,
    agents: Sequence[tuple[str, Callable[[Request], Run]]],
    request: Request,
    *,
    mode: Literal["sequential", "parallel"],
) -> FleetResult:
    """Run the agents.

    Args:
        fleet: The fleet's name.
        agents: Names, each with what makes its run from a request.
        request: What everybody is asked.
        mode: One after the other, each with the facts of those before; or all at once.
    """
    if mode == "parallel":
        with ThreadPoolExecutor(_MOST_AT_ONCE) as pool:
            started = [pool.submit(_run, name, make, request) for name, make in agents]
            return FleetResult(fleet, [one.result() for one in started])
    members: list[Member] = []
    previous: dict[str, Mapping[str, Any]] = dict(request.previous)
    for name, make in agents:
        member = _run(name, make, replace(request, previous=dict(previous)))
        members.append(member)
        if member.result is not None:
            previous[name] = member.result.assessment.facts
    return FleetResult(fleet, members)


def _run(name: str, make: Callable[[Request], Run], request: Request) -> Member:
    try:
        run = make(request)
        with run.log:
            return Member(name, run.execute())
    except Interrupted:
        raise
    except AofError as error:
        return Member(name, None, error)


def _member(member: Member) -> dict[str, Any]:
    if member.result is not None:
        return member.result.as_dict()
    assert member.error is not None
    return {"agent": member.agent, "error": member.error.as_dict()}


def _code(error: AofError | None) -> ExitCode:
    return error.exit_code if error is not None else ExitCode.INTERNAL
