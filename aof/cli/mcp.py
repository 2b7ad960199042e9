"""`aofctl mcp`: our analyses and read-only agents as an MCP server, for other assistants.

Each tool is a command of ours in a process of its own, with its JSON as the answer: an
assistant gets what a person would, and a fault or a huge log stays outside the server.
Nothing it offers changes anything: agents run with `--dry-run` and without a model.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aof.cli.output import notice
from aof.errors import ExitCode, NotBound

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer

_COMMAND = [sys.executable, "-c", "from aof.cli.main import main; main()"]
_RESULTS = frozenset({ExitCode.OK, ExitCode.STOP, ExitCode.INCONCLUSIVE, ExitCode.PENDING})
_TIMEOUT_S = 300.0
_LIBRARY = (
    "library/cicd/deployment-guardian",
    "library/cicd/pipeline-doctor",
    "library/cicd/drift-detector",
    "library/cicd/release-manager",
)


@click.command()
@click.option("--http", "port", type=int, help="Serve streamable HTTP on this loopback port.")
@click.option(
    "--agent", "agents", multiple=True, default=_LIBRARY, help="An agent to offer; repeats."
)
def mcp(*, port: int | None, agents: tuple[str, ...]) -> None:
    """Serve the analyses and agents to other assistants, on standard input and output.

    Files are read below the working directory only. Nothing offered changes anything.

    \b
    Examples:
      aofctl mcp
      aofctl mcp --http 8765 --agent library/cicd/pipeline-doctor
    """
    server = build_server(Path.cwd(), agents)
    if port is None:
        server.run("stdio")
    else:
        notice(f"serving MCP on http://127.0.0.1:{port}/mcp")
        server.run("streamable-http", host="127.0.0.1", port=port)


def build_server(root: Path, agents: Sequence[str]) -> MCPServer:
    """The server with its tools.

    Args:
        root: Files outside this folder are not read.
        agents: References of the agents that can be run.

    Raises:
        NotBound: The extra `mcp` is not installed.
    """
    try:
        from mcp.server.mcpserver import MCPServer
    except ImportError as error:
        raise NotBound(
            "serving MCP needs the extra 'mcp'", why=str(error), fix="pip install 'aof[mcp]'"
        ) from error
    server = MCPServer("aof", log_level="ERROR", instructions=_INSTRUCTIONS)
    tools = _Tools(root.resolve(), tuple(agents))
    for tool in (
        tools.analyze_log,
        tools.analyze_canary,
        tools.analyze_drift,
        tools.analyze_release,
        tools.list_agents,
        tools.run_agent,
    ):
        server.add_tool(tool, structured_output=False)
    return server


_INSTRUCTIONS = (
    "Deterministic answers about builds, deployments, drift and releases. Ask analyze_log for "
    "the line that broke a build instead of reading the log. Nothing here changes anything."
)


class _Tools:
    """What the server offers; names and docstrings are what assistants see."""

    def __init__(self, root: Path, agents: tuple[str, ...]) -> None:
        self._root = root
        self._agents = agents

    async def analyze_log(self, path: str = "", text: str = "") -> str:
        """Find the line that broke a build: its text, step, location, category and excerpt.

        Give the path of a log (plain or gzip, any size) or its text.
        """
        if bool(path) == bool(text):
            raise _refused("give either path or text")
        file = "-" if text else str(self._inside(path))
        return await self._run(["analyze", "log", "-o", "json", "--", file], stdin=text)

    async def analyze_canary(self, evidence: dict[str, Any]) -> str:
        """Judge a canary by counts per window: PROCEED, HOLD, NO-GO or ROLLBACK, and why.

        `evidence` is aof.dev/canary-evidence/v1: {"windows": [{"start", "seconds", "weight",
        "baseline": {"requests", "errors"}, "canary": {...}}]}.
        """
        argv = ["analyze", "canary", "judge", "-o", "json", "--", "-"]
        return await self._run(argv, stdin=json.dumps(evidence))

    async def analyze_drift(self, desired: str, live: str, last_synced: str = "") -> str:
        """Compare manifests with live objects: what differs, who changed it, does it matter.

        All three are YAML or JSON texts; `live` as from kubectl get -o yaml
        --show-managed-fields; `last_synced` the manifests of the last sync, if known.
        """
        given = {"desired": desired, "live": live, "last-synced": last_synced}
        with tempfile.TemporaryDirectory() as folder:
            argv = ["analyze", "drift", "-o", "json"]
            for name, text in given.items():
                if text:
                    file = Path(folder, f"{name}.yaml")
                    file.write_text(text, encoding="utf-8")
                    argv += [f"--{name}", str(file)]
            return await self._run(argv)

    async def analyze_release(self, repository: str = ".") -> str:
        """Compute a clone's next semantic version and the changelog it would get."""
        folder = str(self._inside(repository))
        return await self._run(["analyze", "release", "--no-fetch", "-o", "json", "--repo", folder])

    async def list_agents(self) -> str:
        """List the agents that run_agent can run."""
        return json.dumps(self._agents)

    async def run_agent(
        self, agent: str, request: str = "", settings: dict[str, str] | None = None
    ) -> str:
        """Run an agent without changing anything: its verdict, findings, evidence and report.

        `settings` are its `--set` values, such as {"run": "4711"}.
        """
        if agent not in self._agents:
            raise _refused(f"there is no agent '{agent}'; there are: {', '.join(self._agents)}")
        pairs = [f"--set={name}={value}" for name, value in (settings or {}).items()]
        argv = ["run", "agent", "--llm=off", "--dry-run", "-o", "json", *pairs, "--", agent]
        return await self._run([*argv, request])

    def _inside(self, path: str) -> Path:
        """`path` below the root, links followed; anything else is refused."""
        found = (self._root / path).resolve()
        if not found.is_relative_to(self._root):
            raise _refused(f"'{path}' is outside of {self._root}")
        return found

    async def _run(self, argv: Sequence[str], *, stdin: str = "") -> str:
        """The JSON a command of ours prints; its failure as a failure of the tool."""
        from aof.transport.process import run

        done = await asyncio.to_thread(
            run,
            [*_COMMAND, *argv],
            cwd=self._root,
            env=_environment(os.environ),
            input_bytes=stdin.encode(),
            timeout_s=_TIMEOUT_S,
        )
        if done.returncode not in _RESULTS:
            raise _refused(done.text() or done.stderr.decode("utf-8", "replace"))
        return done.text()


def _environment(environment: Mapping[str, str]) -> dict[str, str]:
    return {**environment, "NO_COLOR": "1"}


def _refused(words: str) -> Exception:
    from mcp.server.mcpserver.exceptions import ToolError

    refused: Exception = ToolError(words[:4000])
    return refused
