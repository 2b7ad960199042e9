"""A run whose log, plan and result are kept in `.aof/runs` of the working directory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from aof.cli.output import notice

if TYPE_CHECKING:
    from aof.assembly import Assembled
    from aof.clock import Clock
    from aof.engine.planning import Governance
    from aof.engine.run import Run, RunOptions
    from aof.playbooks.base import Request


def recorded_run(
    assembled: Assembled,
    request: Request,
    options: RunOptions,
    *,
    clock: Clock,
    governance: Governance,
) -> Run:
    """The run, ready to execute; its log is open and the caller's to close.

    A folder that cannot be written to costs the record and the plan, never the verdict.
    """
    from aof.cli.progress import progress
    from aof.engine.run import Run
    from aof.runlog import RunLog
    from aof.runs.store import RunStore, new_run_id

    run_id = new_run_id(clock.now())
    store = RunStore(Path.cwd() / ".aof" / "runs")
    kept: RunStore | None = store

    def lost(error: OSError) -> None:
        notice(f"nothing more of this run is kept, no plan either: {error.strerror}")

    try:
        log = RunLog(store.folder(run_id), redactor=assembled.redactor, clock=clock, lost=lost)
    except OSError as error:
        notice(f"nothing of this run is kept: {error.filename}: {error.strerror}")
        log, kept = RunLog(None, redactor=assembled.redactor, clock=clock), None
        options = replace(options, dry_run=True)
    return Run(
        runnable=assembled.runnable,
        request=request,
        run_id=run_id,
        log=log,
        store=kept,
        clock=clock,
        progress=progress(),
        governance=governance,
        options=options,
    )
