"""What a model turn costs us, the provider apart: `python -m benchmarks.models`.

A loopback server answers at once. Printed is the CPU time of our process per turn (the
server runs in a process of its own), and of a whole `aofctl run`.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from aof.models.base import Model, ModelRequest
from aof.models.openai_compatible import OpenAiCompatible
from aof.models.providers import parse_model_name
from tests.models.conversations import ASK, ignore

ROOT = Path(__file__).parents[1]
TURNS = 200
SERVER = """
import time
from tests.servers.llm import ModelServer, Say
from tests.servers.openai import OpenAi
server = ModelServer([Say({text!r}, {calls!r})], OpenAi())
print(server.url, flush=True)
time.sleep(600)
"""


@contextmanager
def provider(text: str, calls: tuple[tuple[str, str], ...] = ()) -> Iterator[str]:
    code = SERVER.format(text=text, calls=calls)
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()


def cpu_ms(model: Model, request: ModelRequest, turns: int) -> tuple[float, float]:
    """Median and 95th percentile of CPU milliseconds per turn."""
    model.complete(request, ignore)
    spent = []
    for _ in range(turns):
        began = time.process_time()
        model.complete(request, ignore)
        spent.append((time.process_time() - began) * 1000)
    spent.sort()
    return statistics.median(spent), spent[int(len(spent) * 0.95)]


def child_cpu_s(argv: list[str], cwd: Path, environment: dict[str, str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(argv, cwd=cwd, env=environment, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def turns_of(name: str, make: Callable[[str], Model], turns: int) -> None:
    answers = {
        "one short answer": ("It is well (e1).", ()),
        "600 characters in 50 pieces": ("x" * 600, ()),
        "two calls": ("", (("prometheus_query_query", '{"query": "up"}'),) * 2),
    }
    for what, (text, calls) in answers.items():
        with provider(text, calls) as url:
            model = make(url)
            median, p95 = cpu_ms(model, ASK, turns)
            model.close()
        print(f"{name:18} {what:28} {median:7.2f} ms CPU per turn, 95th percentile {p95:.2f}")


def runs(times: int = 7) -> None:
    aofctl = [sys.executable, "-c", "from aof.cli.main import main; main()"]
    request = (ROOT / "examples/requests/healthy-canary.txt").read_text()
    command = [*aofctl, "run", "agent", "library/cicd/deployment-guardian", request]
    environment = {**os.environ, "AOF_LIBRARY_PATH": str(ROOT)}
    with tempfile.TemporaryDirectory() as folder, provider("Fits (e1).") as url:
        for name, options in {
            "embedded": ["--llm", "off"],
            "openai-compatible": ["--model", f"openai-compatible:m@{url}/v1"],
        }.items():
            spent = sorted(
                child_cpu_s([*command, *options], Path(folder), environment) for _ in range(times)
            )
            print(
                f"aofctl run, {name:18} {spent[0]:.2f} s CPU at best, "
                f"{statistics.median(spent):.2f} median of {times}"
            )


def main() -> None:
    turns_of(
        "openai-compatible",
        lambda url: OpenAiCompatible("m", model="m", base_url=f"{url}/v1"),
        TURNS,
    )
    if find_spec("litellm") is None:
        print("litellm            not installed: pip install 'aof[llm]'")
    else:
        from aof.models.litellm_gateway import LitellmGateway, _litellm

        os.environ.setdefault("OPENAI_API_KEY", "not-a-real-key")
        began = time.process_time()
        _litellm()
        print(f"{'litellm':18} {'import':28} {time.process_time() - began:7.2f} s CPU")
        turns_of(
            "litellm",
            lambda url: LitellmGateway(parse_model_name(f"openai:gpt-4o@{url}/v1")),
            TURNS // 4,
        )
    runs()


if __name__ == "__main__":
    main()
