"""What follows a run that made a plan: apply it where policy allows, ask, or say how."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from aof.cli.output import notice, write_step_summary
from aof.errors import AofError, ExitCode

if TYPE_CHECKING:
    from aof.assembly import Assembled
    from aof.clock import Clock
    from aof.engine.planning import Governance
    from aof.engine.result import RunResult
    from aof.plans import Plan
    from aof.playbooks.base import Request


def rules_for(assembled: Assembled, request: Request, clock: Clock) -> Governance:
    """The policies that rule this run."""
    from pathlib import Path

    from aof.governance import governance_here

    return governance_here(
        Path.cwd(),
        dict(os.environ),
        clock,
        settings=request.settings,
        labels=assembled.loaded.manifest.metadata.labels,
    )


def carry_on(result: RunResult, fail_on: str, *, may_ask: bool) -> ExitCode:
    """Deal with the plan of a finished run; returns the exit code of the whole command.

    Args:
        result: The run's.
        fail_on: See `RunResult.exit_code`.
        may_ask: The result was printed for a person, not for a program.
    """
    code = result.exit_code(fail_on)
    for name, why in result.refused.items():
        notice(f"{name} is not planned: {why}")
    plan = result.plan
    if plan is None or result.dry_run:
        return code
    alone = result.exit_code_without_plan(fail_on)
    try:
        if not plan.needs_approval:
            return ExitCode.strongest(alone, _apply(plan))
        if may_ask and _somebody_is_here():
            return ExitCode.strongest(alone, _ask(plan))
    except AofError as error:
        notice(f"error: {error}")
        return ExitCode.strongest(alone, error.exit_code)
    _say_how(plan)
    return code


def _somebody_is_here() -> bool:
    from aof.approvals.identity import in_ci

    return sys.stdin.isatty() and sys.stderr.isatty() and not in_ci(os.environ)


def _ask(plan: Plan) -> ExitCode:
    from aof.cli.approvals import office

    here = office()
    standing, statuses = here.standing(plan), here.statuses(plan)
    _show(plan, statuses, list(standing.missing))
    if not click.confirm(f"Carry out {plan.id}?", default=False, err=True):
        notice(f"nothing was done; later: aofctl approve {plan.id}, aofctl apply {plan.id}")
        return ExitCode.PENDING
    here.decide(plan, approve=True, reason="confirmed at the terminal")
    return _apply(plan)


def _apply(plan: Plan) -> ExitCode:
    from aof.cli.approvals import office
    from aof.cli.plan_views import stopped_lines
    from aof.cli.progress import progress

    outcome = office().apply(plan, progress())
    for one in plan.actions:
        notice(f"{outcome.statuses[one.id].value:9} {one.id}  {one.command}")
    for warning in outcome.warnings:
        notice(f"warning: {warning}")
    if not outcome.stopped:
        return ExitCode.OK
    for line in stopped_lines(plan, outcome):
        notice(line)
    return outcome.code


def _show(plan: Plan, statuses: Mapping[str, object], missing: list[str]) -> None:
    from aof.cli.plan_views import plan_markdown

    notice(plan_markdown(plan, statuses, missing))


def _say_how(plan: Plan) -> None:
    from aof.cli.approvals import office
    from aof.cli.plan_views import plan_markdown

    here = office()
    missing = list(here.standing(plan).missing)
    write_step_summary(plan_markdown(plan, here.statuses(plan), missing))
    notice(f"plan {plan.id} waits for approval until {plan.expires_at:%Y-%m-%d %H:%M} UTC")
    for item in missing:
        notice(f"  needed: {item}")
    notice(f"  show it:      aofctl approvals show {plan.id}")
    notice(f"  approve it:   aofctl approve {plan.id}")
    notice(f"  carry it out: aofctl apply {plan.id}")
