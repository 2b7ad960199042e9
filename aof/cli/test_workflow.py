"""`aofctl test workflow`: a workflow from end to end, against mocks with state."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import click

from aof.cli.test import report_and_exit


@click.command("workflow")
@click.argument("name")
@click.option(
    "--scenario",
    "scenario_file",
    required=True,
    type=click.Path(path_type=Path),
    help="An AgentTest file; its scenarios run against the workflow NAME.",
)
@click.option("--junit", type=click.Path(path_type=Path), help="Write JUnit XML here.")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text")
def workflow(name: str, scenario_file: Path, junit: Path | None, output: str) -> None:
    """Run the workflow NAME (a reference) on the scenarios of a file.

    \b
    Example:
      aofctl test workflow examples/workflows/cicd-release-workflow \\
        --scenario examples/workflows/release.test.yaml
    """
    from aof.manifests.base import Reference
    from aof.scenarios.discover import find_cases
    from aof.scenarios.run import run_case

    began = time.perf_counter()
    results = []
    for case in find_cases([scenario_file], environment=os.environ):
        subject = {"agent": None, "fleet": None, "workflow": Reference(ref=name)}
        spec = case.test.spec.model_copy(update=subject)
        chosen = replace(case, test=case.test.model_copy(update={"spec": spec}))
        library_path = os.environ.get("AOF_LIBRARY_PATH", "")
        results.append(run_case(chosen, library_path=library_path))
    report_and_exit(results, time.perf_counter() - began, output=output, junit=junit)
