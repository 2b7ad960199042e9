"""JSON Schema per kind, for editors: `# yaml-language-server: $schema=schemas/agent.json`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from aof.manifests.kinds import KINDS, model_of


def schema_files() -> dict[str, str]:
    """File name to content of every schema."""
    files: dict[str, str] = {}
    for kind in KINDS:
        schema = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            **model_of(kind).model_json_schema(by_alias=True),
        }
        name = "".join(f"-{c.lower()}" if c.isupper() else c for c in kind).lstrip("-")
        files[f"{name}.json"] = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
    return files


def main(folder: Path) -> None:
    """Write every schema into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in schema_files().items():
        (folder / name).write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
