"""`aofctl run fleet`: several agents, one request, the strictest verdict."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aof.cli.carry_on import carry_on, rules_for
from aof.cli.options import parse_settings, refuse_unknown, run_options
from aof.cli.output import emit_as, notice, write_output_file, write_step_summary
from aof.errors import ExitCode

if TYPE_CHECKING:
    from aof.assembly import Assembled
    from aof.engine.run import Run
    from aof.fleets import FleetResult
    from aof.playbooks.base import Request


@click.command("fleet")
@click.argument("ref")
@click.argument("request", default="")
@run_options
def run_fleet(ref: str, request: str, **options: Any) -> None:
    """Run the fleet REF on REQUEST (`-` reads it from standard input).

    \b
    Example:
      aofctl run fleet fleets/after-deploy "Canary deployment: checkout v2"
    """
    from aof import fleets
    from aof.clock import SystemClock
    from aof.manifests.fleet import Fleet
    from aof.playbooks.base import Request
    from aof.validation import load_checked

    clock, environment = SystemClock(), dict(os.environ)
    loaded = load_checked(ref, "Fleet", environment)
    assert isinstance(loaded.manifest, Fleet)
    agents = [
        _member(agent.ref, loaded.path.parent, environment, options)
        for agent in loaded.manifest.spec.agents
    ]
    settings = parse_settings(options["settings"])
    refuse_unknown(settings, [one.runnable.playbook for one in agents])
    asked = Request(
        text=sys.stdin.read() if request == "-" else request,
        now=clock.now(),
        settings=settings,
        environment=environment,
        require_measured=options["require_measured"],
    )
    makers = [(one.runnable.name, _maker(one, options)) for one in agents]
    result = fleets.run_fleet(loaded.name, makers, asked, mode=loaded.manifest.spec.mode)
    document, output = result.as_dict(), options["output"]
    for one in agents:
        document = one.redactor.value(document)
    emit_as(document, output, markdown=document["report"])
    if options["output_file"] is not None:
        write_output_file(options["output_file"], document, output, document["report"])
    write_step_summary(document["report"])
    raise click.exceptions.Exit(int(_carried_on(result, options)))


def _carried_on(result: FleetResult, options: dict[str, Any]) -> ExitCode:
    """The plan of one member after the other, as after the run of a single agent."""
    fail_on, may_ask = options["fail_on"] or "", options["output"] in {"text", "markdown"}
    failed = [member.error.exit_code for member in result.members if member.error is not None]
    ended = [
        carry_on(member.result, fail_on, may_ask=may_ask)
        for member in result.members
        if member.result is not None
    ]
    return ExitCode.strongest(*failed, *ended)


def _member(
    ref: str, base: Path, environment: dict[str, str], options: dict[str, Any]
) -> Assembled:
    from aof.assembly import assemble_agent
    from aof.clock import SystemClock

    assembled = assemble_agent(
        ref,
        environment=environment,
        folder=Path.cwd(),
        clock=SystemClock(),
        llm=options["llm"],
        model=options["model"],
        base=base,
    )
    if assembled.notice:
        notice(f"{assembled.runnable.name} without the model: {assembled.notice}")
    return assembled


def _maker(assembled: Assembled, options: dict[str, Any]) -> Callable[[Request], Run]:
    """What makes the member's run once it is known what it is asked."""
    from aof.cli.recorded_run import recorded_run
    from aof.clock import SystemClock
    from aof.engine.run import RunOptions

    clock = SystemClock()
    chosen = RunOptions(
        wait_s=options["wait"],
        dry_run=options["dry_run"],
        require_model=options["llm"] == "require",
        strict_evidence=options["strict_evidence"],
        most_tokens=options["max_total_tokens"],
        most_cost_usd=options["max_cost"],
    )
    return lambda request: recorded_run(
        assembled,
        request,
        chosen,
        clock=clock,
        governance=rules_for(assembled, request, clock),
    )
