"""Command groups whose commands are imported when they are run, not when help is shown."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import click

from aof.errors import did_you_mean


class LazyGroup(click.Group):
    """A group from a table: name -> (`module:attribute`, one line of help)."""

    def __init__(
        self, *args: Any, table: Mapping[str, tuple[str, str]] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.table = dict(table or {})

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.table:
            return None
        module, _, attribute = self.table[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in self.table.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0] if args else ""
        if name and not name.startswith("-") and name not in self.table:
            hint = did_you_mean(name, self.table).capitalize()
            ctx.fail(f"No such command '{name}'. {hint}".rstrip())
        return super().resolve_command(ctx, args)


class DefaultGroup(LazyGroup):
    """A lazy group that runs its first command when none of its names is given."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        known = {*self.table, "-h", "--help"}
        if not args or args[0] not in known:
            args = [next(iter(self.table)), *args]
        return super().parse_args(ctx, args)
