"""`aofctl analyze log`: the line that broke a build, from the log of its pipeline."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from aof.cli.output import emit, emit_as, emit_command, notice
from aof.errors import ExitCode


@click.command()
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("-o", "--output", type=click.Choice(["text", "json", "markdown"]), default="text")
@click.option(
    "--annotate",
    type=click.Choice(["github", "gitlab", "sarif"]),
    help="Print annotations for the source lines instead of the diagnosis.",
)
@click.option(
    "--changed-file",
    "changed_files",
    multiple=True,
    help="A path changed since the last green run; failures in it count more. Repeatable.",
)
@click.option(
    "--matchers",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(".github"),
    show_default=True,
    help="Folder with problem matchers (JSON) to use beside the shipped rules.",
)
def log(
    *,
    file: Path,
    output: str,
    annotate: str | None,
    changed_files: tuple[str, ...],
    matchers: Path,
) -> None:
    """Find the line that broke a build in FILE, or in standard input when FILE is "-".

    Reads logs of GitHub Actions, GitLab CI, Jenkins, Travis and others, plain or gzip,
    UTF-8 or UTF-16, of any size. Exits 0 with a diagnosis or when the log passed, 3 when a
    failed log shows no failure that is recognised.

    \b
    Examples:
      gh run view --log-failed | aofctl analyze log -
      aofctl analyze log build.log.gz -o json
      aofctl analyze log build.log --annotate github
    """
    from aof.analysis.ci_log import diagnose
    from aof.playbooks.problem_matchers import rules_with
    from aof.transport.files import open_log, spool_log

    if str(file) == "-":
        buffer = spool_log(iter(lambda: sys.stdin.buffer.read(1 << 20), b""))
    else:
        buffer = open_log(file)
    rules, problems = rules_with(matchers)
    for problem in problems:
        notice(problem)
    diagnosis = diagnose(buffer, changed_files, rules=rules)
    if annotate is not None:
        from aof.analysis.ci_log.annotations import FORMATS

        emit_command(FORMATS[annotate](diagnosis))
    else:
        from aof.analysis.ci_log.markdown import as_markdown, as_text

        if output == "text":
            emit(as_text(diagnosis))
        else:
            emit_as(diagnosis.as_dict(), output, markdown=as_markdown(diagnosis))
    known = diagnosis.outcome == "passed" or diagnosis.recognised
    raise click.exceptions.Exit(int(ExitCode.OK if known else ExitCode.INCONCLUSIVE))
