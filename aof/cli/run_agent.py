"""`aofctl run agent`: one run, its report, its exit code."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Literal

import click

from aof.cli.carry_on import carry_on, rules_for
from aof.cli.options import parse_settings, refuse_unknown, run_options
from aof.cli.output import emit_as, notice, write_output_file, write_step_summary
from aof.errors import UsageFault


@click.command(
    "agent",
    epilog="Exit codes: 0 pass or warn, 1 stop, 2 usage, 3 inconclusive, 4 a plan waits, "
    "5 unreachable, 6 denied, 70 internal fault, 130 interrupted.",
)
@click.argument("ref")
@click.argument("request", default="")
@run_options
@click.option("--replay", default="", metavar="RUN_ID|DIR", help="Play a recorded run again.")
def run_agent(
    ref: str,
    request: str,
    *,
    settings: tuple[str, ...],
    llm: Literal["auto", "off", "require"],
    model: str,
    max_cost: float | None,
    max_total_tokens: int | None,
    strict_evidence: bool,
    output: str,
    output_file: Path | None,
    fail_on: str | None,
    wait: float,
    require_measured: bool,
    dry_run: bool,
    replay: str,
) -> None:
    """Run the agent REF on REQUEST (`-` reads it from standard input).

    \b
    Examples:
      aofctl run agent library/cicd/deployment-guardian "Validate canary of myapp v2"
      aofctl run agent library/cicd/deployment-guardian "myapp" --wait 10m -o json
      aofctl run agent library/cicd/deployment-guardian --set evidence=canary.json
    """
    from aof.assembly import assemble_agent
    from aof.cli.recorded_run import recorded_run
    from aof.clock import Clock, SystemClock
    from aof.engine.planning import Governance
    from aof.engine.run import RunOptions
    from aof.playbooks.base import Request

    clock: Clock = SystemClock()
    environment = {} if replay else dict(os.environ)
    here = Path.cwd()
    assembled = assemble_agent(
        ref, environment=environment, folder=here, clock=clock, llm=llm, model=model
    )
    if assembled.notice and not replay:
        notice(f"without the model: {assembled.notice}")
    if replay and (request or settings):
        raise UsageFault(
            "--replay takes no request and no --set: both are those of the recorded run",
            fix=f"aofctl run agent {ref} --replay {replay}",
        )
    if replay:
        from aof.runs.store import RunStore
        from aof.scenarios import cassette

        recorded = cassette.read_cassette(replay, RunStore(here / ".aof" / "runs"))
        runnable, asked, clock = cassette.replay(assembled.runnable, recorded)
        assembled = replace(assembled, runnable=runnable)
    else:
        given = parse_settings(settings)
        refuse_unknown(given, [assembled.runnable.playbook])
        asked = Request(
            text=sys.stdin.read() if request == "-" else request,
            now=clock.now(),
            settings=given,
            environment=environment,
            require_measured=require_measured,
        )
    # A replay proposes what it proposed then; a real run is ruled by the policies of today.
    rules = Governance() if replay else rules_for(assembled, asked, clock)
    run = recorded_run(
        assembled,
        asked,
        RunOptions(
            wait_s=wait,
            dry_run=dry_run or bool(replay),
            require_model=llm == "require",
            strict_evidence=strict_evidence,
            most_tokens=max_total_tokens,
            most_cost_usd=max_cost,
        ),
        clock=clock,
        governance=rules,
    )
    with run.log:
        result = run.execute()
    document = assembled.redactor.value(result.as_dict())
    emit_as(document, output, markdown=result.report)
    if output_file is not None:
        write_output_file(output_file, document, output, result.report)
    write_step_summary(result.report)
    code = carry_on(result, fail_on or "", may_ask=output in {"text", "markdown"} and not replay)
    raise click.exceptions.Exit(int(code))
