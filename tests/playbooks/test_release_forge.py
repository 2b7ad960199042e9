"""What a plan assumes of a forge holds when it is applied with the token for changes."""

from typing import Any, cast

import jmespath
import pytest

from aof.messages import ToolCall, ToolResult
from aof.plans import Action, digest
from aof.playbooks.base import Calls
from aof.playbooks.release_forge import Forge
from aof.tools.base import Tool
from aof.tools.github_actions import GithubActions
from tests.servers import github

TAG = "v1.2.0"


class Direct:
    """`Calls` straight to one tool."""

    def __init__(self, tool: Tool) -> None:
        self._tool = tool

    def read(self, tool: str, operation: str, /, **arguments: Any) -> ToolResult:
        output = self._tool.invoke(operation, arguments)
        call = ToolCall("c1", tool, operation, arguments)
        return ToolResult(call, ok=True, summary=output.summary, data=output.data)

    def action(self, tool: str, operation: str, arguments: Any, **fields: Any) -> Action:
        return Action(
            id="a1", tool=tool, operation=operation, arguments=arguments, command="-", **fields
        )


@pytest.mark.parametrize("interrupted", [False, True])
def test_a_draft_the_planner_cannot_see_breaks_no_plan(interrupted: bool) -> None:
    server = github.GithubServer()
    server.changes.annotated[TAG] = github.SHA
    if interrupted:
        server.changes.release(TAG)
    settings = {"GITHUB_TOKEN": github.READ_TOKEN, "GITHUB_REPOSITORY": github.REPO}
    with server.running():
        settings["GITHUB_API_URL"] = server.url
        planning = GithubActions.bind(settings)
        applying = GithubActions.bind({**settings, "GITHUB_TOKEN_WRITE": github.WRITE_TOKEN})
        forge = Forge(cast(Calls, Direct(planning)), "github_actions")
        for action in forge.publish(TAG, github.SHA, "v1.2.0", "notes", prerelease=False):
            for seen in action.assumes:
                data = applying.invoke(seen.operation, seen.arguments).data
                assert digest(jmespath.search(seen.path, data)) == seen.digest
            applying.invoke(action.operation, action.arguments)
            for check in action.verify:
                data = applying.invoke(check.operation, check.arguments).data
                assert jmespath.search(check.condition, data) is True
    assert [one["draft"] for one in server.changes.releases] == [False]
