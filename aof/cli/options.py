"""Options and value types several verbs share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from aof.errors import UsageFault


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


DURATION = _Duration()

output_option = click.option(
    "-o",
    "--output",
    type=click.Choice(["text", "markdown", "json", "yaml"]),
    default="text",
    show_default=True,
    help="Format of the result on stdout.",
)


def parse_settings(pairs: Sequence[str]) -> dict[str, str]:
    """`KEY=VALUE` pairs as a mapping; `UsageFault` for anything else."""
    settings: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise UsageFault(f"--set {pair}: expected KEY=VALUE")
        settings[key] = value
    return settings
