"""Next version and full changelog of a large repository, beside `git log` and other tools.

python -m benchmarks.release [--commits N] [--tags N] [--unreleased N] [--runs N] [--folder DIR]

The repository is generated. Peers are measured when they are on PATH (git-cliff, cz,
semantic-release of python-semantic-release); what is not there is left out. CPU seconds are
user + system of the whole process and its children; the median of the runs is printed, with
wall time in brackets, and the most memory any process of the command used.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

TYPES = ("feat", "fix", "chore", "docs", "refactor", "test", "ci", "perf", "build", "style")
WEIGHTS = (22, 30, 16, 10, 8, 6, 3, 2, 2, 1)
WORDS = [
    "add",
    "fix",
    "remove",
    "support",
    "handle",
    "parse",
    "cache",
    "retry",
    "token",
    "stream",
    "index",
    "query",
    "page",
]
SCOPES = ("api", "ui", "db", "auth", "", "", "core/io", "deps")


class Cost(NamedTuple):
    cpu_s: float
    wall_s: float
    memory_mb: float
    ok: bool


def generate(folder: Path, *, commits: int, tags: int, unreleased: int, seed: int = 6) -> None:
    """A repository with merges, bodies, footers and a tag every so many commits."""
    subprocess.run(["git", "init", "-q", "-b", "main", str(folder)], check=True)
    stream = subprocess.Popen(
        ["git", "-C", str(folder), "fast-import", "--quiet"], stdin=subprocess.PIPE
    )
    assert stream.stdin is not None
    stream.stdin.writelines(_history(commits, tags, unreleased, random.Random(seed)))
    stream.stdin.close()
    if stream.wait():
        raise SystemExit("git fast-import failed")
    # What peers ask for before they answer at all.
    settings = '[tool.commitizen]\nname = "cz_conventional_commits"\n'
    settings += 'version_provider = "scm"\ntag_format = "v$version"\n'
    (folder / ".cz.toml").write_text(settings)
    remote = ["remote", "add", "origin", "https://github.com/acme/shop.git"]
    subprocess.run(["git", "-C", str(folder), *remote], check=True)
    for command in (["repack", "-adq"], ["pack-refs", "--all"], ["reset", "-q", "--hard"]):
        subprocess.run(["git", "-C", str(folder), *command], check=True)


def _history(commits: int, tags: int, unreleased: int, dice: random.Random) -> Iterator[bytes]:
    every = max((commits - unreleased) // tags, 1)
    released = 0
    for number in range(1, commits + 1):
        message = _message(number, dice).encode()
        when = 1_400_000_000 + 600 * number
        who = f"Dev {number % 40} <dev{number % 40}@example.org> {when} +0000"
        yield f"commit refs/heads/main\nmark :{number}\ncommitter {who}\n".encode()
        yield b"data %d\n%s\n" % (len(message), message)
        if number > 1:
            yield b"from :%d\n" % (number - 1)
        if number > 3 and number % 25 == 0:
            yield b"merge :%d\n" % (number - 3)
        content = f"{number}\n".encode()
        yield b"M 100644 inline src/file%d.txt\ndata %d\n%s\n" % (
            number % 300,
            len(content),
            content,
        )
        if released < tags and number % every == 0 and number <= commits - unreleased:
            released += 1
            tagger = f"tagger Rel <rel@example.org> {when} +0000"
            name = f"v{1 + released // 200}.{released % 200}.0"
            yield f"tag {name}\nfrom :{number}\n{tagger}\ndata 0\n".encode()


def _message(number: int, dice: random.Random) -> str:
    if number % 25 == 0:
        return f"Merge branch 'topic-{number}'\n"
    kind = dice.choices(TYPES, WEIGHTS)[0]
    scope = dice.choice(SCOPES)
    text = " ".join(dice.choice(WORDS) for _ in range(dice.randint(3, 8)))
    header = f"{kind}{f'({scope})' if scope else ''}: {text}"
    if dice.random() < 0.3:
        header += f" (#{number})"
    body = ""
    if dice.random() < 0.35:
        body = "\n\n" + "\n".join(" ".join(dice.choices(WORDS, k=9)) for _ in range(4))
    if dice.random() < 0.12:
        body += f"\n\nRefs: #{number}\nSigned-off-by: Dev <dev@example.org>"
    if dice.random() < 0.002:
        body += "\n\nBREAKING CHANGE: the old way is gone"
    return header + body + "\n"


def measure(argv: list[str], folder: Path, runs: int) -> Cost:
    """Median cost of a command; its memory by the largest process of its tree."""
    found = [_once(argv, folder) for _ in range(runs)]
    return Cost(
        statistics.median(one.cpu_s for one in found),
        statistics.median(one.wall_s for one in found),
        max(one.memory_mb for one in found),
        all(one.ok for one in found),
    )


_CHILD = """
import resource, subprocess, sys, time
began = time.perf_counter()
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
wall = time.perf_counter() - began
print(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024, code)
"""


def _once(argv: list[str], folder: Path) -> Cost:
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, *argv],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "NO_COLOR": "1", "CI": "1"},
    )
    cpu, wall, memory, code = done.stdout.split()
    return Cost(float(cpu), float(wall), float(memory), code == "0")


def commands() -> dict[str, list[str]]:
    """Label to command; only programs that are installed."""
    ours = [str(Path(sys.executable).with_name("aofctl")), "analyze", "release"]
    log = ["git", "log", "-z", "--format=%H%n%P%n%an%n%ae%n%ct%n%B"]
    listed = {
        "floor: git log, all": [*log, "HEAD"],
        "floor: git log, unreleased": [*log, "HEAD", "--not", "--tags"],
        "floor: git for-each-ref": ["git", "for-each-ref", "refs/tags"],
        "imports alone (full changelog)": [
            sys.executable,
            "-c",
            "import click, jinja2.sandbox, aof.cli.main, aof.cli.analyze_release, "
            "aof.cli.release_repository, aof.analysis.release.history, "
            "aof.analysis.release.changelog, aof.transport.git_deepen",
        ],
        "aofctl: next version": [*ours, "--quiet"],
        "aofctl: unreleased changelog": [*ours, "-o", "markdown"],
        "aofctl: full changelog": [*ours, "--full", "-o", "markdown"],
        "git-cliff: next version": ["git-cliff", "--bumped-version"],
        "git-cliff: full changelog": ["git-cliff"],
        "git-cliff: --unreleased --bump": ["git-cliff", "--unreleased", "--bump"],
        "commitizen: next version": ["cz", "bump", "--get-next", "--yes"],
        "commitizen: full changelog": ["cz", "changelog", "--dry-run"],
        "python-semantic-release: next version": ["semantic-release", "version", "--print"],
        "python-semantic-release: changelog": ["semantic-release", "--noop", "changelog"],
    }
    return {
        label: [found, *argv[1:]]
        for label, argv in listed.items()
        if (found := shutil.which(argv[0])) is not None
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commits", type=int, default=50_000)
    parser.add_argument("--tags", type=int, default=500)
    parser.add_argument("--unreleased", type=int, default=40)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", default="", help="only commands whose label holds this")
    parser.add_argument("--folder", type=Path, help="keep or use a generated repository here")
    given = parser.parse_args()
    with contextlib.ExitStack() as stack:
        base = given.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder = base / f"repo-{given.commits}-{given.tags}-{given.unreleased}"
        if not folder.exists():
            began = time.perf_counter()
            generate(folder, commits=given.commits, tags=given.tags, unreleased=given.unreleased)
            print(f"generated in {time.perf_counter() - began:.0f} s: {folder}")
        print(
            f"{given.commits} commits, {given.tags} tags, {given.unreleased} unreleased, ", end=""
        )
        print(f"median of {given.runs} runs")
        print(f"{'command':42} {'CPU s':>8} {'(wall s)':>10} {'MB':>6}")
        for label, argv in commands().items():
            if given.only not in label:
                continue
            cost = measure(argv, folder, given.runs)
            failed = "" if cost.ok else "  failed"
            print(
                f"{label:42} {cost.cpu_s:8.3f} {f'({cost.wall_s:.3f})':>10} "
                f"{cost.memory_mb:6.0f}{failed}",
                flush=True,
            )


if __name__ == "__main__":
    main()
