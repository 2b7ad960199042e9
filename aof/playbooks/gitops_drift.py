"""Playbook `gitops_drift`: what should run, what runs, what differs, and what to do.

What should run comes from Argo CD, Flux and a clone, a path of a clone, or files; what runs
from the Kubernetes API or a file. The judge is `aof.analysis.drift`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from aof.analysis.drift import DriftClass, DriftReport, compare_all
from aof.analysis.drift.ignores import read_ignores
from aof.analysis.drift.objects import identity_of
from aof.errors import NotBound, UsageFault
from aof.playbooks.base import Calls, Options, Request
from aof.playbooks.drift_actions import remediation
from aof.playbooks.drift_compared import Compared
from aof.playbooks.drift_ignores import resolved_ignores
from aof.playbooks.drift_live import Live, declared_pairs, read_live
from aof.playbooks.drift_options import DriftOptions
from aof.playbooks.drift_report import blocks, findings, summary_of
from aof.playbooks.drift_request import SETTINGS, DriftRequest, parse_drift_request
from aof.playbooks.drift_scopes import Scope, applying, comparing, scopes
from aof.playbooks.drift_trends import memory_entry, trends
from aof.transport.kubernetes_documents import (
    read_events,
    read_given,
    read_value,
    require_objects,
)
from aof.transport.rendered_manifests import render_folder
from aof.verdict import Assessment, Verdict

_BATCH = 50


class GitopsDrift:
    """Finds where a cluster differs from Git."""

    name = "gitops_drift"
    options: type[Options] = DriftOptions
    settings: Mapping[str, str] = SETTINGS

    def assess(
        self,
        request: Request,
        calls: Calls,
        options: DriftOptions,
        memory: Sequence[Mapping[str, Any]],
    ) -> Assessment:
        asked = parse_drift_request(
            "" if request.text_is_event else request.text, request.settings, options
        )
        audit_log = request.settings.get("audit_log", "")
        audit = _given(calls, request, audit_log, read_events) or []
        compared = [
            _compare(calls, scope, live, asked=asked, audit=audit)
            for scope, live in _gather(request, calls, asked, options.most_apps)
        ]
        return _assessment(compared, calls, asked, request, memory)


def _gather(
    request: Request, calls: Calls, asked: DriftRequest, most: int
) -> list[tuple[Scope, Live]]:
    if "desired" in request.settings or "live" in request.settings:
        return [_from_files(request, calls, asked)]
    reason = calls.not_consulted("kubectl")
    found = []
    for scope in scopes(calls, asked, request.folder, most):
        calls.note(f"{scope.tool} {scope.name}: {len(scope.desired)} objects in Git")
        if reason is not None:
            raise NotBound(
                "nothing says what runs",
                why=reason,
                fix="set KUBECONFIG to a cluster, or give --set live=FILE with --set desired=FILE",
            )
        found.append((scope, read_live(calls, scope)))
    return found


def _from_files(request: Request, calls: Calls, asked: DriftRequest) -> tuple[Scope, Live]:
    given = {name: request.settings.get(name, "") for name in ("desired", "live")}
    if not all(given.values()):
        raise UsageFault(
            "--set desired=FILE and --set live=FILE belong together",
            fix="give both; live is the output of kubectl get -o yaml --show-managed-fields",
        )
    base = request.settings.get("last_synced", "")
    status = request.settings.get("sync_status", "")
    ignores = request.settings.get("ignore", "")
    sync = _given(calls, request, status, read_value)
    rules = [sync, _given(calls, request, ignores, read_value)]
    live = _given(calls, request, given["live"], read_given)
    desired = _given(calls, request, given["desired"], render_folder)
    require_objects(desired, given["desired"])
    evidence = [
        calls.record("file", desired, about=given["desired"]),
        calls.record("file", live, about=given["live"]),
    ]
    scope = Scope(
        name=given["desired"],
        tool="files",
        desired=desired,
        last_synced=_given(calls, request, base, render_folder),
        status=sync,
        ignores=tuple(rule for value in rules for rule in read_ignores(value)),
        namespace=asked.namespace,
        manager=asked.manager,
        evidence=tuple(evidence),
        sync_command=applying(request.folder, given["desired"], asked.namespace),
        look_command=comparing(request.folder, given["desired"], asked.namespace),
    )
    return scope, Live(objects=live)


def _given(calls: Calls, request: Request, name: str, read: Callable[[Path], Any]) -> Any:
    """What a file of the request holds, kept in the recording; None when none is named."""
    return calls.given(name, lambda: read(request.folder / name)) if name else None


def _compare(
    calls: Calls, scope: Scope, live: Live, *, asked: DriftRequest, audit: Sequence[Any]
) -> Compared:
    warnings = list(scope.warnings)
    resolved, problems = resolved_ignores(scope.ignores, scope.desired, live.objects)
    warnings += [f"not evaluated, so nothing is ignored by it: {one}" for one in problems]
    unread = _unread(scope, live)
    rejections, predicted = _verified(calls, scope, live, warnings) if asked.verify else ({}, {})
    report = compare_all(
        [obj for obj in scope.desired if not unread(obj)],
        live.objects,
        scope.last_synced,
        sync_status=scope.status,
        manager=scope.manager or None,
        ignores=scope.ignores,
        resolved=resolved,
        rejections=rejections,
        audit=audit,
        default_namespace=scope.namespace,
    )
    clean = {
        (one.identity.kind, one.identity.name)
        for one in report.resources
        if one.classes == (DriftClass.CLEAN,)
    }
    warnings += [
        f"{kind}/{name}: a dry run would change it although every declared field is in place: "
        "admission or defaults"
        for kind, name in sorted(predicted)
        if (kind, name) in clean
    ]
    if not report.resources:
        warnings.append(f"{scope.name} renders no manifests, so nothing of it was compared")
    evidence = (*scope.evidence, *live.evidence)
    return Compared(scope, report, live.not_checked, evidence, warnings)


def _unread(scope: Scope, live: Live) -> Any:
    """Tells manifests whose live objects could not be read: they are not missing."""
    refused = set(live.not_checked)

    def could_not_be_read(obj: Mapping[str, Any]) -> bool:
        identity = identity_of(obj)
        namespace = identity.namespace or scope.namespace
        names = {f"{identity.kind}/{identity.name}", identity.kind}
        names.add(f"{identity.kind} in {namespace}")
        return bool(refused & names)

    return could_not_be_read


def _verified(
    calls: Calls, scope: Scope, live: Live, warnings: list[str]
) -> tuple[dict[tuple[str, str, str], str], dict[tuple[str, str], str]]:
    """What a server-side dry run says: refusals by object, and what it would change."""
    rejections: dict[tuple[str, str, str], str] = {}
    predicted: dict[tuple[str, str], str] = {}
    manifests = declared_pairs(scope, live.objects)
    for start in range(0, len(manifests), _BATCH):
        batch = manifests[start : start + _BATCH]
        answer = calls.read(
            "kubectl",
            "diff",
            manifests=batch,
            namespace=scope.namespace,
            field_manager=scope.manager or "aofctl",
        )
        if not answer.ok:
            warnings.append(f"{scope.name}: --verify was not possible: {answer.failure}")
            break
        for obj, result in zip(batch, answer.data["objects"], strict=False):
            identity = identity_of(obj)
            namespace = identity.namespace or scope.namespace
            if result["status"] == "forbidden":
                warnings.append(f"{identity}: --verify was not possible: {result['reason']}")
            elif result["status"] == "refused":
                key = (identity.kind, namespace, identity.name)
                rejections[key] = str(result.get("reason") or "refused")
            elif result["status"] == "changed":
                predicted[identity.kind, identity.name] = str(result.get("diff") or "")
    return rejections, predicted


def _assessment(
    compared: Sequence[Compared],
    calls: Calls,
    asked: DriftRequest,
    request: Request,
    memory: Sequence[Mapping[str, Any]],
) -> Assessment:
    merged = DriftReport(
        tuple(one for item in compared for one in item.report.resources),
        tuple(note for item in compared for note in item.report.notes),
    )
    not_checked = {name: why for item in compared for name, why in item.not_checked.items()}
    verdict, decision = _verdict(merged, not_checked)
    scope_name = ", ".join(item.scope.name for item in compared)
    past = trends(memory, request.now, scope_name)
    facts = {
        **merged.as_dict(),
        "decision": decision,
        "scope": scope_name,
        "tool": ", ".join(dict.fromkeys(item.scope.tool for item in compared)),
        "scopes": [
            {
                "name": item.scope.name,
                "tool": item.scope.tool,
                "total": len(item.report.resources),
                "drift_count": len(item.report.drifted),
            }
            for item in compared
        ],
        "not_checked": not_checked,
        "trends": past.as_dict(),
    }
    waits = bool(merged.drifted) and all(
        set(one.classes) <= {DriftClass.PENDING_SYNC, DriftClass.MISSING} for one in merged.drifted
    )
    actions, left_out = remediation(calls, compared)
    warnings = [text for item in compared for text in item.warnings]
    if left_out:
        warnings.append(f"{left_out} more commands are left out; every object is a finding")
    return Assessment(
        verdict=verdict,
        decision=decision,
        summary=summary_of(merged, not_checked),
        findings=findings(compared),
        actions=actions,
        facts={**facts, **facts["by_severity"]},
        blocks=blocks(compared, merged, facts, past, at=request.now, asked=asked),
        warnings=tuple(dict.fromkeys(warnings)),
        memory=memory_entry(merged, scope_name, request.now, decision),
        firm=not waits,
        wait_s=30.0 if waits else None,
    )


def _verdict(report: DriftReport, not_checked: Mapping[str, str]) -> tuple[Verdict, str]:
    if report.drifted:
        return Verdict.FAIL, "DRIFT"
    if not_checked or report.unattributed or not report.resources:
        return Verdict.INCONCLUSIVE, "UNKNOWN"
    return Verdict.PASS, "CLEAN"
