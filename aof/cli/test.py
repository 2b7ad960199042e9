"""`aofctl test`: scenario tests of agents."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from aof.cli.output import emit, emit_command, emit_json, notice
from aof.errors import ExitCode

if TYPE_CHECKING:
    from aof.scenarios.outcome import ScenarioResult


@click.command("run")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("-k", "keyword", default="", metavar="TEXT", help="Only scenarios with TEXT in it.")
@click.option("-j", "jobs", default=1, show_default=True, help="Processes to use.")
@click.option("--last-failed", is_flag=True, help="Only what failed last time.")
@click.option("--junit", type=click.Path(path_type=Path), help="Write JUnit XML here.")
@click.option("--live", is_flag=True, help="Ask the real tools and models instead of mocks.")
@click.option("--mutate", is_flag=True, help="Break the agents; do the tests notice?")
@click.option("--attack", is_flag=True, help="Try hostile text on our own runs instead.")
@click.option("--watch", is_flag=True, help="Run again whenever a file changes.")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text")
def test(
    paths: tuple[Path, ...],
    *,
    keyword: str,
    jobs: int,
    last_failed: bool,
    junit: Path | None,
    live: bool,
    mutate: bool,
    attack: bool,
    watch: bool,
    output: str,
) -> None:
    """Run the scenarios in PATHS (files, or folders with `*.test.yaml`; default: here).

    Offline: tools answer from mocks, the clock stands still, no key is needed. Exits 0 when
    all pass, 1 when one fails, 2 when a file is wrong or there is nothing to run. With --live
    the variables of this process reach the agent, and 5 means something was not reachable.
    --mutate measures the tests: it exits 0 however many mutants survive.

    \b
    Examples:
      aofctl test library/
      aofctl test library/ -k rollback -j 2 --junit results.xml
    """
    if attack:
        _attack(output)
        return
    wanted = list(paths) or [Path()]
    if mutate:
        _mutate(wanted, keyword, output)
        return
    while True:
        results, seconds = _run(wanted, keyword, jobs, last_failed=last_failed, live=live)
        if not watch:
            report_and_exit(results, seconds, output=output, junit=junit)
        _report(results, seconds, output=output, junit=junit)
        _await_change(wanted)


def _attack(output: str) -> None:
    """Run the shipped hostile suite; exit 1 when an attack achieved anything."""
    from aof.attack.suite import run_attacks

    results = list(run_attacks())
    if output == "json":
        emit_json(
            [
                {"name": one.name, "source": one.source, "achieved": list(one.achieved)}
                for one in results
            ]
        )
    else:
        for one in results:
            emit(f"{'repelled' if one.repelled else 'ACHIEVED'}  {one.name} ({one.source})")
            for line in one.achieved:
                emit(f"          {line}")
    failed = sum(not one.repelled for one in results)
    notice(f"{len(results) - failed} of {len(results)} attacks repelled")
    if failed:
        raise click.exceptions.Exit(int(ExitCode.STOP))


def report_and_exit(
    results: list[ScenarioResult], seconds: float, *, output: str, junit: Path | None
) -> NoReturn:
    """Print the results and exit 0 when all passed, 5 when something was not there, else 1."""
    _report(results, seconds, output=output, junit=junit)
    if any(result.unreachable for result in results):
        raise click.exceptions.Exit(int(ExitCode.UNREACHABLE))
    failed = any(not result.passed for result in results)
    raise click.exceptions.Exit(int(ExitCode.STOP if failed else ExitCode.OK))


def _mutate(paths: list[Path], keyword: str, output: str) -> None:
    """Print what survived; mutants are a measure of the tests, so the exit code stays 0."""
    from aof.scenarios import mutate
    from aof.scenarios.discover import find_cases

    report = mutate.mutate(find_cases(paths, keyword=keyword, environment=os.environ))
    if output == "json":
        emit_json(mutate.as_json(report))
    else:
        emit(mutate.as_text(report))


def _run(
    paths: list[Path], keyword: str, jobs: int, *, last_failed: bool, live: bool
) -> tuple[list[ScenarioResult], float]:
    from aof.scenarios.discover import find_cases
    from aof.scenarios.suite import only_last_failed, remember_failed, run_cases
    from aof.transport.files import write_atomically

    began = time.perf_counter()
    cases = find_cases(paths, keyword=keyword, environment=os.environ)
    if last_failed:
        cases = only_last_failed(cases, Path.cwd())
    library_path = os.environ.get("AOF_LIBRARY_PATH", "")
    results = run_cases(cases, jobs=jobs, library_path=library_path, live=live)
    remember_failed(results, Path.cwd(), write_atomically)
    return results, time.perf_counter() - began


def _report(
    results: list[ScenarioResult], seconds: float, *, output: str, junit: Path | None
) -> None:
    from aof.scenarios.reporting import as_annotations, as_json, as_junit, as_text
    from aof.transport.files import write_atomically

    if junit is not None:
        write_atomically(junit, as_junit(results).encode())
    if output == "json":
        emit_json(as_json(results, seconds))
        return
    emit(as_text(results, seconds))
    if os.environ.get("GITHUB_ACTIONS") == "true":
        for line in as_annotations(results):
            emit_command(line)


def _await_change(paths: list[Path]) -> None:
    from aof.manifests.references import packaged_library

    def state() -> dict[Path, int]:
        roots = [*paths, packaged_library()]
        files = [file for root in roots for file in (root.rglob("*") if root.is_dir() else [root])]
        return {file: file.stat().st_mtime_ns for file in files if file.is_file()}

    notice("waiting for a change; Ctrl-C ends it")
    before = state()
    while state() == before:
        time.sleep(0.5)
