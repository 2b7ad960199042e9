import json
import threading
from pathlib import Path

import pytest

from aof.memory.file import FileMemory, open_memory


def test_entries_survive_and_the_oldest_goes_first(tmp_path: Path) -> None:
    memory = FileMemory(tmp_path / "m.json", 2)
    for number in range(3):
        memory.append({"n": number})
    assert [entry["n"] for entry in FileMemory(tmp_path / "m.json", 2).entries()] == [1, 2]


@pytest.mark.parametrize("content", ["{", "[]", '{"entries": 3}', '{"entries": [1]}', "\x00"])
def test_a_corrupt_file_is_set_aside_and_reported(tmp_path: Path, content: str) -> None:
    path = tmp_path / "m.json"
    path.write_text(content)
    memory = FileMemory(path, 5)
    assert memory.entries() == ()
    assert "m.json.corrupt-1" in memory.warnings[0]
    assert (tmp_path / "m.json.corrupt-1").read_text() == content
    memory.append({"n": 1})
    assert json.loads(path.read_text())["entries"] == [{"n": 1}]


def test_a_second_corrupt_file_does_not_replace_the_first(tmp_path: Path) -> None:
    for content in ("{", "["):
        (tmp_path / "m.json").write_text(content)
        FileMemory(tmp_path / "m.json", 5).entries()
    kept = sorted(path.read_text() for path in tmp_path.glob("*.corrupt-*"))
    assert kept == ["[", "{"]


def test_appending_at_once_loses_nothing(tmp_path: Path) -> None:
    def work(name: int) -> None:
        for number in range(10):
            FileMemory(tmp_path / "m.json", 100).append({"n": (name, number)})

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(FileMemory(tmp_path / "m.json", 100).entries()) == 40


@pytest.mark.parametrize("text", ["Redis:x", "File:x", "File::3", "File:x:0", "File:x:many"])
def test_other_memories_are_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is not File:PATH:ENTRIES"):
        open_memory(text, folder=tmp_path)
