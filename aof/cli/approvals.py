"""`aofctl approvals`, `approve`, `reject`: plans that wait for a person."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aof.cli.options import OUTPUT_FILE
from aof.cli.output import emit, emit_as, emit_json, emit_table, notice
from aof.errors import UsageFault
from aof.transport.files import write_atomically

if TYPE_CHECKING:
    from aof.governance import Office
    from aof.plans import Plan


@click.group()
def approvals() -> None:
    """Plans that wait for a person.

    \b
    Examples:
      aofctl approvals list
      aofctl approvals show plan-1a2b3c4d
    """


@approvals.command("list")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text")
@click.option("--all", "everything", is_flag=True, help="Also applied, refused, stale and expired.")
def list_(output: str, *, everything: bool) -> None:
    """List plans with their status."""
    rows = plan_rows(everything=everything)
    if output == "json":
        emit_json(rows)
        return
    if not rows:
        notice("no plan waits")
        return
    emit_table([[name.upper() for name in rows[0]], *map(plan_cells, rows)])


@approvals.command("show")
@click.argument("identifier", metavar="ID")
@click.option(
    "-o",
    "--output",
    type=click.Choice(["text", "markdown", "json", "yaml", "html"]),
    default="text",
)
def show(identifier: str, output: str) -> None:
    """Show a plan: what would be done, why, and what is still needed."""
    from aof.cli.plan_views import plan_html, plan_markdown

    here = office()
    plan = here.store.plan(identifier)
    standing, statuses = here.standing(plan), here.statuses(plan)
    if output == "html":
        emit(plan_html(plan, statuses, list(standing.missing)))
        return
    document: dict[str, Any] = {
        **plan.model_dump(mode="json"),
        "statuses": {name: status.value for name, status in statuses.items()},
        "missing": list(standing.missing),
        "refused_approvals": [list(item) for item in standing.refused],
        "approvals": [one.model_dump(mode="json") for one in here.approvals(plan)],
    }
    emit_as(document, output, markdown=plan_markdown(plan, statuses, list(standing.missing)))


@click.command()
@click.argument("identifier", metavar="ID")
@click.option("--reason", default="", help="Why; stands in the audit trail.")
@click.option(
    "--sign-with", "key", type=click.Path(path_type=Path, exists=True), help="Your SSH key."
)
@click.option("--as", "principal", default="", help="Your name in allowed_signers.")
@click.option(
    "--file", "file", type=click.Path(path_type=Path, exists=True), help="A signed approval."
)
@click.option("--output-file", type=OUTPUT_FILE, help="Write the approval here as well.")
def approve(
    identifier: str,
    *,
    reason: str,
    key: Path | None,
    principal: str,
    file: Path | None,
    output_file: Path | None,
) -> None:
    """Approve the plan ID (or the plan of the run ID).

    Without a key you are the unverified person at this terminal, which counts outside CI
    and where no policy says otherwise.

    \b
    Examples:
      aofctl approve plan-1a2b3c4d
      aofctl approve plan-1a2b3c4d --sign-with ~/.ssh/id_ed25519 --as ana@example.org
    """
    _decide(identifier, True, reason=reason, key=key, principal=principal, file=file,
            output_file=output_file)  # fmt: skip


@click.command()
@click.argument("identifier", metavar="ID")
@click.option("--reason", default="", help="Why; stands in the audit trail.")
@click.option("--sign-with", "key", type=click.Path(path_type=Path, exists=True))
@click.option("--as", "principal", default="", help="Your name in allowed_signers.")
def reject(identifier: str, *, reason: str, key: Path | None, principal: str) -> None:
    """Reject the plan ID; it can no longer be applied."""
    _decide(identifier, False, reason=reason, key=key, principal=principal)


def _decide(
    identifier: str,
    approve: bool,
    *,
    reason: str,
    key: Path | None,
    principal: str,
    file: Path | None = None,
    output_file: Path | None = None,
) -> None:
    from aof.approvals.signed import read_approval_file

    if key is not None and not principal:
        raise UsageFault("--sign-with needs --as", fix="give your name in allowed_signers")
    here = office()
    plan = here.store.plan(identifier)
    if file is not None:
        given = read_approval_file(file)
        here.accept(plan, given)
    else:
        given = here.decide(plan, approve=approve, reason=reason, key=key, principal=principal)
    if output_file is not None:
        write_atomically(output_file, given.model_dump_json(indent=1).encode() + b"\n")
    notice(
        f"{given.approver} {'approved' if given.decision == 'approve' else 'rejected'} {plan.id}"
    )
    if given.decision == "reject":
        notice("it can no longer be applied")
        return
    standing = here.standing(plan)
    for item in standing.missing:
        notice(f"still needed: {item}")
    if standing.approved:
        notice(f"to carry it out: aofctl apply {plan.id}")


def office() -> Office:
    """Approvals of the working directory."""
    from aof.clock import SystemClock
    from aof.governance import Office

    return Office(Path.cwd(), dict(os.environ), SystemClock())


def plan_rows(*, everything: bool = False) -> list[dict[str, Any]]:
    """Plans that wait or are approved, newest first; or every plan."""
    here = office()
    rows = [_row(here, plan) for plan in here.store.plans()]
    return [row for row in rows if everything or row["status"] in {"pending", "approved"}]


def plan_cells(row: dict[str, Any]) -> list[str]:
    """A row of `plan_rows` for a table."""
    expires = f"{datetime.fromisoformat(row['expires']):%Y-%m-%d %H:%M}"
    short = {**row, "actions": len(row["actions"]), "expires": expires}
    return [str(cell) for cell in short.values()]


def _row(here: Office, plan: Plan) -> dict[str, Any]:
    statuses = here.statuses(plan)
    words = [status.value for status in statuses.values()]
    order = ("failed", "refused", "stale", "expired", "pending", "approved", "applied")
    return {
        "plan": plan.id,
        "run": plan.run_id,
        "agent": plan.agent,
        "decision": plan.decision,
        "actions": [
            {
                "id": action.id,
                "command": action.command,
                "effect": action.effect.value,
                "status": statuses[action.id].value,
            }
            for action in plan.actions
        ],
        "status": next((word for word in order if word in words), "pending"),
        "expires": plan.expires_at.isoformat(),
    }
