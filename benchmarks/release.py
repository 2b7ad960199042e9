"""Next version and full changelog of a large repository, beside `git log` and other tools.

python -m benchmarks.release [--commits N] [--tags N] [--unreleased N] [--runs N] [--only WORD]
    [--folder DIR] [--peers DIR] [--timeout S]

The repository is generated. Peers are looked for in the virtual environments below `--peers`
(`--install-peers` makes them) and on PATH; what is not there is left out. CPU seconds are user +
system of the whole process and its children; the median of the runs is printed, with wall time
in brackets, and the most memory any process of the command used. A command that does not end in
time is shown with that bound; one that takes long is run once. `x floor` is the CPU compared with
`git log` of the same range, for aofctl without the imports.
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
    code: str


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


def measure(argv: list[str], folder: Path, runs: int, timeout_s: float) -> Cost:
    """Median cost of a command; its memory by the largest process of its tree."""
    found = [_once(argv, folder, timeout_s)]
    while len(found) < runs and found[0].wall_s < _LONG_S:
        found.append(_once(argv, folder, timeout_s))
    return Cost(
        statistics.median(one.cpu_s for one in found),
        statistics.median(one.wall_s for one in found),
        max(one.memory_mb for one in found),
        found[0].code,
    )


_LONG_S = 30.0
_CHILD = """
import os, resource, signal, subprocess, sys, time
began = time.perf_counter()
quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
process = subprocess.Popen(sys.argv[2:], start_new_session=True, **quiet)
try:
    code = process.wait(timeout=float(sys.argv[1]))
except subprocess.TimeoutExpired:
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    code = "timeout"
used = resource.getrusage(resource.RUSAGE_CHILDREN)
wall = time.perf_counter() - began
print(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024, code)
"""


def _once(argv: list[str], folder: Path, timeout_s: float) -> Cost:
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, str(timeout_s), *argv],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "NO_COLOR": "1", "CI": "1"},
    )
    cpu, wall, memory, code = done.stdout.split()
    return Cost(float(cpu), float(wall), float(memory), code)


ALL, NEW, IMPORTS = "floor: git log, all", "floor: git log, unreleased", "aofctl: imports alone"
_IMPORTED = (
    "import click, aof.cli.main, aof.cli.analyze_release, aof.cli.release_repository, "
    "aof.analysis.release.history, aof.analysis.release.changelog, aof.transport.git_deepen"
)


def own_commands() -> dict[str, list[str]]:
    """Label to command: the floors and aofctl."""
    ours = [str(Path(sys.executable).with_name("aofctl")), "analyze", "release"]
    log = ["git", "log", "-z", "--format=%H%n%P%n%an%n%ae%n%ct%n%B"]
    return {
        ALL: [*log, "HEAD"],
        NEW: [*log, "HEAD", "--not", "--tags"],
        "floor: git for-each-ref": ["git", "for-each-ref", "refs/tags"],
        IMPORTS: [sys.executable, "-c", _IMPORTED],
        "aofctl: next version": [*ours, "--quiet"],
        "aofctl: unreleased changelog": [*ours, "-o", "markdown"],
        "aofctl: full changelog": [*ours, "--full", "-o", "markdown"],
    }


PEERS = {
    "git-cliff": {
        "--unreleased --bump": ["--unreleased", "--bump"],
        "--bumped-version": ["--bumped-version"],
        "full changelog": [],
    },
    "cz": {
        "bump --get-next": ["bump", "--get-next", "--yes"],
        "changelog --dry-run": ["changelog", "--dry-run"],
    },
    "semantic-release": {
        "version --print": ["version", "--print"],
        "--noop changelog": ["--noop", "changelog"],
    },
}
_PACKAGES = {"git-cliff": "git-cliff", "cz": "commitizen", "semantic-release": "python-sem.-rel."}
_INSTALLED = {
    "current": ["git-cliff", "python-semantic-release", "commitizen"],
    "git-cliff-2.12": ["git-cliff==2.12.0"],
}


def install_peers(folder: Path) -> None:
    """Virtual environments with the other tools; a version of git-cliff before 2.13, too."""
    for name, packages in _INSTALLED.items():
        subprocess.run([sys.executable, "-m", "venv", str(folder / name)], check=True)
        pip = str(folder / name / "bin" / "pip")
        subprocess.run([pip, "install", "-q", *packages], check=True)


def peer_commands(folder: Path | None) -> dict[str, list[str]]:
    """Label to command, for every peer that is installed; labels name the version."""
    places = [str(one) for one in sorted(folder.glob("*/bin"))] if folder else []
    listed = {}
    for program, forms in PEERS.items():
        found = [shutil.which(program, path=place) for place in places]
        found = [one for one in found if one] or [shutil.which(program)]
        for path in (one for one in found if one):
            label = f"{_PACKAGES[program]} {_version(path)}"
            listed.update({f"{label}: {form}": [path, *rest] for form, rest in forms.items()})
    return listed


def _version(path: str) -> str:
    argument = "version" if path.endswith("cz") else "--version"
    done = subprocess.run([path, argument], capture_output=True, text=True, check=False)
    words = (done.stdout.strip() or done.stderr.strip() or "?").split()
    return words[-1]


def _ratio(label: str, cost: Cost, costs: dict[str, Cost]) -> str:
    floor = costs.get(NEW if "unreleased" in label else ALL)
    whole = "changelog" in label and "unreleased" not in label
    if floor is None or not whole:
        return ""
    imports = costs.get(IMPORTS) if label.startswith("aofctl") else None
    return f"{(cost.cpu_s - (imports.cpu_s if imports else 0)) / floor.cpu_s:.1f}"


def _line(label: str, cost: Cost, costs: dict[str, Cost], timeout_s: float) -> str:
    if cost.code == "timeout":
        cpu, wall, note = f"> {cost.cpu_s:.0f}", f"(> {timeout_s:.0f})", "  did not end"
    else:
        cpu, wall = f"{cost.cpu_s:.3f}", f"({cost.wall_s:.3f})"
        note = "" if cost.code == "0" else f"  failed: exit code {cost.code}"
    ratio = "" if note else _ratio(label, cost, costs)
    return f"{label:44} {cpu:>8} {wall:>10} {cost.memory_mb:6.0f} {ratio:>8}{note}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commits", type=int, default=50_000)
    parser.add_argument("--tags", type=int, default=500)
    parser.add_argument("--unreleased", type=int, default=40)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", default="", help="only commands whose label holds this")
    parser.add_argument("--folder", type=Path, help="keep or use a generated repository here")
    parser.add_argument("--peers", type=Path, help="virtual environments with other tools")
    parser.add_argument("--install-peers", action="store_true", help="make them there first")
    parser.add_argument("--timeout", type=float, default=600, help="seconds a command may take")
    given = parser.parse_args()
    if given.install_peers:
        install_peers(given.peers)
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
        print(f"{'command':44} {'CPU s':>8} {'(wall s)':>10} {'MB':>6} {'x floor':>8}")
        costs: dict[str, Cost] = {}
        for label, argv in {**own_commands(), **peer_commands(given.peers)}.items():
            if given.only in label or (given.only and label in {ALL, NEW, IMPORTS}):
                costs[label] = measure(argv, folder, given.runs, given.timeout)
                print(_line(label, costs[label], costs, given.timeout), flush=True)


if __name__ == "__main__":
    main()
