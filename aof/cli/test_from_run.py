"""`aofctl test from-run`: a recorded run as a scenario test."""

from __future__ import annotations

import json
from pathlib import Path

import click

from aof.cli.output import emit, notice


@click.command("from-run")
@click.argument("run_id")
@click.option("--output-file", type=click.Path(path_type=Path), help="Write here, not to stdout.")
def from_run(run_id: str, output_file: Path | None) -> None:
    """Write an AgentTest from the run RUN_ID, with what its tools answered as mocks.

    Large answers go to files beside the test. Secrets are redacted, as in the run's log.

    \b
    Example:
      aofctl test from-run 20261120-134500-9f31c2 --output-file tests/outage.test.yaml
    """
    from aof.runs.store import RUN_FILE, RunStore
    from aof.scenarios.cassette import read_cassette
    from aof.scenarios.from_run import test_from_run
    from aof.transport.files import write_atomically

    store = RunStore(Path.cwd() / ".aof" / "runs")
    cassette = read_cassette(run_id, store)
    result = json.loads((store.folder(run_id) / RUN_FILE).read_text(encoding="utf-8"))
    text, fixtures = test_from_run(cassette, result, run_id)
    folder = output_file.parent if output_file else Path.cwd()
    for name, content in fixtures.items():
        write_atomically(folder / name, content.encode())
        notice(f"wrote {folder / name}")
    if output_file is None:
        emit(text)
        return
    write_atomically(output_file, text.encode())
    notice(f"wrote {output_file}")
