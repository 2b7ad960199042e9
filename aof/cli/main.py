"""Entry point of `aofctl`: the table of verbs, and where failures become exit codes."""

from __future__ import annotations

import os
import signal
import sys
from itertools import pairwise

import click

from aof import __version__
from aof.cli.lazy import DefaultGroup, LazyGroup
from aof.cli.output import emit, emit_error, notice, survive_odd_streams
from aof.errors import AofError, ExitCode, InternalFault, Interrupted, UsageFault

RUN = {
    "agent": ("aof.cli.run_agent:run_agent", "Run one agent and exit with its verdict."),
    "fleet": ("aof.cli.run_fleet:run_fleet", "Run several agents; the strictest verdict wins."),
}
ANALYZE: dict[str, tuple[str, str]] = {
    "canary": ("aof.cli.analyze_canary:canary", "Judge a canary; power, calibrate, backtest."),
    "drift": ("aof.cli.analyze_drift:drift", "Compare manifests with live objects."),
    "log": ("aof.cli.analyze_log:log", "Find the line that broke a build."),
    "release": ("aof.cli.analyze_release:release", "Next version and changelog of a repository."),
}
"""Each analysis: name -> (`module:attribute`, one line of help)."""
TEST = {
    "run": ("aof.cli.test:test", "Run scenarios; the default: aofctl test [PATH...]"),
    "workflow": ("aof.cli.test_workflow:workflow", "Run a workflow against mocks with state."),
    "from-run": ("aof.cli.test_from_run:from_run", "Write a test from a recorded run."),
}
COMMANDS = {
    "run": ("aof.cli.main:run", "Run an agent or a fleet."),
    "test": ("aof.cli.main:test", "Run the scenario tests of agents."),
    "validate": ("aof.cli.validate:validate", "Check manifests; prints every problem."),
    "get": ("aof.cli.get:get", "List agents, tools, triggers, fleets, runs or plans."),
    "describe": ("aof.cli.describe:describe", "Show one agent, tool or playbook."),
    "analyze": ("aof.cli.main:analyze", "One analysis alone, without an agent."),
    "approvals": ("aof.cli.approvals:approvals", "List plans that wait, or show one."),
    "approve": ("aof.cli.approvals:approve", "Approve a plan."),
    "reject": ("aof.cli.approvals:reject", "Reject a plan."),
    "apply": ("aof.cli.apply:apply", "Carry an approved plan out."),
    "audit": ("aof.cli.audit:audit", "Verify, show, export, sign or compare what runs did."),
    "policy": ("aof.cli.policy:policy", "Test policies, or show which hold here."),
    "chat": ("aof.cli.chat:chat", "Talk with an agent."),
    "mcp": ("aof.cli.mcp:mcp", "Serve analyses and agents to other assistants (MCP)."),
    "doctor": ("aof.cli.doctor:doctor", "What is configured, reachable and missing."),
}


@click.group(
    cls=LazyGroup, table=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, prog_name="aofctl")
def cli() -> None:
    """Judge deployments, pipelines, drift and releases.

    Code decides, the model explains: every verdict is computed from evidence, works
    without a key, and ends in an exit code a pipeline can act on.

    \b
    Examples:
      aofctl run agent library/cicd/deployment-guardian "Validate canary of myapp"
      aofctl validate library/
      aofctl doctor
    """


@click.group(cls=LazyGroup, table=RUN)
def run() -> None:
    """Run an agent or a fleet."""


@click.group(cls=DefaultGroup, table=TEST)
def test() -> None:
    """Scenario tests of agents: offline, in milliseconds.

    \b
    Examples:
      aofctl test library/
      aofctl test library/ -k rollback -j 2 --junit results.xml
      aofctl test from-run 20261120-134500-9f31c2
    """


@click.group(cls=LazyGroup, table=ANALYZE)
def analyze() -> None:
    """One analysis alone, without an agent: files in, judgement out."""


def main() -> None:
    """Run the command line and exit with the code of `aof.errors.ExitCode`."""
    # Looking for pydantic plugins costs 40 ms of CPU at every start; we use none.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    survive_odd_streams()
    _end_in_order()
    arguments = [_readable(argument) for argument in sys.argv[1:]]
    output = "json" if _asks_for_json(arguments) else "text"
    try:
        code = cli.main(args=arguments, prog_name="aofctl", standalone_mode=False)
    except click.exceptions.Exit as error:
        code = error.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        # `aofctl` alone asks for help; `aofctl audit` alone is a command half typed.
        (notice if arguments else emit)(error.format_message())
        code = ExitCode.USAGE if arguments else ExitCode.OK
    except click.ClickException as error:
        code = _report(_usage(error), output)
    except (KeyboardInterrupt, click.Abort):
        code = _report(Interrupted("interrupted"), output)
    except AofError as error:
        code = _report(error, output)
    except OSError as error:
        code = _report(_environment(error), output)
    except Exception as error:
        if os.environ.get("AOF_DEBUG"):
            raise
        code = _report(_internal(error), output)
    sys.exit(int(code or 0))


def _end_in_order() -> None:
    """Let SIGTERM and SIGHUP, by which CI systems and terminals end us, do what Ctrl-C does.

    Logs are closed, child processes ended and temporary folders removed.
    """
    for name in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(name) is signal.SIG_DFL:  # nohup has it ignored
            signal.signal(name, signal.default_int_handler)


def _asks_for_json(arguments: list[str]) -> bool:
    pairs = pairwise([*arguments, ""])
    return any(
        (flag in {"-o", "--output"} and value == "json") or flag in {"-ojson", "--output=json"}
        for flag, value in pairs
    )


def _report(error: AofError, output: str) -> ExitCode:
    emit_error(error, output)
    return error.exit_code


def _usage(error: click.ClickException) -> UsageFault:
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "aofctl"
    return UsageFault(error.format_message(), fix=f"see: {command} --help")


def _environment(error: OSError) -> UsageFault:
    """A disk, folder or stream that does not let us work is no bug of ours."""
    what = error.strerror or str(error)
    return UsageFault(
        f"{error.filename}: {what}" if error.filename else what,
        why="the system refused it",
        fix="check permissions and free space, or work in another folder",
    )


def _readable(argument: str) -> str:
    """An argument whose bytes are not UTF-8, with those bytes replaced."""
    return argument.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _internal(error: Exception) -> InternalFault:
    if not isinstance(error, AofError):
        notice("This is a bug in aofctl. What a plan had begun shows: aofctl approvals show PLAN")
    return InternalFault(
        f"internal fault: {type(error).__name__}: {error}",
        why="a bug in aofctl",
        fix="run again with AOF_DEBUG=1 for the traceback and report it with that",
    )
