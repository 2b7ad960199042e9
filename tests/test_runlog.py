from itertools import pairwise
from pathlib import Path

import pytest

from aof.redaction import Redactor
from aof.runlog import RunLog, event_hash, read_events


def test_every_event_names_the_hash_of_the_one_before(tmp_path: Path) -> None:
    with RunLog(tmp_path, redactor=Redactor()) as log:
        log.append("run.started", agent="a")
        log.append("run.finished", verdict="pass")
    first, second = read_events(tmp_path / "events.jsonl")
    assert second.prev == first.hash
    assert second.hash == event_hash(second.seq, second.at, second.kind, second.data, second.prev)


def test_a_reopened_log_continues_the_chain(tmp_path: Path) -> None:
    with RunLog(tmp_path, redactor=Redactor()) as log:
        log.append("run.started")
    with RunLog(tmp_path, redactor=Redactor()) as log:
        log.append("run.resumed", durable=True)
    first, second = read_events(tmp_path / "events.jsonl")
    assert (second.seq, second.prev) == (2, first.hash)


def test_secrets_never_reach_the_log(tmp_path: Path) -> None:
    with RunLog(tmp_path, redactor=Redactor({"TOKEN": "hunter2-hunter2"})) as log:
        log.append("tool.called", arguments={"note": "it is hunter2-hunter2"})
        log.store({"body": "hunter2-hunter2"})
    texts = [path.read_text() for path in tmp_path.rglob("*") if path.is_file()]
    assert len(texts) == 2
    assert all("hunter2" not in text and "[SECRET:TOKEN]" in text for text in texts)


def test_an_unreadable_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text("{}\n")
    with pytest.raises(ValueError, match=r"events\.jsonl:1"):
        list(read_events(path))


def test_two_writers_keep_one_chain(tmp_path: Path) -> None:
    with RunLog(tmp_path, redactor=Redactor()) as one, RunLog(tmp_path, redactor=Redactor()) as two:
        for log in (one, two, one, two, two):
            log.append("approval.given")
    events = list(read_events(tmp_path / "events.jsonl"))
    assert [event.seq for event in events] == [1, 2, 3, 4, 5]
    assert all(later.prev == earlier.hash for earlier, later in pairwise(events))


def test_a_torn_last_line_is_set_aside_and_reported(tmp_path: Path) -> None:
    with RunLog(tmp_path, redactor=Redactor()) as log:
        log.append("run.started")
    path = tmp_path / "events.jsonl"
    path.write_bytes(path.read_bytes() + b'{"at":"2026')
    with RunLog(tmp_path, redactor=Redactor()) as log:
        log.append("run.resumed")
    assert [event.kind for event in read_events(path)] == [
        "run.started", "log.recovered", "run.resumed"
    ]  # fmt: skip
    assert (tmp_path / "events.torn").read_bytes() == b'{"at":"2026\n'
