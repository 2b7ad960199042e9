"""Kubernetes: the reads of `kubectl_reads` and `kubectl_objects`, and the changes.

Each change is one request, owned by the field manager `aofctl`, and names the state it relies
on (generation, resourceVersion or UID), so that it fails instead of overwriting a newer one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from aof.clock import isoformat
from aof.errors import PlanRefused, Unreachable, UsageFault
from aof.messages import Effect, ToolOutput
from aof.tools import kubectl_commands as commands
from aof.tools import kubernetes_objects as objects
from aof.tools import kubernetes_rollout as rollout
from aof.tools.base import operation
from aof.tools.cluster_tool import Manifests, Name, Namespace, Type
from aof.tools.kubectl_reads import KubectlReads
from aof.tools.secret_values import refuse_secret_values
from aof.transport.kubernetes import (
    APPLY,
    FIELD_MANAGER,
    JSON_PATCH,
    MERGE,
    STRATEGIC,
    STRICT,
    Denied,
)
from aof.transport.kubernetes_resources import Resource

_PATCHES = {"strategic": STRATEGIC, "merge": MERGE, "json": JSON_PATCH}
_OWNER = {"fieldManager": FIELD_MANAGER, **STRICT}


class Kubectl(KubectlReads):
    """Objects of one cluster."""

    @classmethod
    def check_arguments(cls, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """As `Tool.check_arguments`; no change may carry the values of a Secret."""
        checked = super().check_arguments(name, arguments)
        if name in {"apply", "patch"}:
            refuse_secret_values(checked)
        return checked

    @operation(effect=Effect.WRITE, command=commands.apply, timeout_s=600)
    def apply(
        self,
        manifests: Manifests,
        namespace: Namespace = "",
        force_conflicts: bool = False,
    ) -> ToolOutput:
        """Create or change objects by server-side apply, one after the other.

        Stops at the first refusal and says what was applied before it. Safe to repeat.

        Args:
            manifests: Objects as JSON, each with apiVersion, kind and metadata.name.
            namespace: For objects that name none.
            force_conflicts: Take over fields that another manager owns.

        Returns:
            `{"objects": [{resource, namespace, change, resource_version}]}`; `change` is created,
            configured or unchanged.
        """
        done: list[dict[str, Any]] = []
        warnings: list[str] = []
        for manifest in manifests:
            try:
                done.append(self._apply_one(manifest, namespace, force=force_conflicts))
            except Unreachable as error:
                raise _stopped(manifest, error, done) from error
            owner = objects.gitops_owner(manifest)
            if owner:
                warnings.append(_may_be_undone(objects.reference(manifest), owner))
        text = ", ".join(f"{one['resource']} {one['change']}" for one in done[:5])
        text += f" and {len(done) - 5} more" if len(done) > 5 else ""
        return ToolOutput({"objects": done}, text, tuple(warnings))

    @operation(effect=Effect.WRITE, command=commands.scale)
    def scale(
        self,
        resource: Type,
        replicas: Annotated[int, Field(ge=0, le=100_000)],
        name: Name = "",
        *,
        namespace: Namespace = "",
        current_replicas: Annotated[int | None, Field(ge=0)] = None,
    ) -> ToolOutput:
        """Set the number of replicas of a workload.

        Args:
            resource: Kind, or TYPE/NAME.
            replicas: How many there should be.
            name: Name of the workload.
            namespace: Namespace; leave out for the context's.
            current_replicas: Refuse when there are not so many now.

        Returns:
            `{"resource", "before", "replicas", "changed"}`.
        """
        kind, found = self._object(resource, name, namespace)
        if "scale" not in kind.subresources:
            raise UsageFault(f"{objects.reference(found)} cannot be scaled")
        path = f"{self._path_of(kind, found)}/scale"
        now = self.cluster.get(path)
        before = int((now.get("spec") or {}).get("replicas") or 0)
        if current_replicas not in {None, before}:
            raise PlanRefused(
                f"{objects.reference(found)} has {before} replicas, not {current_replicas}",
                why="somebody else scaled it meanwhile",
                fix="look again, then decide again",
            )
        if before != replicas:
            seen = {"resourceVersion": objects.metadata(now).get("resourceVersion")}
            body = {"metadata": seen, "spec": {"replicas": replicas}}
            self._change("PATCH", path, body, MERGE)
        data = {
            "resource": objects.reference(found),
            "before": before,
            "replicas": replicas,
            "changed": before != replicas,
        }
        return _output(data, f"{data['resource']}: {before} to {replicas} replicas", found)

    @operation(effect=Effect.WRITE, command=commands.rollout_undo, timeout_s=60)
    def rollout_undo(
        self,
        resource: Type,
        name: Name = "",
        namespace: Namespace = "",
        *,
        to_revision: Annotated[int, Field(ge=0)] = 0,
    ) -> ToolOutput:
        """Bring back the pod template of an earlier revision; `rollout_status` sees the end.

        Where Argo CD or Flux keeps the workload, it goes forward again: revert in Git then.

        Args:
            resource: `deployment`, `statefulset`, `daemonset` or `rollout`, or TYPE/NAME.
            name: Name of the workload.
            namespace: Namespace; leave out for the context's.
            to_revision: A revision of `rollout_history`; 0 for the one before the current.

        Returns:
            `{"resource", "to_revision", "images", "changed"}`.
        """
        kind, found = self._object(resource, name, namespace)
        _refuse_paused(found, "undone")
        past = _revision(found, rollout.owned_by(found, self._templates_of(found)), to_revision)
        template = rollout.template_of(past)
        changed = template != rollout.template_of(found)
        if changed:
            steps = [
                {
                    "op": "test",
                    "path": "/metadata/generation",
                    "value": objects.metadata(found).get("generation"),
                },
                {"op": "replace", "path": "/spec/template", "value": template},
            ]
            self._change("PATCH", self._path_of(kind, found), steps, JSON_PATCH)
        data = {
            "resource": objects.reference(found),
            "to_revision": rollout.revision_of(past),
            "images": rollout.images(past),
            "changed": changed,
        }
        text = f"{data['resource']}: back to revision {data['to_revision']}"
        return _output(data, text if changed else f"{text}, which it is already", found)

    @operation(effect=Effect.WRITE, command=commands.rollout_restart, timeout_s=60)
    def rollout_restart(
        self, resource: Type, name: Name = "", namespace: Namespace = ""
    ) -> ToolOutput:
        """Replace the pods of a workload one after the other; `rollout_status` sees the end.

        Args:
            resource: `deployment`, `statefulset`, `daemonset` or `rollout`, or TYPE/NAME.
            name: Name of the workload.
            namespace: Namespace; leave out for the context's.

        Returns:
            `{"resource", "restarted_at"}`.
        """
        kind, found = self._object(resource, name, namespace)
        _refuse_paused(found, "restarted")
        at = isoformat(self.clock.now().replace(microsecond=0)).replace(".000", "")
        if kind.kind == "Rollout":
            body: dict[str, Any] = {"spec": {"restartAt": at}}
        elif kind.kind in {"Deployment", "StatefulSet", "DaemonSet"}:
            about = {"annotations": {rollout.RESTARTED_AT: at}}
            body = {"spec": {"template": {"metadata": about}}}
        else:
            raise UsageFault(f"{objects.reference(found)} cannot be restarted")
        self._change("PATCH", self._path_of(kind, found), body, MERGE)
        data = {"resource": objects.reference(found), "restarted_at": at}
        return _output(data, f"{data['resource']}: restarted at {at}", found)

    @operation(effect=Effect.WRITE, command=commands.rollout_abort, timeout_s=60)
    def rollout_abort(self, name: Name, namespace: Namespace = "") -> ToolOutput:
        """Abort the update of an Argo Rollout: the stable version takes all traffic again.

        What Git wants stays the new version; revert it there, or the next sync tries again.

        Args:
            name: Name of the Rollout.
            namespace: Namespace; leave out for the context's.

        Returns:
            `{"resource", "changed", "stable"}`; `stable` is the pod hash that serves again.
        """
        kind, found = self._object("rollouts.argoproj.io", name, namespace)
        status = found.get("status") or {}
        stable = status.get("stableRS")
        data = {"resource": objects.reference(found), "changed": False, "stable": stable}
        if status.get("abort"):
            return _output(data, f"{data['resource']}: is aborted already", found)
        if stable and stable == status.get("currentPodHash"):
            raise PlanRefused(
                f"{data['resource']}: there is no update to abort",
                why=f"the stable version {stable} is the current one",
                fix="to go back, revert in Git or undo the rollout",
            )
        path = self._path_of(kind, found)
        path = f"{path}/status" if "status" in kind.subresources else path
        self._change("PATCH", path, {"status": {"abort": True}}, MERGE)
        return _output({**data, "changed": True}, f"{data['resource']}: aborted", found)

    @operation(effect=Effect.WRITE, command=commands.patch, timeout_s=60)
    def patch(
        self,
        resource: Type,
        patch: dict[str, Any] | list[dict[str, Any]],
        name: Name = "",
        *,
        namespace: Namespace = "",
        patch_type: Literal["strategic", "merge", "json"] = "strategic",
        subresource: Literal["", "status", "scale"] = "",
    ) -> ToolOutput:
        """Change fields of an object.

        Args:
            resource: Kind, or TYPE/NAME.
            patch: An object, or for `json` a list of steps (RFC 6902).
            name: Name of the object.
            namespace: Namespace; leave out for the context's.
            patch_type: `strategic` merges lists of built-in kinds by their keys; `merge`
                (RFC 7386) replaces lists and is what custom resources take; `json` is steps.
            subresource: Patch this one instead of the object.

        Returns:
            `{"resource", "changed", "generation", "resource_version"}`.
        """
        if isinstance(patch, list) != (patch_type == "json"):
            given = "a list" if isinstance(patch, list) else "an object"
            raise UsageFault(
                f"a {patch_type} patch cannot be {given}",
                fix="give a list of steps with patch_type json, else an object",
            )
        kind, found = self._object(resource, name, namespace)
        path = self._path_of(kind, found)
        path = f"{path}/{subresource}" if subresource else path
        after = self._change("PATCH", path, patch, _PATCHES[patch_type])
        before, now = objects.metadata(found), objects.metadata(after)
        data = {
            "resource": objects.reference(found),
            "changed": before.get("resourceVersion") != now.get("resourceVersion"),
            "generation": now.get("generation"),
            "resource_version": now.get("resourceVersion"),
        }
        word = "patched" if data["changed"] else "patched, nothing changed"
        return _output(data, f"{data['resource']}: {word}", found)

    @operation(effect=Effect.WRITE, command=commands.delete, timeout_s=60)
    def delete(
        self,
        resource: Type,
        name: Name = "",
        namespace: Namespace = "",
        *,
        cascade: Literal["background", "foreground", "orphan"] = "background",
        grace_period_s: Annotated[int | None, Field(ge=0)] = None,
    ) -> ToolOutput:
        """Delete one object, the one that is there now; one that is gone already is fine.

        Args:
            resource: Kind, or TYPE/NAME.
            name: Name of the object.
            namespace: Namespace; leave out for the context's.
            cascade: What happens to objects it owns.
            grace_period_s: Seconds it gets to end; leave out for its own setting.

        Returns:
            `{"resource", "existed", "finalizers"}`. With finalizers it goes only after the
            controllers behind them have agreed; `get` with `ignore_not_found` sees the end.
        """
        try:
            kind, found = self._object(resource, name, namespace)
        except Denied as error:
            if error.status != 404:
                raise
            text = resource if "/" in resource else f"{resource}/{name}"
            return ToolOutput(
                {"resource": text, "existed": False, "finalizers": []}, f"{text}: gone already"
            )
        body: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": cascade.capitalize(),
            "preconditions": {"uid": objects.metadata(found).get("uid")},
        }
        if grace_period_s is not None:
            body["gracePeriodSeconds"] = grace_period_s
        self._change("DELETE", self._path_of(kind, found), body, "application/json")
        finalizers = objects.metadata(found).get("finalizers") or []
        data = {"resource": objects.reference(found), "existed": True, "finalizers": finalizers}
        return _output(data, f"{data['resource']}: deleted", found)

    # -- changes ----------------------------------------------------------------------------

    def _path_of(self, kind: Resource, found: Mapping[str, Any]) -> str:
        about = objects.metadata(found)
        return kind.path(about.get("namespace", ""), about["name"])

    def _change(self, method: str, path: str, body: Any, content_type: str) -> dict[str, Any]:
        """One change; what lost a race against somebody else is a refused plan."""
        params = {} if method == "DELETE" else _OWNER
        try:
            changed: dict[str, Any] = self.cluster.send(
                method, path, body, content_type=content_type, params=params
            )
        except Denied as error:
            outdated = error.status == 422 and "/metadata/generation" in error.why
            if error.status != 409 and not outdated:
                raise
            raise PlanRefused(
                f"{error.what}: it was changed by somebody else meanwhile",
                why=error.why,
                fix="look again, then decide again",
            ) from error
        return changed

    def _apply_one(
        self, manifest: Mapping[str, Any], namespace: str, *, force: bool
    ) -> dict[str, Any]:
        _, path, where = self._place(manifest, namespace)
        before = self._live(path)
        params = {**_OWNER, "force": str(force).lower()}
        body = objects.without_managed_fields(manifest)
        after = self.cluster.send("PATCH", path, body, content_type=APPLY, params=params)
        version = objects.metadata(after).get("resourceVersion")
        same = before is not None and objects.metadata(before).get("resourceVersion") == version
        change = "created" if before is None else "unchanged" if same else "configured"
        return {
            "resource": objects.reference(manifest),
            "namespace": where,
            "change": change,
            "resource_version": version,
        }


def _output(data: dict[str, Any], text: str, found: Mapping[str, Any]) -> ToolOutput:
    owner = objects.gitops_owner(found)
    warnings = (_may_be_undone(objects.reference(found), owner),) if owner else ()
    return ToolOutput(data, text, warnings)


def _may_be_undone(reference: str, owner: str) -> str:
    return f"{reference} is kept by {owner}, which may undo this: change it in Git"


def _stopped(
    manifest: Mapping[str, Any], error: Unreachable, done: list[dict[str, Any]]
) -> Unreachable:
    before = ", ".join(f"{one['resource']} {one['change']}" for one in done) or "nothing"
    fix = error.fix
    if isinstance(error, Denied) and error.status == 409:
        fix = "leave out the fields that others own, or take them over with force_conflicts"
    return Unreachable(
        f"{objects.reference(manifest)} was not applied: {error.what}",
        why=f"{error.why} (applied before it: {before})",
        fix=fix,
    )


def _refuse_paused(workload: Mapping[str, Any], word: str) -> None:
    spec = workload.get("spec") or {}
    if workload.get("kind") == "Deployment" and spec.get("paused"):
        raise PlanRefused(
            f"{objects.reference(workload)} is paused and cannot be {word}",
            fix=f"first: kubectl rollout resume {objects.reference(workload)}",
        )
    if workload.get("kind") == "Rollout" and spec.get("workloadRef") and word == "undone":
        raise PlanRefused(
            f"{objects.reference(workload)} takes its pods from another workload",
            fix="undo the workload that its workloadRef names",
        )


def _revision(
    workload: Mapping[str, Any], past: list[Mapping[str, Any]], wanted: int
) -> Mapping[str, Any]:
    """The past template meant: the revision given, or the one before the current."""
    known = ", ".join(str(rollout.revision_of(one)) for one in past) or "none"
    if not wanted and len(past) > 1:
        return past[1]
    for one in past:
        if wanted and rollout.revision_of(one) == wanted:
            return one
    raise PlanRefused(
        f"{objects.reference(workload)} has no revision {wanted or 'before the current one'}",
        why=f"its revisions are: {known}",
        fix="deploy the version wanted",
    )
