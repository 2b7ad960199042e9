"""How well and how fast `aofctl analyze log` finds failures.

    python -m benchmarks.logs [--corpus DIR] [--speed]

Accuracy, on labelled logs (`labels.tsv` with file, category, alt_categories, key_line, line;
category `none` is a green run) and on the recorded failures of the test suite: is the key line
the top line, is the category right, is the key line inside the excerpt. Beside it the same
excerpt recall for what people use instead: the last 100 and 500 lines, and grep. Speed, with
`--speed`: CPU and wall time on 100 MB logs beside `wc -l`, a long line, a median log.
"""

from __future__ import annotations

import argparse
import csv
import os
import re
import subprocess
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


def speed() -> None:
    """Print times on large and awkward logs."""
    noise = b"".join(
        b"2026-11-20T10:00:00.1234567Z [INFO] Running com.acme.shop.Test%05d with 3 workers\n" % n
        for n in range(2000)
    )
    bad = b"2026-11-20T10:00:00.1234567Z [ERROR] Failed: cannot open error.log: Exception\n" * 2000
    end = b"bash: foo: command not found\n##[error]Process completed with exit code 127.\n"
    head = b"##[group]Run make\n##[endgroup]\n"
    with tempfile.TemporaryDirectory() as folder:
        for title, block in (("quiet", noise), ("all failures", bad)):
            path = Path(folder) / "big.log"
            path.write_bytes(head + block * (100_000_000 // len(block)) + end)
            begun = time.perf_counter()
            subprocess.run(["wc", "-l", path], check=True, capture_output=True)
            floor = time.perf_counter() - begun
            for how, tail in (("end first", 1 << 20), ("full pass", 1 << 40)):
                wall, cpu = _timed(open_log(path), tail)
                print(
                    f"  100 MB, {title}, {how:<10} {wall:7.0f} ms, {cpu:6.0f} ms CPU, "
                    f"{wall / 1000 / floor:6.1f} x wc -l ({1000 * floor:.0f} ms)"
                )
    for title, content in (
        ("line of 1,000,000 characters", head + b"error: x " * 111_111 + b"\n" + end),
        ("10,000,000 short lines", b"ab\n" * 10_000_000 + end),
        ("median log (40 KB)", head + noise[:40_000] + end),
    ):
        wall, cpu = _timed(content, 1 << 40)
        print(f"  {title:<36} {wall:7.1f} ms, {cpu:7.1f} ms CPU")


def _timed(buffer: object, tail_bytes: int) -> tuple[float, float]:
    diagnose(b"warm\nerror: up\n")
    begun, cpu = time.perf_counter(), time.process_time()
    diagnose(buffer, tail_bytes=tail_bytes)
    return 1000 * (time.perf_counter() - begun), 1000 * (time.process_time() - cpu)


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
