"""`aofctl policy`: which policies hold here, and whether they say what their authors mean."""

from __future__ import annotations

import os
from pathlib import Path

import click

from aof.cli.output import emit, emit_table, notice
from aof.errors import ExitCode, UsageFault


@click.group()
def policy() -> None:
    """Test policies, or show which hold here."""


@policy.command("test")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, exists=True))
def test(paths: tuple[Path, ...]) -> None:
    """Run the `tests` of the policies in PATHS, or of those that hold here.

    \b
    Examples:
      aofctl policy test
      aofctl policy test policies/production.yaml
    """
    from aof.policy.load import load_policies, read_policies
    from aof.policy.tables import run_tables

    if paths:
        documents = [found for path in paths for found in read_policies(path)]
    else:
        documents = list(load_policies(Path.cwd(), os.environ).documents)
    rows = list(run_tables(documents))
    if not rows:
        raise UsageFault("the policies have no tests", fix="add rows under spec.tests")
    for row in rows:
        got = f"{row.answer.decision.value} by {row.answer.rule}"
        emit(f"{'ok  ' if row.ok else 'FAIL'}  {row.policy}: {row.test.name}: {got}")
        if not row.ok:
            emit(f"      expected {row.test.expect.value} {row.test.rule}".rstrip())
    failed = sum(not row.ok for row in rows)
    notice(f"{len(rows) - failed} of {len(rows)} rows hold")
    if failed:
        raise click.exceptions.Exit(int(ExitCode.STOP))


@policy.command("show")
def show() -> None:
    """List the rules that hold here, in order."""
    from aof.policy.load import load_policies

    rows = [["POLICY", "RULE", "DECISION", "REASON"]]
    for document in load_policies(Path.cwd(), os.environ).documents:
        rows += [
            [document.metadata.name, rule.name, rule.decision.value, rule.reason]
            for rule in document.spec.rules
        ]
    emit_table(rows)
