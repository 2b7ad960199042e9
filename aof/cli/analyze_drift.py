"""`aofctl analyze drift`: compare manifests with what the cluster has, from files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from aof.cli.output import emit, emit_as, notice
from aof.errors import ExitCode, UsageFault

_EXIT_CODES = {
    "DRIFT": ExitCode.STOP,
    "UNKNOWN": ExitCode.INCONCLUSIVE,
    "CLEAN": ExitCode.OK,
}
_FILE = click.Path(path_type=Path, allow_dash=True)


@click.command()
@click.option("--desired", multiple=True, required=True, type=_FILE, help="Manifests at HEAD.")
@click.option(
    "--live",
    multiple=True,
    required=True,
    type=_FILE,
    help="What the cluster has: kubectl get -o yaml --show-managed-fields.",
)
@click.option(
    "--last-synced", multiple=True, type=_FILE, help="Manifests at the last-synced revision."
)
@click.option(
    "--sync-status",
    type=str,
    help="How the last sync went: a file with an Argo CD Application, a Flux Kustomization "
    "or {phase, message}; or one word: failed, running, succeeded.",
)
@click.option(
    "--ignore",
    "ignore_files",
    multiple=True,
    type=_FILE,
    help="Argo CD's or Flux' ignore rules: an Application, a HelmRelease, or the list alone.",
)
@click.option("--audit-log", type=_FILE, help="Audit log of the API server, JSON lines.")
@click.option("--manager", help="Field manager of the GitOps tool, if it is not a known one.")
@click.option(
    "--ownership", type=_FILE, help="More field managers: {human: [...], gitops: [...], ...}."
)
@click.option("--namespace", default="", help="Namespace of manifests that name none.")
@click.option("-o", "--output", type=click.Choice(["text", "json", "markdown"]), default="text")
def drift(
    *,
    desired: tuple[Path, ...],
    live: tuple[Path, ...],
    last_synced: tuple[Path, ...],
    sync_status: str | None,
    ignore_files: tuple[Path, ...],
    audit_log: Path | None,
    manager: str | None,
    ownership: Path | None,
    namespace: str,
    output: str,
) -> None:
    """Compare manifests with live objects; exits 1 when a person should hear of it.

    Exits 3 when live objects came without managedFields and hold containers, variables or
    other list items that Git does not declare: nobody can tell whose they are.

    Files may be YAML with several documents, JSON, or kubectl's lists; a folder stands for
    all manifests below it, built when it has a kustomization or a chart.

    \b
    Examples:
      kubectl get deploy,svc,cm -n shop -o yaml --show-managed-fields > live.yaml
      aofctl analyze drift --desired k8s/ --live live.yaml
      aofctl analyze drift --desired D.yaml --live L.yaml --last-synced B.yaml -o json
    """
    from aof.analysis.drift import compare_all
    from aof.analysis.drift.ignores import read_ignores
    from aof.analysis.drift.markdown import as_markdown, as_text
    from aof.analysis.drift.tables import shipped_tables
    from aof.playbooks.drift_ignores import resolved_ignores
    from aof.transport.kubernetes_documents import (
        read_events,
        read_given,
        read_value,
        require_objects,
    )

    names = ", ".join(map(str, desired))
    wanted = require_objects(_all(desired, _folder_or_file), names)
    found = _all(live, read_given)
    status = _status(sync_status, read_value)
    tables = shipped_tables()
    if ownership is not None:
        tables = tables.with_owners(_owners(read_value(ownership), ownership))
    sources = [status, *(read_value(path) for path in ignore_files)]
    rules = [rule for source in sources for rule in read_ignores(source)]
    resolved, problems = resolved_ignores(rules, wanted, found)
    for problem in problems:
        notice(f"not evaluated, so nothing is ignored by it: {problem}")
    report = compare_all(
        wanted,
        found,
        _all(last_synced, _folder_or_file) if last_synced else None,
        sync_status=status,
        manager=manager,
        ignores=rules,
        resolved=resolved,
        audit=read_events(audit_log) if audit_log is not None else (),
        tables=tables,
        default_namespace=namespace,
    )
    if output == "text":
        emit(as_text(report))
    else:
        emit_as(report.as_dict(clean_too=True), output, markdown=as_markdown(report))
    raise click.exceptions.Exit(int(_EXIT_CODES[report.decision]))


def _all(paths: tuple[Path, ...], read: Any) -> list[dict[str, Any]]:
    return [obj for path in paths for obj in read(path)]


def _status(given: str | None, read_value: Any) -> Any:
    if given is None or not Path(given).exists():
        from aof.analysis.drift.sync_status import SyncPhase, read_sync_status

        if given is not None and read_sync_status(given).phase is SyncPhase.UNKNOWN:
            raise UsageFault(
                f"--sync-status {given}: neither a file nor a phase",
                fix="give a file, or one of failed, running, succeeded",
            )
        return given
    return read_value(Path(given))


def _owners(value: Any, path: Path) -> dict[str, list[str]]:
    roles = {"human", "gitops", "controller", "history"}
    if not isinstance(value, dict) or not roles.issuperset(value):
        raise UsageFault(
            "the ownership file must map human, gitops or controller to lists of field managers",
            file=str(path),
        )
    return {role: [str(name) for name in names or []] for role, names in value.items()}


def _folder_or_file(path: Path) -> list[dict[str, Any]]:
    from aof.transport.kubernetes_documents import read_objects
    from aof.transport.rendered_manifests import render_folder

    return read_objects(path) if str(path) == "-" else render_folder(path)
