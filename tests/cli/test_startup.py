"""Starting costs little: heavy libraries are imported only by what needs them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {"litellm", "kubernetes", "github", "gitlab", "git", "dbos", "mcp", "httpx", "rich"}
ROOT = Path(__file__).parents[2]
SCRIPT = """
import json, sys
sys.argv = ["aofctl", *json.loads(sys.argv[1])]
from aof.cli.main import main
try:
    main()
finally:
    print("\\n" + json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["run", "--help"],
        ["validate", "library/"],
        ["run", "agent", "library/cicd/deployment-guardian", "Error rate: 1% (baseline: 1%)"],
    ],
)
def test_nothing_heavy_is_imported(arguments: list[str], tmp_path: Path) -> None:
    (tmp_path / "library").symlink_to(ROOT / "library")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(arguments)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    imported = set(json.loads(done.stdout.splitlines()[-1]))
    assert not imported & HEAVY


def test_help_does_not_even_import_the_manifests() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, '["--help"]'],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert not {"pydantic", "yaml", "jinja2"} & set(json.loads(done.stdout.splitlines()[-1]))
