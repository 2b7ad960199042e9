"""`aofctl get`: lists."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from aof.cli.approvals import plan_cells, plan_rows
from aof.cli.output import emit_json, emit_table, notice
from aof.errors import UsageFault

_KINDS = {"agents": "Agent", "triggers": "Trigger", "fleets": "Fleet"}


@click.command()
@click.argument(
    "what", type=click.Choice(["agents", "triggers", "fleets", "tools", "runs", "approvals"])
)
@click.argument("name", default="")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text")
def get(what: str, name: str, output: str) -> None:
    """List agents, triggers, fleets, tools, runs or plans that wait; NAME picks one.

    \b
    Examples:
      aofctl get agents
      aofctl get tools -o json
      aofctl get runs
    """
    own = {"tools": _tools, "runs": _runs, "approvals": plan_rows}
    rows = own.get(what, lambda: _manifests(_KINDS[what]))()
    if name:
        rows = [row for row in rows if name in (next(iter(row.values())), row.get("ref"))]
        if not rows:
            raise UsageFault(f"no {what} called '{name}'", fix=f"see: aofctl get {what}")
    if output == "json":
        emit_json(rows)
        return
    if not rows:
        notice(f"no {what}")
        return
    heading = [key.upper() for key in rows[0]]
    cells = plan_cells if what == "approvals" else _cells
    emit_table([heading, *map(cells, rows)])


def _cells(row: dict[str, Any]) -> list[str]:
    return [str(value) for value in row.values()]


def _manifests(kind: str) -> list[dict[str, Any]]:
    from aof.manifests.loader import load_file, manifest_files
    from aof.manifests.references import packaged_library

    library = packaged_library()
    extra = [Path(p) for p in os.environ.get("AOF_LIBRARY_PATH", "").split(os.pathsep) if p]
    rows = []
    for root, prefix in [(library, "library/"), *[(path, "") for path in extra if path.is_dir()]]:
        for file in manifest_files([root]):
            for item in load_file(file)[0]:
                if item.kind == kind:
                    spec = item.document.data["spec"]
                    ref = prefix + str(file.relative_to(root).with_suffix(""))
                    about = str(spec.get("description", ""))
                    rows.append({"name": item.name, "ref": ref, "description": about})
    return rows


def _tools() -> list[dict[str, Any]]:
    from aof.errors import NotBound
    from aof.tools.catalog import TOOLS, tool_class

    rows = []
    for name in TOOLS:
        try:
            kind = tool_class(name)
        except NotBound as error:
            rows.append({"name": name, "operations": "", "about": error.why})
            continue
        rows.append({"name": name, "operations": ", ".join(kind.operations()), "about": kind.about})
    return rows


def _runs() -> list[dict[str, Any]]:
    from aof.runs.store import RunStore

    keys = ("run_id", "agent", "verdict", "decision", "plan_id")
    return [
        {key: run.get(key) or "" for key in keys}
        for run in RunStore(Path.cwd() / ".aof" / "runs").runs()
    ]
