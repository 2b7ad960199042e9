"""What `kubectl` reads of rollouts, permissions, and what applying would change.

Objects, logs and events stand in `kubectl_objects`, the writes in `kubectl`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from aof.errors import UsageFault
from aof.messages import ToolOutput
from aof.tools import kubernetes_objects as objects
from aof.tools import kubernetes_rollout as rollout
from aof.tools.base import operation
from aof.tools.cluster_tool import Manifests, Name, Namespace, Type, type_and_name, typed
from aof.tools.kubectl_objects import KubectlObjects
from aof.transport.kubernetes import APPLY, FIELD_MANAGER, STRICT, Denied


class KubectlReads(KubectlObjects):
    """All reads of one cluster; base of `Kubectl`."""

    @operation(timeout_s=1860)
    def rollout_status(
        self,
        resource: Type,
        name: Name = "",
        namespace: Namespace = "",
        wait_s: Annotated[int, Field(ge=0, le=1800)] = 0,
    ) -> ToolOutput:
        """Tell whether a rollout is complete, failed or under way; optionally wait for its end.

        Args:
            resource: `deployment`, `statefulset`, `daemonset` or `rollout` (Argo Rollouts), or
                TYPE/NAME.
            name: Name of the workload.
            namespace: Namespace; leave out for the context's.
            wait_s: Wait so many seconds for it to be complete or failed.

        Returns:
            `{"resource", "namespace", "complete", "failed", "message", "desired", "updated",
            "ready", "available", "paused", "aborted", "promoted", "revision", "images",
            "restarted_at", "generation", "gitops_owner"}`. Not complete and not failed: still
            under way.
        """
        ends = self.clock.monotonic() + wait_s
        while True:
            kind, found = self._object(resource, name, namespace)
            now = rollout.progress(found)
            if now is None:
                raise UsageFault(f"{objects.reference(found)} has no rollouts")
            left = ends - self.clock.monotonic()
            if now.complete or now.failed or left <= 0:
                break
            self._await_change(kind, found, left)
        data = {
            "resource": objects.reference(found),
            "namespace": objects.metadata(found).get("namespace"),
            "complete": now.complete,
            "failed": now.failed,
            "message": now.message,
            **rollout.counts(found),
            "generation": objects.metadata(found).get("generation"),
            "gitops_owner": objects.gitops_owner(found),
        }
        return ToolOutput(data, f"{data['resource']}: {now.message}")

    @operation(timeout_s=60)
    def rollout_history(
        self, resource: Type, name: Name = "", namespace: Namespace = ""
    ) -> ToolOutput:
        """List the revisions of a workload that `rollout_undo` can go back to, newest first.

        Args:
            resource: `deployment`, `statefulset`, `daemonset` or `rollout`, or TYPE/NAME.
            name: Name of the workload.
            namespace: Namespace; leave out for the context's.

        Returns:
            `{"resource", "revisions": [{revision, name, images, created_at, change_cause,
            current}]}`.
        """
        _, found = self._object(resource, name, namespace)
        past = rollout.past_revisions(found, self._templates_of(found))
        data = {"resource": objects.reference(found), "revisions": past}
        return ToolOutput(data, f"{data['resource']}: {len(past)} revisions")

    @operation(timeout_s=300)
    def diff(
        self,
        manifests: Manifests,
        namespace: Namespace = "",
        field_manager: Name = FIELD_MANAGER,
        force_conflicts: bool = True,
    ) -> ToolOutput:
        """Ask the server what applying manifests would change; nothing is changed.

        A server-side dry run: admission, defaults and validation included. It needs the
        permission to patch.

        Args:
            manifests: Objects as JSON, each with apiVersion, kind and metadata.name.
            namespace: For objects that name none.
            field_manager: As whom; the GitOps tool's own manager shows what it would do.
            force_conflicts: Take over fields that others own, as a GitOps tool would.

        Returns:
            `{"objects": [{resource, namespace, status, diff, reason, live, predicted}]}`. `status`
            is same, changed, missing (would be created), refused (`reason` says why) or forbidden
            (these credentials may not ask). `diff` is text with Secret values hidden; `live` and
            `predicted` are given when changed.
        """
        results = [
            self._diff_one(one, namespace, field_manager, force=force_conflicts)
            for one in manifests
        ]
        count = dict.fromkeys(("same", "changed", "missing", "refused", "forbidden"), 0)
        for result in results:
            count[result["status"]] += 1
        text = ", ".join(f"{number} {word}" for word, number in count.items() if number)
        return ToolOutput({"objects": results}, text)

    @operation()
    def auth_can_i(
        self,
        verb: Annotated[str, Field(pattern=r"^[a-z*]+$")],
        resource: Type,
        name: Name = "",
        namespace: Namespace = "",
        *,
        subresource: Name = "",
        all_namespaces: bool = False,
    ) -> ToolOutput:
        """Ask whether these credentials may do something.

        Args:
            verb: get, list, watch, create, update, patch, delete ...
            resource: Kind, or TYPE/NAME.
            name: Only this object.
            namespace: Namespace; leave out for the context's.
            subresource: E.g. scale, log, status.
            all_namespaces: In every namespace.

        Returns:
            `{"allowed": bool, "reason": text}`.
        """
        types, name = type_and_name(resource, name)
        kind = self.cluster.resource(types[0])
        where = "" if all_namespaces or not kind.namespaced else namespace or self.cluster.namespace
        wanted = {
            "verb": verb,
            "group": kind.group,
            "resource": kind.plural,
            "subresource": subresource,
            "name": name,
            "namespace": where,
        }
        given = {key: value for key, value in wanted.items() if value}
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": given},
        }
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        status = self.cluster.send("POST", path, review, attempts=3).get("status") or {}
        allowed = bool(status.get("allowed"))
        data = {"allowed": allowed, "reason": status.get("reason") or ""}
        below = f"/{subresource}" if subresource else ""
        return ToolOutput(data, f"{verb} {kind.full_name}{below}: {'yes' if allowed else 'no'}")

    def _templates_of(self, workload: Mapping[str, Any]) -> list[dict[str, Any]]:
        """ReplicaSets or ControllerRevisions in the workload's namespace that match it."""
        kind = workload.get("kind")
        if kind not in {"Deployment", "Rollout", "StatefulSet", "DaemonSet"}:
            raise UsageFault(f"{objects.reference(workload)} has no revisions")
        plural = "replicasets" if kind in {"Deployment", "Rollout"} else "controllerrevisions"
        return self._matching(plural, workload)

    def _diff_one(
        self, manifest: dict[str, Any], namespace: str, field_manager: str, *, force: bool
    ) -> dict[str, Any]:
        result: dict[str, Any] = {
            "resource": objects.reference(manifest),
            "namespace": namespace,
            "status": "same",
            "diff": "",
            "reason": "",
        }
        try:
            kind, path, result["namespace"] = self._place(manifest, namespace)
        except UsageFault as error:
            return {**result, "status": "refused", "reason": error.what}
        params = {
            **STRICT,
            "dryRun": "All",
            "fieldManager": field_manager,
            "force": str(force).lower(),
        }
        try:
            live = self._live(path)
            body = objects.without_managed_fields(manifest)
            predicted = self.cluster.send(
                "PATCH", path, body, content_type=APPLY, params=params, attempts=3
            )
        except Denied as error:
            status = "forbidden" if error.lacks_permission else "refused"
            return {**result, "status": status, "reason": error.why}
        predicted = typed(predicted, kind)
        result["diff"] = objects.difference(live, predicted)
        if live is None:
            return {**result, "status": "missing"}
        if result["diff"]:
            seen = {"live": live, "predicted": predicted}
            shown = {key: objects.hide_last_applied(one) for key, one in seen.items()}
            return {**result, "status": "changed", **shown}
        return result
