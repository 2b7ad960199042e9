from pathlib import Path

from aof.validation.json_schema import schema_files

ROOT = Path(__file__).parents[2]


def test_schemas_are_up_to_date() -> None:
    written = {path.name: path.read_text() for path in (ROOT / "schemas").glob("*.json")}
    assert written == schema_files(), "run: make schemas"
