"""The official client lists and calls our tools, over standard input and output and HTTP."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

pytestmark = [
    pytest.mark.skipif(find_spec("mcp") is None, reason="needs the extra mcp"),
    # What the SDK warns about and leaves open is its own.
    pytest.mark.filterwarnings("ignore"),
]

AOFCTL = ["-c", "from aof.cli.main import main; main()", "mcp"]
ROOT = Path(__file__).parents[2]
NAMES = {
    "analyze_log", "analyze_canary", "analyze_drift", "analyze_release", "list_agents", "run_agent",
}  # fmt: skip
LOG = "npm test\nFAIL src/app.test.js\n    expect(received).toBe(expected)\nnpm ERR! Test failed.\n"


def environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, "AOF_LIBRARY_PATH": str(ROOT)}


def over_stdio(folder: Path, use: Callable[[Any], Awaitable[Any]]) -> Any:
    from mcp import Client, StdioServerParameters

    server = StdioServerParameters(
        command=sys.executable, args=AOFCTL, cwd=str(folder), env=environment()
    )

    async def work() -> Any:
        async with Client(server) as client:
            return await use(client)

    return asyncio.run(work())


async def call(client: Any, name: str, **arguments: Any) -> tuple[bool, str]:
    answer = await client.call_tool(name, arguments)
    return bool(answer.is_error), "\n".join(one.text for one in answer.content)


def test_our_tools_are_listed_and_called_over_stdio(tmp_path: Path) -> None:
    windows = [
        {
            "start": f"2026-11-20T10:{minute:02}:00Z",
            "seconds": 60,
            "stage": 1,
            "weight": 0.05,
            "baseline": {"requests": 57000, "errors": 57},
            "canary": {"requests": 3000, "errors": 600},
        }
        for minute in range(6)
    ]

    async def use(client: Any) -> Any:
        listed = {one.name for one in (await client.list_tools()).tools}
        return listed, [
            await call(client, "analyze_log", text=LOG),
            await call(client, "analyze_canary", evidence={"windows": windows}),
            await call(
                client, "run_agent", agent="library/cicd/deployment-guardian",
                request=(ROOT / "examples/requests/failing-canary.txt").read_text(),
            ),
        ]  # fmt: skip

    listed, answers = over_stdio(tmp_path, use)
    assert listed == NAMES
    assert [failed for failed, _ in answers] == [False, False, False]
    log, canary, run = (json.loads(text) for _, text in answers)
    assert log["outcome"] == "failed"
    assert log["primary"]["text"]
    assert canary["decision"] == "ROLLBACK"
    assert run["verdict"] == "fail"
    assert all(action["status"] == "proposed" for action in run["actions"])


def test_drift_is_compared_from_texts(tmp_path: Path) -> None:
    def deployment(replicas: int) -> str:
        return json.dumps(
            {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {"name": "app", "namespace": "shop"},
                "spec": {"replicas": replicas},
            }
        )

    async def use(client: Any) -> Any:
        return await call(client, "analyze_drift", desired=deployment(3), live=deployment(5))

    failed, text = over_stdio(tmp_path, use)
    assert not failed
    assert "replicas" in text


def test_what_is_outside_of_the_folder_or_not_offered_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc")
    agent = tmp_path / "agent.yaml"
    agent.write_text("apiVersion: aof.dev/v1alpha1\nkind: Agent\nmetadata: {name: x}\nspec: {}\n")

    async def use(client: Any) -> Any:
        return [
            await call(client, "analyze_log", path="/etc/passwd"),
            await call(client, "analyze_log", path="link/passwd"),
            await call(client, "analyze_log", path="../x"),
            await call(client, "analyze_release", repository="/"),
            await call(client, "run_agent", agent="agent.yaml"),
            await call(client, "run_agent", agent="--help"),
            await call(client, "analyze_log"),
        ]

    answers = over_stdio(tmp_path, use)
    assert [failed for failed, _ in answers] == [True] * 7
    assert "root:" not in "".join(text for _, text in answers)


@contextmanager
def over_http(folder: Path) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, *AOFCTL, "--http", str(port)], cwd=folder, env=environment(),
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        process.terminate()
        process.wait(20)


def test_our_tools_are_called_over_http(tmp_path: Path) -> None:
    from mcp import Client

    async def work(url: str) -> Any:
        async with Client(url) as client:
            listed = {one.name for one in (await client.list_tools()).tools}
            return listed, await call(client, "analyze_log", text=LOG)

    with over_http(tmp_path) as url:
        listed, (failed, text) = asyncio.run(work(url))
    assert listed == NAMES
    assert not failed
    assert json.loads(text)["outcome"] == "failed"
