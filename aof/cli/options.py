"""Options and value types several verbs share."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from aof.errors import UsageFault

if TYPE_CHECKING:
    from aof.playbooks.base import Playbook


class _Duration(click.ParamType[float]):
    name = "duration"

    def convert(self, value: Any, param: Any, ctx: Any) -> float:
        from aof.manifests.base import duration_s

        if isinstance(value, int | float):
            return float(value)
        try:
            return duration_s(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class _OutputFile(click.ParamType[Path]):
    """A file to write when the work is done; what would stop that is said before it begins."""

    name = "file"

    def convert(self, value: Any, param: Any, ctx: Any) -> Path:
        path = Path(value)
        if not path.parent.is_dir():
            self.fail(f"there is no folder '{path.parent}'; create it first", param, ctx)
        if path.exists() and (not path.is_file() or path.is_relative_to("/dev")):
            self.fail(f"'{path}' is no regular file; results go to standard output", param, ctx)
        if not os.access(path.parent, os.W_OK | os.X_OK):
            self.fail(f"the folder '{path.parent}' cannot be written to", param, ctx)
        return path


class _PlotFile(_OutputFile):
    """A picture to write: SVG, or PNG where that can be drawn."""

    def convert(self, value: Any, param: Any, ctx: Any) -> Path:
        path = super().convert(value, param, ctx)
        if path.suffix.lower() not in (".svg", ".png"):
            self.fail(f"'{path}' is neither NAME.svg nor NAME.png", param, ctx)
        if path.suffix.lower() == ".png":
            from aof.plots.raster import require_png

            require_png()
        return path


DURATION = _Duration()
OUTPUT_FILE = _OutputFile()
PLOT_FILE = _PlotFile()
_Command = TypeVar("_Command", bound=Callable[..., Any])

output_option = click.option(
    "-o",
    "--output",
    type=click.Choice(["text", "markdown", "json", "yaml"]),
    default="text",
    show_default=True,
    help="Format of the result on stdout.",
)


def parse_settings(pairs: Sequence[str], option: str = "--set") -> dict[str, str]:
    """`KEY=VALUE` pairs as a mapping; `UsageFault` naming `option` for anything else."""
    settings: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise UsageFault(f"{option} {pair}: expected KEY=VALUE")
        settings[key] = value
    return settings


def refuse_unknown(settings: Mapping[str, str], playbooks: Sequence[Playbook | None]) -> None:
    """`UsageFault` for a `--set` that none of the agents would read."""
    from aof.playbooks.base import unknown_settings

    for problem in unknown_settings(settings, playbooks):
        raise problem


_RUN_OPTIONS = (
    click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="KEY=VALUE",
        help="A setting of the playbook; repeats. Which: aofctl describe agent REF.",
    ),
    click.option(
        "--llm",
        type=click.Choice(["auto", "off", "require"]),
        default="auto",
        show_default=True,
        help="Use the model when it is available, never, or fail without it.",
    ),
    click.option(
        "--model", default="", metavar="PROVIDER:MODEL", help="Instead of the agent's own."
    ),
    click.option(
        "--max-cost",
        type=click.FloatRange(min=0),
        metavar="USD",
        help="Most the model may cost in this run.",
    ),
    click.option(
        "--max-total-tokens",
        type=click.IntRange(min=1),
        help="Most tokens of the model in this run.",
    ),
    click.option(
        "--strict-evidence", is_flag=True, help="Claims of the model without evidence warn."
    ),
    output_option,
    click.option("--output-file", type=OUTPUT_FILE, help="Write the result here too."),
    click.option("--fail-on", type=click.Choice(["warn", "never"]), default=None),
    click.option(
        "--wait",
        type=DURATION,
        default=0.0,
        help="Keep looking for so long (10m) until it is firm.",
    ),
    click.option(
        "--require-measured",
        is_flag=True,
        help="Refuse numbers typed into the request; those of a server or a file count.",
    ),
    click.option("--dry-run", is_flag=True, help="Show the plan; store and ask nothing."),
)


def run_options(command: _Command) -> _Command:
    """What every command that runs agents can be told."""
    for option in reversed(_RUN_OPTIONS):
        command = option(command)
    return command
