"""An AgentTest written from a recorded run: its answers become mocks. Redacted like the log."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from aof.manifests.base import API_VERSION
from aof.scenarios.cassette import Cassette, RecordedCall

_INLINE = 2_000


def test_from_run(
    cassette: Cassette, result: Mapping[str, Any], run_id: str
) -> tuple[str, dict[str, str]]:
    """The test file's text, and fixture files (relative name to content) it refers to.

    Args:
        cassette: The recorded run.
        result: Its run.json; the assertions hold what it says.
        run_id: For names.
    """
    fixtures: dict[str, str] = {}
    agent = str(result["agent"])
    scenario: dict[str, Any] = {"name": f"As in run {run_id}", "clock": cassette.now.isoformat()}
    if cassette.request:
        scenario["input"] = cassette.request
    if cassette.settings:
        scenario["set"] = _settings(cassette, run_id, fixtures)
    if cassette.event is not None:
        scenario["event"] = dict(cassette.event)
    if cassette.environment:
        scenario["env"] = dict(cassette.environment)
    if cassette.memory:
        scenario["memory"] = [dict(entry) for entry in cassette.memory]
    mocks = [_mock(call, run_id, fixtures) for call in cassette.calls]
    if mocks:
        scenario["mocks"] = mocks
    scenario["assertions"] = [
        {"decision": result["decision"]},
        {"verdict": result["verdict"]},
        *(
            {"proposes": _with_copies(action["command"], cassette, scenario.get("set", {}))}
            for action in result.get("actions", [])
        ),
    ]
    document = {
        "apiVersion": API_VERSION,
        "kind": "AgentTest",
        "metadata": {"name": f"{agent}-{run_id}"},
        "spec": {"agent": {"ref": cassette.ref}, "scenarios": [scenario]},
    }
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)
    return text, fixtures


def _settings(cassette: Cassette, run_id: str, fixtures: dict[str, str]) -> dict[str, str]:
    """The settings, with files the run read replaced by copies beside the test."""
    settings = dict(cassette.settings)
    for key, value in cassette.settings.items():
        if value in cassette.files:
            held = cassette.files[value]
            suffix = ".txt" if isinstance(held, bytes) else ".json"
            name = str(Path("fixtures") / f"{run_id}-{key}{suffix}")
            fixtures[name] = held.decode() if isinstance(held, bytes) else _on_lines(held)
            settings[key] = name
    return settings


def _with_copies(command: str, cassette: Cassette, settings: Mapping[str, str]) -> str:
    """A proposed command, naming the copies where it names files the run read."""
    copies = {value: settings[key] for key, value in cassette.settings.items()}
    return " ".join(copies.get(word, word) for word in command.split(" "))


def _on_lines(value: Any) -> str:
    """JSON that people can read; a list on one line, as an audit log has it."""
    indent = None if isinstance(value, list) else 1
    return json.dumps(value, indent=indent, ensure_ascii=False) + "\n"


def _mock(call: RecordedCall, run_id: str, fixtures: dict[str, str]) -> dict[str, Any]:
    mock: dict[str, Any] = {"tool": call.tool, "operation": call.operation}
    given = {key: {"equals": value} for key, value in call.arguments.items()}
    if given:
        mock["match"] = given
    if call.error is not None:
        mock["error"] = str(call.error.get("what", "failed"))
        return mock
    if call.warnings:
        mock["warnings"] = list(call.warnings)
    text = json.dumps(call.data, indent=1, sort_keys=True, ensure_ascii=False)
    if len(text) <= _INLINE:
        mock["returns"] = call.data
        return mock
    name = str(Path("fixtures") / f"{run_id}-{len(fixtures) + 1}.json")
    fixtures[name] = text + "\n"
    mock["returns_file"] = name
    return mock
