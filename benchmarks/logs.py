"""How well and how fast `aofctl analyze log` finds failures.

    python -m benchmarks.logs [--corpus DIR] [--speed]

Accuracy, on labelled logs (`labels.tsv` with file, category, alt_categories, key_line, line;
category `none` is a green run) and on the recorded failures of the test suite: is the key line
the top line, is the category right, is the key line inside the excerpt. Beside it the same
excerpt recall for what people use instead: the last 100 and 500 lines, and grep. Speed, with
`--speed`: CPU and wall time and memory on 100 MB logs beside `wc -l`: usual ones and the worst
we could think of, a long line, a median log.
"""

from __future__ import annotations

import argparse
import csv
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from aof.analysis.ci_log import diagnose
from aof.analysis.ci_log.decode import strip_colour
from aof.transport.files import open_log
from tests.analysis.ci_log import logs

ROOT = Path(__file__).parents[1]
RECORDED = ROOT / "tests" / "fixtures" / "ci_log"
GREP = re.compile(r"error|fail|exception|fatal|panic", re.IGNORECASE)
BASELINES = ("tail -n 100", "tail -n 500", "grep -iE error|fail|exception|fatal|panic")


@dataclass(frozen=True)
class Labelled:
    """A log and what a person says about it; `line` is 0 when only the text is known."""

    name: str
    content: bytes
    categories: frozenset[str]
    key_line: str
    line: int = 0

    @property
    def green(self) -> bool:
        return "none" in self.categories


def corpus(folder: Path) -> Iterator[Labelled]:
    """The labelled logs of a folder."""
    with (folder / "labels.tsv").open(encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE):
            alternatives = [name for name in row["alt_categories"].split(";") if name]
            yield Labelled(
                row["file"],
                bytes(open_log(folder / row["file"])[:]),
                frozenset({row["category"], *alternatives}),
                row["key_line"],
                int(row["line"]),
            )


def recorded() -> Iterator[Labelled]:
    """The failures the test suite holds, in the log of a runner."""
    for kind in ("real", "forms"):
        with (RECORDED / kind / "expected.tsv").open(encoding="utf-8", newline="") as table:
            for row in csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE):
                text = (RECORDED / kind / f"{row['name']}.log").read_text(errors="replace")
                content = logs.github(text.partition("\n")[2], step="./ci.sh")
                category = frozenset({row["category"]})
                yield Labelled(row["name"], content, category, row["line"][:200])


def baseline(name: str, lines: list[str]) -> list[str]:
    """What a baseline shows of a log."""
    if name.startswith("tail"):
        return lines[-int(name.rpartition(" ")[2]) :]
    return [line for line in lines if GREP.search(line)]


def accuracy(title: str, labelled: list[Labelled], *, verbose: bool) -> None:
    """Print one table."""
    failures = [one for one in labelled if not one.green]
    green = [one for one in labelled if one.green]
    hits = {"top": 0, "category": 0, "excerpt": 0}
    sizes, milliseconds = [], []
    shown = {name: [0, 0] for name in BASELINES}
    for one in failures:
        begun = time.perf_counter()
        found = diagnose(one.content)
        milliseconds.append(1000 * (time.perf_counter() - begun))
        primary = found.primary
        excerpt = "\n".join(text for _, text in found.excerpt)
        right = {
            "top": primary is not None
            and (one.key_line in primary.text or primary.line == one.line),
            "category": found.category.value in one.categories,
            "excerpt": one.key_line in excerpt,
        }
        sizes.append(len(excerpt.encode()))
        for name, holds in right.items():
            hits[name] += holds
        if verbose and not all(right.values()):
            missed = ", ".join(name for name, holds in right.items() if not holds)
            print(f"  {one.name}: {missed}: {primary.text[:100] if primary else None}")
        lines = [strip_colour(line) for line in one.content.decode(errors="replace").split("\n")]
        for name, counts in shown.items():
            text = "\n".join(baseline(name, lines))
            counts[0] += one.key_line in text
            counts[1] += len(text)
    flagged = sum(diagnose(one.content).outcome == "failed" for one in green)
    total = len(failures)
    print(f"\n{title}: {total} failures, {len(green)} green")
    for name, count in hits.items():
        print(f"  {name + ' right':<52} {count / total:5.2f}")
    print(f"  {'excerpt, median bytes (largest)':<52} {median(sizes):5.0f} ({max(sizes)})")
    print(f"  {'green logs flagged':<52} {flagged:5d}")
    print(f"  {'median time, ms':<52} {median(milliseconds):5.1f}")
    for name, (count, characters) in shown.items():
        print(f"  {name:<52} {count / total:5.2f}, {characters // total:,} characters on average")


_STAMP = b"2026-11-20T10:00:00.1234567Z "
_QUIET = b"".join(
    _STAMP + b"[INFO] Running com.acme.shop.Test%05d with 3 workers\n" % n for n in range(2000)
)
_FAILS = _STAMP + b"[ERROR] Failed: cannot open error.log: Exception\n"
_HEAD = b"##[group]Run make\n##[endgroup]\n"
_END = b"bash: foo: command not found\n##[error]Process completed with exit code 127.\n"
# What large logs are made of: each is repeated to 100 MB.
_BLOCKS = {
    "quiet": _QUIET,
    "every line a failure": _FAILS,
    "every line marked as an error": _STAMP + b"##[error]src/a.c:3:1: error: no such thing\n",
    "every line an ending": b"##[error]Process completed with exit code 1.\n",
    "every line a section": b"section_start:1:a\r\x1b[0Ksection_end:1:a\r\x1b[0Kx\n",
    "5,000 failing steps": _HEAD + _FAILS * 250,
    "colour in every word": _STAMP + b"\x1b[31m\x1b[1mE\x1b[0m\x1b[31mrror: \x1b[0mfoo failed\n",
    "many timestamps": 3 * _STAMP + b"error: x\n",
    "CRLF": _FAILS.replace(b"\n", b"\r\n"),
    "no line feed": b"error: x FAILED ",
    "short lines": b"ab\n",
}


def speed() -> None:
    """Print times on large and awkward logs."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "big.log"
        for title, block in _BLOCKS.items():
            path.write_bytes(_HEAD + block * (100_000_000 // len(block)) + b"\n" + _END)
            floor = _cpu_of_wc(path)
            for how, tail in (("end first", 1 << 20), ("full pass", 1 << 40)):
                wall, cpu, memory = _timed(path, tail)
                print(
                    f"  100 MB, {title:<30} {how:<10} {cpu:6.0f} ms CPU {wall:6.0f} ms wall "
                    f"{memory:4d} MB  {cpu / floor:6.1f} x wc -l"
                )
        for title, content in (
            ("line of 1,000,000 characters", _HEAD + b"error: x " * 111_111 + b"\n" + _END),
            ("10,000,000 short lines", b"ab\n" * 10_000_000 + _END),
            ("median log (40 KB)", _HEAD + _QUIET[:40_000] + _END),
        ):
            path.write_bytes(content)
            wall, cpu, memory = _timed(path, 1 << 40)
            print(f"  {title:<49} {cpu:6.1f} ms CPU {wall:6.1f} ms wall {memory:4d} MB")


def _cpu_of_wc(path: Path) -> float:
    """Milliseconds `wc -l` takes; the first run fills the page cache."""
    for _ in range(2):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(["wc", "-l", path], check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return max(1000 * used, 1.0)


_CHILD = """
import re, sys, time
from pathlib import Path
from aof.analysis.ci_log import diagnose
from aof.transport.files import open_log
diagnose(b"warm\\nerror: up\\n")
begun, cpu = time.perf_counter(), time.process_time()
diagnose(open_log(Path(sys.argv[1])), tail_bytes=int(sys.argv[2]))
print(1000 * (time.perf_counter() - begun), 1000 * (time.process_time() - cpu),
      int(re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024)
"""


def _timed(path: Path, tail_bytes: int) -> tuple[float, float, int]:
    """Wall and CPU milliseconds of one diagnosis in a process of its own, and its peak in MiB."""
    command = [sys.executable, "-c", _CHILD, path, str(tail_bytes)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    wall, cpu, memory = done.stdout.split()
    return float(wall), float(cpu), int(memory)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=os.environ.get("AOF_CORPUS"))
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("-v", "--verbose", action="store_true")
    arguments = parser.parse_args()
    folder = Path(arguments.corpus) if arguments.corpus else ROOT.parent / "shared" / "corpus"
    folder = folder if (folder / "labels.tsv").exists() else folder / "ci-logs"
    if (folder / "labels.tsv").exists():
        accuracy("Labelled logs", list(corpus(folder)), verbose=arguments.verbose)
    else:
        print(f"no labelled logs: {folder}/labels.tsv is not there")
    accuracy("Recorded failures", list(recorded()), verbose=arguments.verbose)
    if arguments.speed:
        print("\nSpeed")
        speed()


if __name__ == "__main__":
    main()
