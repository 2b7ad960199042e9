"""What should run: one scope for each application, Kustomization, folder or set of files."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aof.analysis.drift.ignores import Ignore, read_ignores
from aof.errors import NotBound, UsageFault
from aof.playbooks.base import Calls
from aof.playbooks.drift_flux_build import FluxBuild
from aof.playbooks.drift_request import DriftRequest
from aof.transport.kubernetes_documents import require_objects
from aof.transport.kustomize import is_kustomization
from aof.transport.rendered_manifests import render_at, render_folder

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Scope:
    """What one comparison is about, before anybody looked at the cluster.

    Attributes:
        tool: `Argo CD`, `Flux`, `Git` or `files`.
        desired: Manifests that should run.
        last_synced: Manifests of the last sync; None when not known.
        status: How the last sync went, as the tool tells it.
        namespace: Of manifests that name none.
        manager: Field manager that applies them; empty for the usual ones.
        tracked: Labels and annotations the tool puts on what it applies.
        sync_command: What a person types to sync one object; `{object}` stands for it.
        look_command: What a person types to see why a sync failed.
    """

    name: str
    tool: str
    desired: Sequence[Object]
    last_synced: Sequence[Object] | None = None
    status: Mapping[str, Any] | None = None
    ignores: tuple[Ignore, ...] = ()
    namespace: str = ""
    manager: str = ""
    tracked: Mapping[str, str] = field(default_factory=dict)
    evidence: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    sync_command: str = ""
    look_command: str = ""


def scopes(calls: Calls, asked: DriftRequest, folder: Path, most: int) -> Iterator[Scope]:
    """Every scope the request means: Argo CD, else Flux, else a path of a clone.

    Raises:
        NotBound: Nothing says what should run.
    """
    if asked.path:
        yield _from_git(calls, asked, folder)
    elif calls.configured("argocd") and not asked.kustomizations:
        for name in _applications(calls, asked, most):
            yield _from_argocd(calls, name)
    elif calls.not_consulted("flux") is None:
        yield from _from_flux(calls, asked, folder, most)
    else:
        raise NotBound(
            "nothing says what should run",
            why=f"argocd: {calls.not_consulted('argocd') or 'not configured'}; "
            f"flux: {calls.not_consulted('flux')}",
            fix="set ARGOCD_SERVER and ARGOCD_TOKEN, or KUBECONFIG for Flux, or give "
            "--set path=k8s/ of a clone, or --set desired=FILE --set live=FILE",
        )


def _applications(calls: Calls, asked: DriftRequest, most: int) -> list[str]:
    if asked.argocd_apps:
        return list(asked.argocd_apps)
    listed = calls.read("argocd", "app_list").require()["applications"]
    names = [
        str(one["name"])
        for one in listed
        if not asked.namespace or (one.get("destination") or {}).get("namespace") == asked.namespace
    ]
    if not names:
        where = f" in namespace {asked.namespace}" if asked.namespace else ""
        raise UsageFault(
            f"Argo CD has no application{where}", fix="name one: --set argocd_apps=..."
        )
    if len(names) > most:
        calls.note(f"{len(names)} applications, looking at the first {most}")
    return names[:most]


def _from_argocd(calls: Calls, name: str) -> Scope:
    got = calls.read("argocd", "app_get", name=name)
    overview = got.require()
    application = overview["application"]
    head = calls.read("argocd", "app_manifests", name=name)
    desired = head.require()
    before, evidence, warnings = _argocd_before(calls, name, overview, desired)
    plain = str(overview.get("name") or name)
    return Scope(
        name=name,
        tool="Argo CD",
        desired=[one for one in desired["manifests"] if isinstance(one, dict)],
        last_synced=before,
        status=application,
        ignores=read_ignores(application),
        namespace=str((overview.get("destination") or {}).get("namespace") or ""),
        manager="argocd-controller",
        tracked={
            "argocd.argoproj.io/tracking-id": f"{plain}:",
            "app.kubernetes.io/instance": plain,
        },
        evidence=(got.evidence_id, head.evidence_id, *evidence),
        warnings=warnings,
        sync_command=f"argocd app sync {shlex.quote(name)} --resource {{object}}",
        look_command=f"argocd app get {shlex.quote(name)} --show-operation",
    )


def _argocd_before(
    calls: Calls, name: str, overview: Mapping[str, Any], desired: Mapping[str, Any]
) -> tuple[Sequence[Object] | None, tuple[str, ...], tuple[str, ...]]:
    """Manifests of the last successful sync: history holds no others."""
    history = (overview["application"].get("status") or {}).get("history") or []
    newest: Mapping[str, Any] = max(history, key=lambda one: int(one.get("id") or 0), default={})
    revision = str(newest.get("revision") or "")
    if not revision:
        return None, (), (f"{name}: the last-synced revision is not known",)
    if revision == desired.get("revision"):
        return list(desired["manifests"]), (), ()
    answer = calls.read("argocd", "app_manifests", name=name, revision=revision)
    if not answer.ok:
        return None, (), (f"{name}: manifests of {revision[:12]}: {answer.summary}",)
    return list(answer.data["manifests"]), (answer.evidence_id,), ()


def _from_flux(calls: Calls, asked: DriftRequest, folder: Path, most: int) -> Iterator[Scope]:
    wanted = asked.kustomizations or ("",)
    found: list[tuple[dict[str, Any], str]] = []
    for one in wanted:
        namespace, _, name = one.rpartition("/")
        answer = calls.read("flux", "get_kustomizations", name=name, namespace=namespace)
        found += [(item, answer.evidence_id) for item in answer.require()["kustomizations"]]
    if not found:
        raise UsageFault(
            "Flux has no Kustomization here", fix="name one: --set kustomizations=NS/NAME"
        )
    for item, evidence in found[:most]:
        yield _from_kustomization(calls, item, asked, folder, evidence)


def _from_kustomization(
    calls: Calls, item: Mapping[str, Any], asked: DriftRequest, folder: Path, evidence: str
) -> Scope:
    name, namespace = str(item["name"]), str(item["namespace"])
    spec = (item.get("object") or {}).get("spec") or {}
    repository = _clone(asked, folder)
    path = str(item.get("path") or ".")
    revision = _flux_head(calls, item) or asked.revision
    build = FluxBuild(calls, name, namespace, spec)
    desired = build.of(_rendered(calls, repository, revision, path))
    commit = str(item.get("commit") or "")
    before = build.of(_rendered(calls, repository, commit, path)) if commit else None
    recorded = calls.record("git", desired, about=f"{path} at {revision}")
    quoted, where = shlex.quote(name), f"-n {shlex.quote(namespace)}"
    return Scope(
        name=f"{namespace}/{name}",
        tool="Flux",
        desired=desired,
        last_synced=before,
        status=item.get("object"),
        ignores=read_ignores(item.get("object")),
        namespace=str(spec.get("targetNamespace") or asked.namespace),
        manager="kustomize-controller",
        tracked={
            "kustomize.toolkit.fluxcd.io/name": name,
            "kustomize.toolkit.fluxcd.io/namespace": namespace,
        },
        evidence=(evidence, recorded),
        warnings=tuple(build.warnings),
        sync_command=f"flux reconcile kustomization {quoted} {where} --with-source",
        look_command=f"flux logs --kind=Kustomization --name={quoted} {where}",
    )


def _flux_head(calls: Calls, item: Mapping[str, Any]) -> str:
    """The commit its source holds now: what Flux would apply next."""
    source = item.get("source") or {}
    if str(source.get("kind")) != "GitRepository":
        return ""
    answer = calls.read(
        "flux",
        "get_sources",
        kind="gitrepository",
        name=str(source.get("name") or ""),
        namespace=str(source.get("namespace") or ""),
    )
    sources = answer.data["sources"] if answer.ok else []
    return str(sources[0].get("commit") or "") if sources else ""


def _from_git(calls: Calls, asked: DriftRequest, folder: Path) -> Scope:
    repository = _clone(asked, folder)
    place = repository / asked.path
    in_clone = (repository / ".git").exists() or asked.revision != "HEAD" or bool(asked.last_synced)
    if in_clone:
        desired = _rendered(calls, repository, asked.revision, asked.path)
    else:
        desired = calls.given(str(place), lambda: render_folder(place))
    if not asked.last_synced:  # with a last sync, everything may have been removed from Git
        require_objects(desired, asked.path)
    before = None
    if asked.last_synced:
        before = _rendered(calls, repository, asked.last_synced, asked.path)
    recorded = calls.record("git", desired, about=f"{asked.path} at {asked.revision}")
    return Scope(
        name=asked.path,
        tool="Git",
        desired=desired,
        last_synced=before,
        namespace=asked.namespace,
        manager=asked.manager,
        evidence=(recorded,),
        warnings=()
        if before is not None
        else ("the last-synced revision is not known: give --set last_synced=REVISION",),
        sync_command=applying(repository, asked.path, asked.namespace),
        look_command=comparing(repository, asked.path, asked.namespace),
    )


def applying(folder: Path, path: str, namespace: str) -> str:
    """What a person types to apply manifests; a conflict with another owner is refused."""
    return _kubectl("apply --server-side", folder, path, namespace)


def comparing(folder: Path, path: str, namespace: str) -> str:
    """What a person types to see what an apply would change; nothing is changed."""
    return _kubectl("diff", folder, path, namespace)


def _kubectl(words: str, folder: Path, path: str, namespace: str) -> str:
    """The command for a file, a folder, a kustomization or a chart."""
    place, quoted = folder / path, shlex.quote(path)
    where = f" -n {shlex.quote(namespace)}" if namespace else ""
    if is_kustomization(place):
        return f"kubectl {words}{where} -k {quoted}"
    if (place / "Chart.yaml").is_file():
        return f"helm template {quoted} | kubectl {words}{where} -f -"
    return f"kubectl {words}{where} {'-R ' if place.is_dir() else ''}-f {quoted}"


def _rendered(calls: Calls, repository: Path, revision: str, path: str) -> list[Object]:
    """The manifests of a revision, kept in the recording."""
    name = f"{repository}@{revision}:{path}"
    found: list[Object] = calls.given(name, lambda: render_at(repository, revision, path))
    return found


def _clone(asked: DriftRequest, folder: Path) -> Path:
    return folder / asked.repo if asked.repo else folder
