"""`aofctl analyze canary`: judge evidence, plan a rollout's power, calibrate, backtest.

Reads files and options, calls one function, prints, exits with the verdict.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from aof.cli.canary_files import limits_from, parse_stages, read_evidence, save_plot
from aof.cli.options import (
    DURATION,
    OUTPUT_FILE,
    PLOT_FILE,
    output_option,
    parse_settings,
)
from aof.cli.output import emit_as
from aof.errors import ExitCode, UsageFault
from aof.transport.files import write_atomically

if TYPE_CHECKING:
    from aof.analysis.canary import CanaryEvidence, CanaryLimits, Judgement

_FILE = click.Path(path_type=Path)
_MOST_RPS = 1e9
limit_option = click.option(
    "--limit",
    "limits",
    multiple=True,
    metavar="NAME=VALUE",
    help="Another limit, e.g. error_rise_abs=0.002; repeats. `docs/canary.md` lists them.",
)


class _JudgeByDefault(click.Group):
    """`analyze canary FILE` judges; `analyze canary power` and the like are commands."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ("--help", "-h"):
            args = ["judge", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_JudgeByDefault)
def canary() -> None:
    """Judge a canary: `analyze canary FILE`, or one of the commands below.

    `analyze canary judge --help` lists the options of judging; the word itself may be left out.

    \b
    Examples:
      aofctl analyze canary evidence.json
      aofctl analyze canary evidence.json -o json --plot rollout.svg
      aofctl analyze canary --from-prometheus --app shop --export evidence.json
      aofctl analyze canary power --rps 100 --baseline-error 0.001
    """


@canary.command("judge")
@click.argument("file", required=False, type=_FILE)
@click.option("--from-prometheus", is_flag=True, help="Measure instead of reading FILE.")
@click.option("--app", default="", help="App to measure, with --from-prometheus.")
@click.option(
    "--with",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="A setting of the canary playbook, e.g. version_label=release; repeats.",
)
@click.option(
    "--stages",
    default="",
    metavar="PLAN",
    help="Percent on the canary and length of each stage, e.g. 10:10m,50:20m,100:30m.",
)
@click.option("--end", default="", help="Measure up to this moment (RFC 3339); now when empty.")
@click.option("--duration", default=1800.0, type=DURATION, help="Measure so long, e.g. 30m.")
@click.option(
    "--export",
    type=OUTPUT_FILE,
    metavar="FILE",
    help="Write the evidence that was judged; its folder must exist.",
)
@limit_option
@click.option(
    "--plot",
    type=PLOT_FILE,
    metavar="FILE",
    help="Draw both versions, stages and decision as NAME.svg or NAME.png; its folder must exist.",
)
@click.option(
    "--html",
    type=OUTPUT_FILE,
    metavar="FILE",
    help="Write report and picture as one page; its folder must exist.",
)
@click.option("--fail-on", type=click.Choice(["warn", "never"]), default=None)
@output_option
def judge_command(
    *,
    file: Path | None,
    from_prometheus: bool,
    app: str,
    settings: tuple[str, ...],
    stages: str,
    end: str,
    duration: float,
    export: Path | None,
    limits: tuple[str, ...],
    plot: Path | None,
    html: Path | None,
    fail_on: str | None,
    output: str,
) -> None:
    """Judge the evidence in FILE (JSON; `-` is standard input) or in Prometheus.

    Exits 0 for PROCEED, 1 for NO-GO and ROLLBACK, 3 for HOLD.

    \b
    Examples:
      aofctl analyze canary evidence.json --html report.html
      aofctl analyze canary --from-prometheus --app shop --duration 40m
      aofctl analyze canary --from-prometheus --app shop --with canary=v2 --with baseline=v1
    """
    from aof.analysis.canary import judge
    from aof.analysis.canary.markdown import as_markdown

    if from_prometheus == (file is not None):
        raise UsageFault("give either FILE or --from-prometheus")
    if file is not None and (app or settings or stages or end):
        raise UsageFault("--app, --with, --stages and --end belong to --from-prometheus")
    chosen = limits_from(limits)
    if file is not None:
        evidence = read_evidence(file)
    else:
        from aof.cli.canary_prometheus import measure

        asked: dict[str, object] = {**parse_settings(settings, "--with")}
        if stages:
            asked["stages"] = parse_stages(stages)
        evidence = measure(app, asked, end=end, duration_s=duration)
    if export is not None:
        from aof.cli.canary_files import write_evidence

        write_evidence(export, evidence)
    judgement = judge(evidence, chosen)
    markdown = as_markdown(judgement)
    if output == "text":
        from aof.playbooks.canary_chart import sparklines

        lines = sparklines(evidence)
        markdown += f"\n```\n{lines}\n```\n" if lines else ""
    elif plot is not None:
        markdown += f"\n![Canary against baseline]({plot.as_posix()})\n"
    emit_as(judgement.as_dict(), output, markdown=markdown)
    if plot is not None or html is not None:
        _draw(plot, html, evidence, judgement, chosen)
    raise click.exceptions.Exit(int(_exit_code(judgement.verdict.exit_code, fail_on, judgement)))


def _draw(
    plot: Path | None,
    html: Path | None,
    evidence: CanaryEvidence,
    judgement: Judgement,
    limits: CanaryLimits,
) -> None:
    from aof.analysis.canary.markdown import as_markdown
    from aof.cli.canary_page import as_page
    from aof.playbooks.canary_chart import rollout_svg

    picture = rollout_svg(evidence, judgement, limits)
    if plot is not None:
        save_plot(plot, picture)
    if html is not None:
        page = as_page(judgement.summary, as_markdown(judgement), picture)
        write_atomically(html, page.encode())


def _exit_code(code: ExitCode, fail_on: str | None, judgement: object) -> ExitCode:
    if fail_on == "never":
        return ExitCode.OK
    if fail_on == "warn" and getattr(judgement, "verdict", "") == "warn":
        return ExitCode.STOP
    return code


@canary.command()
@click.option("--rps", required=True, type=float, help="Requests a second, both versions together.")
@click.option(
    "--baseline-error", required=True, type=float, help="The stable version's error rate, 0 to 1."
)
@click.option(
    "--stages",
    default="5:5m,25:10m,50:15m",
    show_default=True,
    help="Percent on the canary and length of each stage.",
)
@limit_option
@click.option(
    "--plot",
    type=PLOT_FILE,
    metavar="FILE",
    help="Draw the table as NAME.svg or NAME.png; its folder must exist.",
)
@output_option
def power(
    *,
    rps: float,
    baseline_error: float,
    stages: str,
    limits: tuple[str, ...],
    plot: Path | None,
    output: str,
) -> None:
    """Say before a rollout which rises of the error rate this plan can detect, and when.

    \b
    Examples:
      aofctl analyze canary power --rps 20 --baseline-error 0.001
      aofctl analyze canary power --rps 20 --baseline-error 0.01 \\
        --stages 10:20m,50:40m --plot power.png
    """
    from aof.analysis.canary.power import power_of

    if not 0 < baseline_error < 1 or not 0 < rps <= _MOST_RPS:
        raise UsageFault(
            "--baseline-error must lie between 0 and 1, --rps above 0",
            why=f"given: {baseline_error:g} and {rps:g}",
            fix="a share, not percent: 1 % is 0.01",
        )
    plan = parse_stages(stages)
    if all(stage.weight >= 1 for stage in plan):
        raise UsageFault(
            f"--stages {stages}: nothing is compared where all traffic is on the canary",
            fix="give a stage below 100 %, e.g. 50:15m",
        )
    found = power_of(plan, rps, baseline_error, limits_from(limits))
    emit_as(found.as_dict(), output, markdown=found.markdown())
    if plot is not None:
        from aof.playbooks.canary_chart import power_svg

        save_plot(plot, power_svg(found))


@canary.command()
@click.argument("files", nargs=-1, type=_FILE)
@click.option("--from-prometheus", is_flag=True, help="Measure the pods of the stable version.")
@click.option("--app", default="", help="App to measure, with --from-prometheus.")
@click.option(
    "--with",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="A setting of the canary playbook; repeats.",
)
@click.option("--end", default="", help="Measure up to this moment (RFC 3339); now when empty.")
@click.option("--duration", default=86400.0, type=DURATION, help="Measure so long, e.g. 24h.")
@limit_option
@output_option
def calibrate(
    *,
    files: tuple[Path, ...],
    from_prometheus: bool,
    app: str,
    settings: tuple[str, ...],
    end: str,
    duration: float,
    limits: tuple[str, ...],
    output: str,
) -> None:
    """Judge the stable version against itself: how often is that wrong here?

    FILES hold evidence whose two arms both ran the stable version, e.g. two halves of its
    pods. Exits 0 when automatic rollback may be recommended, 1 when it is wrong too often,
    3 when there is too little to tell.

    \b
    Examples:
      aofctl analyze canary calibrate --from-prometheus --app shop --duration 24h
      aofctl analyze canary calibrate halves-monday.json halves-tuesday.json
    """
    from aof.analysis.canary.calibration import calibrate as calibrate_on

    if from_prometheus == bool(files):
        raise UsageFault("give either FILES or --from-prometheus")
    if files and (app or settings or end):
        raise UsageFault("--app, --with and --end belong to --from-prometheus")
    if files:
        evidence = [read_evidence(file) for file in files]
    else:
        from aof.cli.canary_prometheus import measure_halves

        asked = parse_settings(settings, "--with")
        evidence = [measure_halves(app, asked, end=end, duration_s=duration)]
    windows = [window for one in evidence for window in one.windows]
    found = calibrate_on(windows, limits_from(limits))
    emit_as(found.as_dict(), output, markdown=found.markdown())
    raise click.exceptions.Exit(int(found.verdict.exit_code))


@canary.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@limit_option
@output_option
def backtest(*, folder: Path, limits: tuple[str, ...], output: str) -> None:
    """Judge recorded rollouts again and print how often that is wrong.

    Evidence files in FOLDER/healthy should not be stopped, those in FOLDER/bad should be;
    files anywhere else are shown and not counted. `analyze canary --export` writes such files.

    \b
    Examples:
      aofctl analyze canary backtest rollouts/
      aofctl analyze canary backtest rollouts/ --limit error_rise_rel=0.4
    """
    from aof.analysis.canary.backtest import backtest_of

    recorded = [
        (path.relative_to(folder).as_posix(), read_evidence(path))
        for path in sorted(folder.rglob("*.json"))
    ]
    if not recorded:
        raise UsageFault(f"{folder} holds no evidence files (*.json)")
    found = backtest_of(recorded, limits_from(limits))
    emit_as(found.as_dict(), output, markdown=found.markdown())
