"""Talking with an agent, lines piped in: the library's guardian, a failing canary."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.cli.aofctl import Ran, aofctl
from tests.servers.llm import Say, serving
from tests.servers.openai import OpenAi

ROOT = Path(__file__).parents[2]
GUARDIAN = "library/cicd/deployment-guardian"
ASKED = "Canary deployment: myapp v2.0.0. Error rate: 5.2% (baseline: 0.10%)."


def chat(folder: Path, *lines: str, options: tuple[str, ...] = (GUARDIAN,)) -> Ran:
    stdin = "".join(f"{line}\n" for line in lines)
    return aofctl("chat", *options, cwd=folder, stdin=stdin, AOF_LIBRARY_PATH=str(ROOT))


def test_the_playbook_answers_without_a_model(tmp_path: Path) -> None:
    ran = chat(tmp_path, ASKED)
    assert ran.code == 0
    assert "## Decision: " in ran.out
    assert ran.out.rstrip().endswith("]")


def test_a_line_leaves_no_memory_and_no_plan(tmp_path: Path) -> None:
    chat(tmp_path, ASKED)
    assert list(tmp_path.glob("*memory*")) == []
    assert list(tmp_path.rglob("plan.json")) == []
    chat(tmp_path, f"/run {ASKED}")
    assert len(list(tmp_path.glob("*memory.json"))) == 1


def test_chats_are_listed_and_resumed(tmp_path: Path) -> None:
    chat(tmp_path, ASKED)
    listed = chat(tmp_path, options=("--list",)).out
    assert GUARDIAN in listed
    resumed = chat(tmp_path, "CPU is 48% (baseline: 45%).", options=("--resume", "last"))
    assert "5.2" in resumed.out
    (file,) = (tmp_path / ".aof" / "chats").glob("*.json")
    assert [one["asked"] for one in json.loads(file.read_text())["turns"]] == [
        ASKED,
        "CPU is 48% (baseline: 45%).",
    ]


def test_a_chat_is_resumed_with_its_own_agent_only(tmp_path: Path) -> None:
    chat(tmp_path, ASKED)
    doctor = "library/cicd/pipeline-doctor"
    newest = chat(tmp_path, options=(doctor, "--resume", "last"))
    assert (newest.code, f"no chat with {doctor} to resume" in newest.err) == (2, True)
    (file,) = (tmp_path / ".aof" / "chats").glob("*.json")
    named = chat(tmp_path, options=(doctor, "--resume", file.stem))
    assert (named.code, f"is a chat with {GUARDIAN}, not with" in named.err) == (2, True)
    assert chat(tmp_path, "?", options=(GUARDIAN, "--resume", "last")).code == 0


def test_the_model_hears_what_was_said_before(tmp_path: Path) -> None:
    with serving([Say("Too many errors (e1)."), Say("As I said.")], OpenAi()) as server:
        model = f"openai-compatible:m@{server.url}/v1"
        ran = chat(tmp_path, ASKED, "Why?", options=(GUARDIAN, "--model", model))
    assert "Too many errors (e1)." in ran.out
    assert "As I said." in ran.out
    question = server.requests[1]["messages"][1]["content"]
    assert "agent: Too many errors (e1)." in question


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("/help", "/approve"),
        ("/tools", "prometheus_query"),
        ("/memory", "Nothing yet."),
        ("/plan", "No changes are proposed."),
    ],
)
def test_commands_answer(tmp_path: Path, command: str, says: str) -> None:
    assert says in chat(tmp_path, command).out


@pytest.mark.parametrize("line", ["/nonsense", "/approve", "/approve plan-none"])
def test_a_wrong_command_ends_nothing(tmp_path: Path, line: str) -> None:
    ran = chat(tmp_path, line, "/help")
    assert "error: " in ran.err
    assert "/approve" in ran.out


@pytest.mark.parametrize("identifier", ["last", "chat-none", "../../etc/passwd"])
def test_a_chat_that_is_not_there_is_refused(tmp_path: Path, identifier: str) -> None:
    assert chat(tmp_path, options=("--resume", identifier)).code == 2


WRITER = """\
apiVersion: aof.dev/v1alpha1
kind: Agent
metadata: {name: writer}
spec: {tools: [git]}
"""


def test_a_change_of_the_model_becomes_a_plan_after_a_question(tmp_path: Path) -> None:
    (tmp_path / "writer.yaml").write_text(WRITER)
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    script = tmp_path / "script.yaml"
    call = {"git_tag": {"name": "v1.0.0", "target": "0" * 40, "message": "v1.0.0"}}
    script.write_text(json.dumps([{"calls": [call]}, "Planned.\n## Decision: PASS"]))
    options = ("writer.yaml", "--model", f"scripted:{script}")
    ran = chat(tmp_path, "tag it", "/plan", "y", options=options)
    assert "git tag" in ran.out, ran.err
    assert "stored; next: /approve" in ran.err
    assert len(list(tmp_path.rglob("plan.json"))) == 1
