"""Entry point of `aofctl`."""

from __future__ import annotations

import click

from aof import __version__


@click.group()
@click.version_option(__version__, prog_name="aofctl")
def main() -> None:
    """Judge deployments, pipelines, drift and releases."""
