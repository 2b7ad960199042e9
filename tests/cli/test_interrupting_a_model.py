"""Ctrl-C while a model speaks: the report with the code's verdict is printed, the code is 130."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.aofctl import aofctl
from tests.servers.llm import Say, Stall, serving
from tests.servers.openai import OpenAi

ROOT = Path(__file__).parents[2]
REQUEST = (ROOT / "examples/requests/failing-canary.txt").read_text()


@pytest.mark.usefixtures("signals_are_heeded")
def test_the_verdict_of_the_code_is_printed(tmp_path: Path) -> None:
    agent = "library/cicd/deployment-guardian"
    alone = aofctl(
        "run", "agent", agent, REQUEST, "--llm", "off", "-o", "json",
        cwd=tmp_path, AOF_LIBRARY_PATH=str(ROOT),
    ).json()  # fmt: skip
    with serving([Stall(Say("a long answer that never comes"), 60)], OpenAi()) as server:
        process = subprocess.Popen(
            [sys.executable, "-c", "from aof.cli.main import main; main()",
             "run", "agent", agent, REQUEST, "-o", "json",
             "--model", f"openai-compatible:m@{server.url}/v1"],
            cwd=tmp_path, env={"PATH": "/usr/bin:/bin", "AOF_LIBRARY_PATH": str(ROOT)},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        while not server.requests and process.poll() is None:
            time.sleep(0.02)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
    document = json.loads(out)
    assert process.returncode == 130
    assert (document["verdict"], document["decision"]) == (alone["verdict"], alone["decision"])
    assert any("interrupted" in warning for warning in document["warnings"])
