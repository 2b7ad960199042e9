"""Ten kinds of secrets in eight places: none is ever written, printed or sent on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from aof.clock import SystemClock
from aof.engine.calls import BoundTool
from aof.engine.progress import Silent
from aof.engine.report import default_template
from aof.engine.run import Run, Runnable
from aof.errors import Unreachable
from aof.manifests.agent import AgentSpec
from aof.memory.file import open_memory
from aof.messages import ToolOutput
from aof.models.scripted import Scripted, Turn
from aof.playbooks.base import Calls, Options, Request
from aof.redaction import Redactor
from aof.runlog import RunLog, read_events
from aof.runs.audit_views import audit_trail
from aof.runs.store import RunStore
from aof.tools.base import Tool, operation
from aof.verdict import Assessment, Finding, Verdict

SECRETS = {
    "setting": "correct-horse-battery-staple",
    "pem": "-----BEGIN PRIVATE KEY-----\nMIIEvgIBADANBgkqhkiG9w0\n-----END PRIVATE KEY-----",
    "github": "ghp_" + "A1b2C3d4E5" * 4,
    "gitlab": "glpat-" + "x9Y8z7W6v5" * 2,
    "aws": "AKIA" + "J7KQ2MNP4RST6UVW",
    "slack": "xoxb-" + "1234567890-abcdefghij",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlLWJ5dGVz",
    "provider key": "sk-proj-" + "q1w2e3r4t5y6u7i8o9p0",
    "url": "https://deploy:pa55-w0rd@git.example.com/x.git",
    "kubernetes": "aHVudGVyMi1odW50ZXIy",
}
NEEDLES = {**SECRETS, "pem": "MIIEvgIBADANBgkqhkiG9w0", "url": "pa55-w0rd"}


def hidden_in(kind: str) -> str:
    """The secret as it would stand in a text."""
    if kind == "kubernetes":
        return f"kind: Secret\ndata:\n  password: {SECRETS[kind]}\n"
    return SECRETS[kind]


class Leaky(Tool):
    name = "leaky"
    about = "Says everything it knows."

    @operation()
    def get(self, what: str) -> ToolOutput:
        """Return, and warn of, what was asked."""
        return ToolOutput({"log": what, "items": [what]}, f"it is {what}", (f"beware {what}",))

    @operation()
    def fail(self, what: str) -> ToolOutput:
        """Fail with it, in the error and in a URL."""
        raise Unreachable(f"GET https://x.example/?q={what}: 500", why=what, fix=what)


class Careless:
    name = "careless"
    options = Options

    def assess(
        self, request: Request, calls: Calls, options: Any, memory: Sequence[Mapping[str, Any]]
    ) -> Assessment:
        what = request.text
        found = calls.read("leaky", "get", what=what)
        calls.read("leaky", "fail", what=what)
        finding = Finding(id="f1", verdict=Verdict.FAIL, title=what, detail=str(found.data))
        return Assessment(
            verdict=Verdict.FAIL,
            decision="ROLLBACK",
            summary=what,
            findings=(finding,),
            facts={"seen": what},
            blocks={"excerpt": what},
            warnings=(what,),
            memory={"seen": what},
        )


@pytest.mark.parametrize("kind", SECRETS)
def test_a_secret_reaches_no_file_no_report_and_no_model(tmp_path: Path, kind: str) -> None:
    what, needle = hidden_in(kind), NEEDLES[kind]
    model = Scripted([Turn(calls=(("leaky_get", {"what": what}),)), Turn(f"I saw {what}")])
    store = RunStore(tmp_path / "runs")
    with RunLog(store.folder("r1"), redactor=Redactor({"API_TOKEN": SECRETS["setting"]})) as log:
        result = Run(
            runnable=Runnable(
                name="careless",
                spec=AgentSpec.model_validate({"model": "x:y", "tools": ["leaky"]}),
                playbook=Careless(),
                options=Options(),
                tools={"leaky": BoundTool("leaky", Leaky, Leaky({}))},
                memory=open_memory("File:./memory.json:10", folder=tmp_path),
                template=default_template(),
                template_name="report.md.j2",
                models=[model],
            ),
            request=Request(what, SystemClock().now(), settings={"extra": what}),
            run_id="r1",
            log=log,
            store=store,
            clock=SystemClock(),
            progress=Silent(),
        ).execute()
        printed = json.dumps(log.redactor.value(result.as_dict()))
    events = list(read_events(store.folder("r1") / "events.jsonl"))
    places = {
        "arguments": json.dumps([e.data for e in events if e.kind == "tool.called"]),
        "results": "".join(p.read_text() for p in (tmp_path / "runs/r1/evidence").iterdir()),
        "errors": json.dumps([e.data.get("error") for e in events]),
        "log": (tmp_path / "runs/r1/events.jsonl").read_text(),
        "memory": (tmp_path / "memory.json").read_text(),
        "report": result.report + (tmp_path / "runs/r1/report.md").read_text(),
        "audit": json.dumps(list(audit_trail("r1", events))),
        "output": printed + (tmp_path / "runs/r1/run.json").read_text(),
        "model": json.dumps([m.content for r in model.requests for m in r.messages]),
    }
    assert [place for place, text in places.items() if needle in text] == []
    assert "[SECRET:" in places["log"]
    assert len(events) > 8
