"""Jenkins' REST API, as far as the tool uses it."""

from __future__ import annotations

import base64
from typing import Any

from tests.servers.loopback import Asked, Loopback, Reply

JOB = "/job/team/job/shop/job/feature%2Fcart"


class JenkinsServer(Loopback):
    """One multi-branch job in a folder, with one build (number 12)."""

    def __init__(self) -> None:
        super().__init__()
        self.console = b"Started by user Mona\nFinished: FAILURE\n"
        self.stages: list[dict[str, Any]] | None = None
        self.build: dict[str, Any] = {
            "_class": "org.jenkinsci.plugins.workflow.job.WorkflowRun",
            "number": 12,
            "url": "https://jenkins.example/job/team/12/",
            "result": "FAILURE",
            "building": False,
            "timestamp": 1790000000000,
            "duration": 61500,
            "fullDisplayName": "team » shop » feature/cart #12",
            "culprits": [{"fullName": "Mona"}],
            "previousBuild": {"number": 11},
            "actions": [
                {},
                {"causes": [{"shortDescription": "Push event to branch feature/cart"}]},
                {
                    "lastBuiltRevision": {"SHA1": "ab" * 20, "branch": [{"name": "feature/cart"}]},
                    "remoteUrls": ["https://git.example/shop.git"],
                },
                {"failCount": 2, "skipCount": 1, "totalCount": 40},
            ],
            "changeSets": [
                {
                    "items": [
                        {
                            "commitId": "ab" * 20,
                            "msg": "Add basket",
                            "affectedPaths": ["a.py"],
                            "author": {"fullName": "Mona"},
                        }
                    ]
                }
            ],
        }
        base = JOB.replace("%2F", "%252F")
        builds = r"/(?:12|lastCompletedBuild|lastFailedBuild)"
        self.route("GET", base + builds + "/api/json", lambda _: Reply(200, self.build))
        self.route("GET", base + builds + "/consoleText", self._console)
        self.route("GET", base + builds + "/wfapi/describe", self._describe)
        self.route("GET", "/api/json", lambda _: Reply(200, {}, {"X-Jenkins": "2.500"}))

    def answer(self, asked: Asked) -> Reply:
        wanted = "Basic " + base64.b64encode(b"mona:api-token").decode()
        if asked.headers.get("authorization") != wanted:
            return Reply(403, b"<html>Authentication required</html>")
        return super().answer(asked)

    def _console(self, _: Asked) -> Reply:
        return Reply(200, self.console, {"Content-Type": "text/plain;charset=utf-8"})

    def _describe(self, _: Asked) -> Reply:
        if self.stages is None:
            return Reply(404, b"<html>no such page</html>")
        return Reply(200, {"stages": self.stages})
