"""The folder of each run below `.aof/runs/`: run.json, events.jsonl, plan.json, report.md."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from aof.errors import UsageFault
from aof.plans import Plan
from aof.transport.files import write_atomically

RUN_FILE = "run.json"
PLAN_FILE = "plan.json"
REPORT_FILE = "report.md"


def new_run_id(now: datetime) -> str:
    """An id that sorts by time: `20261120-134500-9f31c2`."""
    return f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


class RunStore:
    """All runs below one folder, usually `.aof/runs` in the working directory."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, run_id: str) -> Path:
        """Where a run keeps its files."""
        if not run_id or not all(c.isalnum() or c in "-_" for c in run_id):
            raise UsageFault(f"'{run_id}' is not a run id", fix="see: aofctl get runs")
        return self.root / run_id

    def save_result(self, run_id: str, result: Mapping[str, Any]) -> None:
        """Write run.json and report.md."""
        folder = self.folder(run_id)
        text = json.dumps(result, indent=1, ensure_ascii=False, sort_keys=True)
        write_atomically(folder / RUN_FILE, text.encode() + b"\n")
        write_atomically(folder / REPORT_FILE, str(result.get("report", "")).encode())

    def save_file(self, run_id: str, name: str, content: str) -> None:
        """Write a file a playbook made, e.g. a plot; `name` has no folder in it."""
        if Path(name).name != name:
            raise ValueError(f"'{name}' is not a plain file name")
        write_atomically(self.folder(run_id) / name, content.encode())

    def save_plan(self, plan: Plan) -> Path:
        """Write plan.json of the plan's run."""
        path = self.folder(plan.run_id) / PLAN_FILE
        write_atomically(path, plan.model_dump_json(indent=1).encode() + b"\n", mode=0o600)
        return path

    def plans(self) -> Iterator[Plan]:
        """Every stored plan, newest first; files that are no plan are passed over."""
        if not self.root.is_dir():
            return
        for folder in sorted(self.root.iterdir(), reverse=True):
            try:
                yield Plan.model_validate_json((folder / PLAN_FILE).read_bytes())
            except (OSError, ValueError):
                continue

    def plan(self, identifier: str) -> Plan:
        """The plan with this id, or the plan of the run with this id.

        Raises:
            UsageFault: There is none.
        """
        for plan in self.plans():
            if identifier in (plan.id, plan.run_id):
                return plan
        raise UsageFault(
            f"there is no plan '{identifier}'",
            why=f"searched {self.root}",
            fix="see: aofctl approvals list",
        )

    def runs(self) -> Iterator[dict[str, Any]]:
        """run.json of every finished run, newest first."""
        if not self.root.is_dir():
            return
        for folder in sorted(self.root.iterdir(), reverse=True):
            path = folder / RUN_FILE
            if path.is_file():
                found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
                yield found
