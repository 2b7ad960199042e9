"""Whatever is done to a log afterwards is found."""

import json
import random
import subprocess
from pathlib import Path

import pytest

from aof.plans import canonical_json
from aof.redaction import Redactor
from aof.runlog import RunLog, event_hash
from aof.runs.audit import SIGNATURE_FILE, signed_statement, verify_run, verify_store
from aof.transport.ssh_signatures import sign


def written(root: Path, *, events: int = 12) -> Path:
    folder = root / "20261120-100000-abc123"
    with RunLog(folder, redactor=Redactor()) as log:
        for number in range(events):
            payload = log.store({"n": number})
            log.append("tool.returned", call=f"c{number}", ok=True, payload=payload)
    return folder


def edit(lines: list[bytes], rng: random.Random) -> None:
    at = rng.randrange(len(lines))
    line = bytearray(lines[at])
    place = rng.randrange(len(line))
    line[place] = (line[place] + rng.randrange(1, 255)) % 256
    lines[at] = bytes(line)


def delete(lines: list[bytes], rng: random.Random) -> None:
    del lines[rng.randrange(len(lines))]


def insert(lines: list[bytes], rng: random.Random) -> None:
    lines.insert(rng.randrange(len(lines) + 1), rng.choice([*lines, b"\n", b"{}\n"]))


def swap(lines: list[bytes], rng: random.Random) -> None:
    one, other = rng.sample(range(len(lines)), 2)
    lines[one], lines[other] = lines[other], lines[one]


def truncate(lines: list[bytes], rng: random.Random) -> None:
    content = b"".join(lines)
    lines[:] = [content[: rng.randrange(len(content))]]


def edit_and_rechain(lines: list[bytes], rng: random.Random) -> None:
    """What somebody who knows the format would do."""
    events = [json.loads(line) for line in lines]
    events[rng.randrange(len(events))]["data"]["ok"] = False
    prev = "sha256:" + "0" * 64
    for event in events:
        event["prev"] = prev
        prev = event["hash"] = event_hash(*(event[k] for k in ("seq", "at", "kind", "data")), prev)
    lines[:] = [canonical_json(event).encode() + b"\n" for event in events]


MUTATIONS = [edit, delete, insert, swap, truncate, edit_and_rechain]


def test_a_thousand_random_mutations_are_all_found(tmp_path: Path) -> None:
    folder = written(tmp_path)
    path = folder / "events.jsonl"
    original = path.read_bytes()
    assert verify_run(folder).ok
    rng = random.Random(20261120)
    missed = []
    for number in range(1000):
        mutation = MUTATIONS[number % len(MUTATIONS)]
        lines = original.splitlines(keepends=True)
        mutation(lines, rng)
        changed = b"".join(lines)
        assert changed != original
        path.write_bytes(changed)
        if verify_run(folder).ok:
            missed.append(mutation.__name__)
    assert missed == []


def test_cutting_whole_events_off_the_end_is_found(tmp_path: Path) -> None:
    folder = written(tmp_path)
    path = folder / "events.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-3]))
    assert "it was cut" in verify_run(folder).problems[0]


def test_a_head_that_was_removed_is_a_problem(tmp_path: Path) -> None:
    folder = written(tmp_path)
    (tmp_path / ".heads" / f"{folder.name}.json").unlink()
    assert not verify_run(folder).ok


def test_a_payload_that_was_edited_is_found(tmp_path: Path) -> None:
    folder = written(tmp_path)
    next((folder / "evidence").iterdir()).write_text("{}")
    assert "was edited" in verify_run(folder).problems[0]


def test_a_removed_run_leaves_its_head(tmp_path: Path) -> None:
    import shutil

    shutil.rmtree(written(tmp_path))
    assert [found.problems for found in verify_store(tmp_path)] == [
        ("the run was removed: only its head is left",)
    ]


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "id_ed25519"
    argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "a", "-f", str(path)]
    subprocess.run(argv, check=True, timeout=30)
    public = path.with_suffix(".pub").read_text()
    (tmp_path / "allowed_signers").write_text(f"auditor@example.org {public}")
    return path


def signed(folder: Path, key: Path) -> Path:
    with RunLog(folder, redactor=Redactor()) as log:
        statement = signed_statement(folder, log.events)
        signature = sign(statement, key=key, namespace="aof-audit")
        content = {"count": len(log.events), "signature": signature}
    (folder / SIGNATURE_FILE).write_text(json.dumps(content))
    return folder


def test_a_signed_log_says_who_signed_it(tmp_path: Path, key: Path) -> None:
    folder = signed(written(tmp_path), key)
    found = verify_run(folder, signers=tmp_path / "allowed_signers")
    assert (found.ok, found.signed_by) == (True, "auditor@example.org")


def test_a_signature_finds_out_who_rewrote_log_and_heads_alike(tmp_path: Path, key: Path) -> None:
    folder = signed(written(tmp_path), key)
    path = folder / "events.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    edit_and_rechain(lines, random.Random(1))
    path.write_bytes(b"".join(lines))
    head = {"count": 12, "hash": json.loads(lines[-1])["hash"]}
    (tmp_path / ".heads" / f"{folder.name}.json").write_text(json.dumps(head))
    assert verify_run(folder).ok, "without the key's owner nobody can tell"
    found = verify_run(folder, signers=tmp_path / "allowed_signers")
    assert "the signature does not hold" in found.problems[0]


@pytest.mark.parametrize("further", [0, 2, 20])
def test_going_on_with_a_cut_log_does_not_hide_the_cut(tmp_path: Path, further: int) -> None:
    folder = written(tmp_path)
    path = folder / "events.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-5]))
    with RunLog(folder, redactor=Redactor()) as log:
        for _ in range(further):
            log.append("approval.given", durable=True)
    assert not verify_run(folder).ok


def test_looking_at_a_log_leaves_it_alone(tmp_path: Path) -> None:
    folder = written(tmp_path)
    head = tmp_path / ".heads" / f"{folder.name}.json"
    before = (head.read_bytes(), head.stat().st_mtime_ns)
    RunLog(folder, redactor=Redactor()).close()
    assert (head.read_bytes(), head.stat().st_mtime_ns) == before
