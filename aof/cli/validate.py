"""`aofctl validate`: every problem in manifests and release settings, with file and line."""

from __future__ import annotations

import os
from pathlib import Path

import click

from aof.cli.output import emit, emit_json, notice
from aof.errors import AofError, ExitCode, ManifestError, UsageFault, VariableUnset


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text")
def validate(paths: tuple[Path, ...], output: str) -> None:
    """Check manifests in PATHS (files or folders; default: the working directory).

    Release settings are checked with them: .aof/release.yaml of each folder, or by name.

    Exits 2 when one is wrong. What only this machine lacks, such as a variable without a value,
    is a warning here and stops a run.

    \b
    Examples:
      aofctl validate library/
      aofctl validate my-agent.yaml -o json
    """
    from aof.validation import check_release_file, model_missing, release_files, validate_paths

    wanted = list(paths) or [Path()]
    missing = [UsageFault("no such file or folder", file=str(p)) for p in wanted if not p.exists()]
    if missing:
        raise ManifestError(list(missing))
    loaded, found = validate_paths(wanted, dict(os.environ))
    settings = release_files(wanted)
    found += [problem for one in settings for problem in check_release_file(one, settings)]
    warnings: list[AofError] = [one for one in found if isinstance(one, VariableUnset)]
    problems = [one for one in found if not isinstance(one, VariableUnset)]
    warnings += [one for item in loaded if (one := model_missing(item))]
    if output == "json":
        emit_json(
            {
                "manifests": [
                    {"kind": item.kind, "name": item.name, "file": str(item.path)}
                    for item in loaded
                ],
                "release_settings": [str(one) for one in settings],
                "problems": [problem.as_dict() for problem in problems],
                "warnings": [warning.as_dict() for warning in warnings],
            }
        )
        raise click.exceptions.Exit(int(ExitCode.USAGE if problems else ExitCode.OK))
    for warning in warnings:
        notice(f"warning: {warning}")
    if problems:
        raise ManifestError(problems)
    if not loaded and not settings:
        raise UsageFault("there are no manifests", why=f"searched {', '.join(map(str, wanted))}")
    for item in loaded:
        emit(f"ok  {item.kind} {item.name}  ({item.path})")
    for path in settings:
        emit(f"ok  release settings  ({path})")
