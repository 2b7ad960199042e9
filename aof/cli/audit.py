"""`aofctl audit`: what runs did, and whether the record of it is whole."""

from __future__ import annotations

import json
from pathlib import Path

import click

from aof.cli.output import emit, emit_json, emit_table, notice
from aof.errors import ExitCode, UsageFault
from aof.runlog import EVENTS_FILE, Event, read_events
from aof.transport.files import write_atomically

_signers = click.option(
    "--signers", type=click.Path(path_type=Path, exists=True), help="An allowed_signers file."
)


@click.group()
def audit() -> None:
    """What runs did, and whether the record of it is whole.

    \b
    Examples:
      aofctl audit verify
      aofctl audit show 20261120-134500-9f31c2
      aofctl audit export 20261120-134500-9f31c2 > audit.jsonl
    """


@audit.command()
@click.argument("runs", nargs=-1, metavar="[RUN]...")
@_signers
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text")
def verify(runs: tuple[str, ...], *, signers: Path | None, output: str) -> None:
    """Verify RUNs, or all: exits 1 when a record was edited, cut or removed."""
    from aof.runs.audit import verify_run, verify_store

    root = _root()
    if runs:
        found = [verify_run(_folder(run), signers=signers) for run in runs]
    else:
        found = list(verify_store(root, signers=signers))
    if output == "json":
        emit_json(
            [
                {"run": one.run, "ok": one.ok, "events": one.events,
                 "problems": list(one.problems), "notes": list(one.notes),
                 "signed_by": one.signed_by}
                for one in found
            ]
        )  # fmt: skip
    else:
        for one in found:
            signed = f", signed by {one.signed_by}" if one.signed_by else ""
            emit(f"{'ok ' if one.ok else 'BAD'}  {one.run}  {one.events} events{signed}")
            for line in (*one.problems, *one.notes):
                emit(f"     {line}")
    if any(not one.ok for one in found):
        raise click.exceptions.Exit(int(ExitCode.STOP))


@audit.command()
@click.argument("run")
def show(run: str) -> None:
    """Show a run's timeline."""
    from aof.runs.audit_views import timeline

    emit_table([["TIME", "EVENT", "WHAT"], *timeline(_events(run))])


@audit.command()
@click.argument("run")
def export(run: str) -> None:
    """Print a run as audit events, one JSON document per line."""
    from aof.runs.audit_views import audit_trail

    for event in audit_trail(run, _events(run)):
        emit(json.dumps(event, ensure_ascii=False, sort_keys=True))


@audit.command()
@click.argument("one")
@click.argument("other")
def diff(one: str, other: str) -> None:
    """Show what two runs did differently; exits 1 when they did."""
    from aof.runs.audit_views import differences

    lines = differences(_events(one), _events(other))
    for line in lines:
        emit(line)
    if lines:
        raise click.exceptions.Exit(int(ExitCode.STOP))


@audit.command()
@click.argument("run")
@click.option("--key", required=True, type=click.Path(path_type=Path, exists=True))
def sign(run: str, *, key: Path) -> None:
    """Sign a run's record with an SSH key (Ed25519)."""
    from aof.runs.audit import NAMESPACE, SIGNATURE_FILE, signed_statement
    from aof.transport.ssh_signatures import sign as ssh_sign

    folder, events = _folder(run), _events(run)
    signature = ssh_sign(signed_statement(folder, events), key=key, namespace=NAMESPACE)
    content = json.dumps({"count": len(events), "signature": signature}).encode()
    write_atomically(folder / SIGNATURE_FILE, content)
    notice(f"signed {len(events)} events of {run}")


def _root() -> Path:
    return Path.cwd() / ".aof" / "runs"


def _folder(run: str) -> Path:
    from aof.runs.store import RunStore

    folder = RunStore(_root()).folder(run)
    if not (folder / EVENTS_FILE).is_file():
        raise UsageFault(f"there is no run '{run}'", fix="see: aofctl get runs")
    return folder


def _events(run: str) -> list[Event]:
    try:
        return list(read_events(_folder(run) / EVENTS_FILE))
    except ValueError as error:
        raise UsageFault(str(error), fix=f"aofctl audit verify {run}") from None
