"""JSON Schema for editors: `# yaml-language-server: $schema=schemas/agent.json`.

One per kind of manifest, and `release.json` for `.aof/release.yaml`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from aof.analysis.release.model import Level
from aof.manifests.kinds import KINDS, model_of

_DIALECT = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
_TEXT_OR_MAPPING = ("PinFile", "VersionFile")


def schema_files() -> dict[str, str]:
    """File name to content of every schema."""
    schemas = {}
    for kind in KINDS:
        name = "".join(f"-{c.lower()}" if c.isupper() else c for c in kind).lstrip("-")
        schemas[name] = {**_DIALECT, **model_of(kind).model_json_schema(by_alias=True)}
    schemas["release"] = {**_DIALECT, **release_schema()}
    return {
        f"{name}.json": json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        for name, schema in schemas.items()
    }


def release_schema() -> dict[str, Any]:
    """Of `.aof/release.yaml`: the settings of the analysis, and the options of the playbook."""
    from pydantic import TypeAdapter

    from aof.analysis.release.config import ReleaseConfig
    from aof.playbooks.release_options import ReleaseOptions

    analysis = TypeAdapter(ReleaseConfig).json_schema()
    playbook = ReleaseOptions.model_json_schema()
    del playbook["properties"]["release"]
    shapes = {**analysis["$defs"], **playbook["$defs"]}
    shapes["Level"] = {"enum": [level.word for level in Level]}
    schema = {
        "title": "Release settings",
        "description": "How a repository is released, and where to; docs/release-manager.md.",
        "type": "object",
        "properties": {**analysis["properties"], **playbook["properties"]},
        "$defs": dict(sorted(shapes.items())),
    }
    _as_written(schema)
    return schema


def _as_written(node: Any) -> None:
    """Say what our own reader takes: levels by name, a path for a mapping, nothing unknown."""
    if isinstance(node, list):
        for item in node:
            _as_written(item)
    if not isinstance(node, dict):
        return
    for value in node.values():
        _as_written(value)
    if node.get("type") == "object" and "properties" in node:
        node["additionalProperties"] = False
    shape = str(node.get("$ref", "")).rpartition("/")[2]
    if shape == "Level" and "default" in node:
        node["default"] = Level(node["default"]).word
    if shape in _TEXT_OR_MAPPING:
        node["anyOf"] = [{"type": "string"}, {"$ref": node.pop("$ref")}]


def main(folder: Path) -> None:
    """Write every schema into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in schema_files().items():
        (folder / name).write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
