"""`aofctl run fleet`: several agents, one request, the strictest verdict."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from aof.cli.carry_on import rules_for
from aof.cli.options import parse_settings, run_options
from aof.cli.output import emit_as, notice, write_output_file, write_step_summary


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
    asked = Request(
        text=sys.stdin.read() if request == "-" else request,
        now=clock.now(),
        settings=parse_settings(options["settings"]),
        environment=environment,
        require_measured=options["require_measured"],
    )
    agents = [
        _member(agent.ref, loaded.path.parent, environment, options)
        for agent in loaded.manifest.spec.agents
    ]
    result = fleets.run_fleet(loaded.name, agents, asked, mode=loaded.manifest.spec.mode)
    document, output = result.as_dict(), options["output"]
    emit_as(document, output, markdown=result.report)
    if options["output_file"] is not None:
        write_output_file(options["output_file"], document, output, result.report)
    write_step_summary(result.report)
    raise click.exceptions.Exit(int(result.exit_code(options["fail_on"] or "")))


def _member(ref: str, base: Path, environment: dict[str, str], options: dict[str, Any]) -> Any:
    """An agent's name, and what makes its run."""
    from aof.assembly import assemble_agent
    from aof.cli.progress import progress
    from aof.clock import SystemClock
    from aof.engine.run import Run, RunOptions
    from aof.playbooks.base import Request
    from aof.runlog import RunLog
    from aof.runs.store import RunStore, new_run_id

    clock, here = SystemClock(), Path.cwd()
    assembled = assemble_agent(
        ref,
        environment=environment,
        folder=here,
        clock=clock,
        llm=options["llm"],
        model=options["model"],
        base=base,
    )
    if assembled.notice:
        notice(f"{assembled.runnable.name} without the model: {assembled.notice}")
    store = RunStore(here / ".aof" / "runs")

    def make(request: Request) -> Run:
        run_id = new_run_id(clock.now())
        return Run(
            runnable=assembled.runnable,
            request=request,
            run_id=run_id,
            log=RunLog(store.folder(run_id), redactor=assembled.redactor, clock=clock),
            store=store,
            clock=clock,
            progress=progress(),
            governance=rules_for(assembled, request, clock),
            options=RunOptions(
                wait_s=options["wait"],
                dry_run=options["dry_run"],
                require_model=options["llm"] == "require",
                strict_evidence=options["strict_evidence"],
                most_tokens=options["max_total_tokens"],
                most_cost_usd=options["max_cost"],
            ),
        )

    return assembled.runnable.name, make
