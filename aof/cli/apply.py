"""`aofctl apply`: carry an approved plan out."""

from __future__ import annotations

from typing import Any

import click

from aof.cli.output import emit, emit_json, notice


@click.command(
    epilog="Exit codes: 0 everything is applied, 1 an action failed, 4 not approved, expired, "
    "stale or used, 5 unreachable, 6 denied."
)
@click.argument("identifier", metavar="ID")
@click.option(
    "--from-forge", is_flag=True, help="Count the reviewers of this GitHub or GitLab job."
)
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text")
def apply(identifier: str, *, from_forge: bool, output: str) -> None:
    """Carry out the plan ID (or the plan of the run ID), if the world still is as it was.

    Safe to repeat: what was applied is not applied again, and what was begun when a machine
    stopped is read back first.

    \b
    Examples:
      aofctl apply plan-1a2b3c4d
      aofctl apply plan-1a2b3c4d --from-forge
    """
    from aof.cli.approvals import office
    from aof.cli.plan_views import stopped_lines
    from aof.cli.progress import progress

    here = office()
    plan = here.store.plan(identifier)
    outcome = here.apply(plan, progress(), from_forge=from_forge)
    document: dict[str, Any] = {
        "plan_id": plan.id,
        "run_id": plan.run_id,
        "actions": [
            {"id": one.id, "command": one.command, "status": outcome.statuses[one.id].value}
            for one in plan.actions
        ],
        "stopped": outcome.stopped,
        "undo": list(outcome.undo),
        "warnings": list(outcome.warnings),
        "nothing_to_do": outcome.nothing_to_do,
    }
    if output == "json":
        emit_json(document)
    else:
        for one in plan.actions:
            emit(f"{outcome.statuses[one.id].value:9} {one.id}  {one.command}")
    for warning in outcome.warnings:
        notice(f"warning: {warning}")
    if outcome.nothing_to_do:
        notice("everything had been applied before; nothing was done")
    if outcome.stopped:
        for line in stopped_lines(plan, outcome):
            notice(line)
        raise click.exceptions.Exit(int(outcome.code))
