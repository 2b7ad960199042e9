"""Running many scenarios: in order, in parallel, and only those that failed last time."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from aof.scenarios.discover import Case, find_cases
from aof.scenarios.outcome import ScenarioResult
from aof.scenarios.run import run_case

LAST_FAILED = Path(".aof") / "last-failed.json"


def run_cases(
    cases: Sequence[Case], *, jobs: int = 1, library_path: str = "", live: bool = False
) -> list[ScenarioResult]:
    """Results in the order of `cases`, whatever order they ran in; live ones one by one."""
    if live or jobs <= 1 or len(cases) < 2 * jobs:
        return [run_case(case, library_path=library_path, live=live) for case in cases]
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    shares = [list(range(start, len(cases), jobs)) for start in range(jobs)]
    located = [(str(case.loaded.path), case.scenario.name) for case in cases]
    results: dict[int, ScenarioResult] = {}
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        futures = [
            (share, pool.submit(_run_share, [located[index] for index in share], library_path))
            for share in shares
        ]
        for share, future in futures:
            results.update(zip(share, future.result(), strict=True))
    return [results[index] for index in range(len(cases))]


def _run_share(located: list[tuple[str, str]], library_path: str) -> list[ScenarioResult]:
    """In a process of its own: load the files again and run these scenarios."""
    environment = {**os.environ, "AOF_LIBRARY_PATH": library_path}
    by_file: dict[str, dict[str, Case]] = {}
    results = []
    for file, name in located:
        if file not in by_file:
            found = find_cases([Path(file)], environment=environment)
            by_file[file] = {case.scenario.name: case for case in found}
        result = run_case(by_file[file][name], library_path=library_path)
        results.append(replace(result, outcome=None))
    return results


def only_last_failed(cases: Sequence[Case], folder: Path) -> list[Case]:
    """The cases that failed in the last run; all of them when none did."""
    path = folder / LAST_FAILED
    try:
        failed = set(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return list(cases)
    return [case for case in cases if case.id in failed] or list(cases)


def remember_failed(
    results: Sequence[ScenarioResult], folder: Path, write: Callable[[Path, bytes], None]
) -> None:
    """Keep the ids of failed scenarios for `only_last_failed`."""
    failed = [result.id for result in results if not result.passed]
    write(folder / LAST_FAILED, json.dumps(failed).encode() + b"\n")
