"""Throughput of redaction on text like CI logs. Run: python -m benchmarks.redaction."""

import random
import time

from aof.redaction import Redactor

WORDS = [
    "error",
    "compile",
    "test",
    "running",
    "step",
    "npm",
    "install",
    "package.json",
    "token",
    "secret",
    "build",
    "failed",
    "https://registry.example.com/a/b",
    "kind:",
    "Deployment",
    "data:",
    "api",
    "result",
    "2026-11-20T10:00:00Z",
]


def main() -> None:
    rng = random.Random(1)
    redactor = Redactor({f"SETTING_{n}": f"value-of-setting-{n}" for n in range(10)})
    lines = [" ".join(rng.choices(WORDS, k=12)) for _ in range(150_000)]
    lines[::1000] = ["password=hunter2-hunter2 ghp_" + "a1B2" * 9] * len(lines[::1000])
    text = "\n".join(lines)
    megabytes = len(text.encode()) / 1e6
    for name, work in {
        "one text": lambda: redactor.text(text),
        "64 KiB pieces": lambda: [
            redactor.text(text[at : at + 65536]) for at in range(0, len(text), 65536)
        ],
        "line by line": lambda: [redactor.text(line) for line in lines],
    }.items():
        began = time.process_time()
        work()
        print(f"redaction, {name}: {megabytes / (time.process_time() - began):.1f} MB/s")


if __name__ == "__main__":
    main()
