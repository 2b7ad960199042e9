"""What `kubectl` reads: objects, logs, events, rollouts, permissions and differences.

The writes stand in `kubectl`. Objects are the API's own JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar

from pydantic import Field

from aof.errors import UsageFault
from aof.messages import ToolOutput
from aof.tools import kubernetes_objects as objects
from aof.tools import kubernetes_rollout as rollout
from aof.tools.base import operation
from aof.tools.cluster_tool import (
    ClusterTool,
    Manifests,
    Name,
    Namespace,
    Type,
    type_and_name,
    typed,
)
from aof.transport.kubernetes import APPLY, FIELD_MANAGER, STRICT, Denied

_POLL_S = 2.0
_LOG_BYTES = 1024 * 1024
_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Rollout", "ReplicaSet", "Job")


class KubectlReads(ClusterTool):
    """Reads of one cluster; base of `Kubectl`."""

    name: ClassVar[str] = "kubectl"
    about: ClassVar[str] = "Kubernetes objects: state, logs, events, rollouts and changes to them."

    @operation(timeout_s=120)
    def get(
        self,
        resource: Type,
        name: Name = "",
        namespace: Namespace = "",
        *,
        all_namespaces: bool = False,
        selector: str = "",
        field_selector: str = "",
        show_managed_fields: bool = False,
        ignore_not_found: bool = False,
    ) -> ToolOutput:
        """Get one object, or list objects of one or several kinds.

        Args:
            resource: Kind, e.g. `deployment`, `svc`, `widgets.example.com`; several joined by
                commas; or TYPE/NAME.
            name: Name of one object; leave out to list.
            namespace: Namespace; leave out for the context's.
            all_namespaces: List in all namespaces.
            selector: Label selector, e.g. `app=shop,tier!=db`.
            field_selector: Field selector, e.g. `status.phase=Pending`.
            show_managed_fields: Keep `metadata.managedFields` (who set which field).
            ignore_not_found: Answer null for an object that does not exist, not an error.

        Returns:
            The object itself, or `{"kind": "List", "items": [...], "not_checked": [{resource,
            reason}]}`. `not_checked` names kinds that could not be read when several were asked.
        """
        types, name = type_and_name(resource, name)
        if name:
            if len(types) > 1:
                raise UsageFault("a name goes with one kind", fix="ask for one kind at a time")
            return self._get_one(
                types[0], name, namespace, show_managed_fields, ignore_not_found=ignore_not_found
            )
        params = {"labelSelector": selector, "fieldSelector": field_selector}
        items, failed = self._list_all(types, namespace, params, all_namespaces=all_namespaces)
        if failed and len(types) == 1:
            raise failed[0][1]
        if not show_managed_fields:
            items = [objects.without_managed_fields(item) for item in items]
        data = {
            "apiVersion": "v1",
            "kind": "List",
            "items": items,
            "not_checked": [{"resource": one, "reason": error.why} for one, error in failed],
        }
        where = "all namespaces" if all_namespaces else namespace or self.cluster.namespace
        warnings = tuple(f"{one} was not checked: {error.why}" for one, error in failed)
        return ToolOutput(data, f"{len(items)} {', '.join(types)} in {where}", warnings)

    @operation(timeout_s=60)
    def describe(self, resource: Type, name: Name = "", namespace: Namespace = "") -> ToolOutput:
        """Show one object with its recent events and, for workloads, its pods.

        Args:
            resource: Kind, or TYPE/NAME.
            name: Name of the object.
            namespace: Namespace; leave out for the context's.

        Returns:
            `{"object", "gitops_owner", "pods": [{name, phase, ready, restarts, reasons, node,
            started_at, images}], "events": [{last, type, reason, object, message, count}]}`.
            Values of Secrets are left out; pods or events that may not be read are a warning.
        """
        _, found = self._object(resource, name, namespace)
        pods, no_pods = _or_refusal(lambda: self._pods_of(found))
        events, no_events = _or_refusal(lambda: self._events_about(found))
        data = {
            "object": objects.hide_secret(objects.without_managed_fields(found)),
            "gitops_owner": objects.gitops_owner(found),
            "pods": [objects.brief_pod(pod) for pod in pods],
            "events": events,
        }
        warned = sum(event["type"] == "Warning" for event in events)
        text = f"{objects.reference(found)}: {len(pods)} pods, {warned} warning events"
        now = rollout.progress(found)
        return ToolOutput(data, f"{text}; {now.message}" if now else text, no_pods + no_events)

    @operation(timeout_s=60)
    def logs(
        self,
        resource: Type,
        namespace: Namespace = "",
        container: Name = "",
        *,
        previous: bool = False,
        tail: Annotated[int, Field(ge=1, le=100_000)] = 1000,
        since_seconds: Annotated[int | None, Field(ge=1)] = None,
    ) -> ToolOutput:
        """Read the log of one container; of a workload, that of one of its pods.

        Args:
            resource: Pod name, or TYPE/NAME such as `deployment/shop`.
            namespace: Namespace; leave out for the context's.
            container: Container; leave out for the default or first one.
            previous: Of the run before the last restart.
            tail: At most so many lines, the newest.
            since_seconds: Only lines younger than this.

        Returns:
            `{"pod", "container", "containers", "text", "truncated"}`. At most 1 MiB; `truncated`
            tells when older lines were cut off by that.
        """
        pod = self._pod(resource, namespace)
        names = [one["name"] for one in pod["spec"].get("containers") or []]
        annotations = objects.metadata(pod).get("annotations") or {}
        usual = annotations.get("kubectl.kubernetes.io/default-container")
        chosen = container or (usual if usual in names else names[0])
        about = objects.metadata(pod)
        path = self.cluster.path(self.cluster.resource("pods"), about["namespace"], about["name"])
        params = {
            "container": chosen,
            "previous": "true" if previous else "",
            "tailLines": tail,
            "sinceSeconds": since_seconds,
        }
        # The server keeps the oldest bytes under limitBytes; we want the newest.
        body = self.cluster.read(f"{path}/log", params, accept="*/*").body
        text = body[-_LOG_BYTES:].decode("utf-8", "replace")
        cut = len(body) > _LOG_BYTES
        data = {
            "pod": about["name"],
            "container": chosen,
            "containers": names,
            "text": text.partition("\n")[2] if cut else text,
            "truncated": cut,
        }
        lines = data["text"].count("\n")
        return ToolOutput(data, f"{about['name']} {chosen}: {lines} lines")

    @operation(timeout_s=60)
    def events(
        self,
        namespace: Namespace = "",
        resource: str = "",
        warnings_only: bool = False,
        all_namespaces: bool = False,
        since_minutes: Annotated[int, Field(ge=1)] = 60,
    ) -> ToolOutput:
        """List events, newest last: what controllers, the scheduler and nodes reported.

        Args:
            namespace: Namespace; leave out for the context's.
            resource: Only about this object, as TYPE/NAME.
            warnings_only: Leave out events of type Normal.
            all_namespaces: Of all namespaces.
            since_minutes: Only this young.

        Returns:
            `{"events": [{last, type, reason, object, namespace, message, count}]}`.
        """
        selector = {}
        if resource:
            types, name = type_and_name(resource, "")
            if len(types) != 1 or not name:
                raise UsageFault(f"'{resource}' names no object", fix="write TYPE/NAME")
            kind = self.cluster.resource(types[0])
            selector = {"involvedObject.kind": kind.kind, "involvedObject.name": name}
        if warnings_only:
            selector["type"] = "Warning"
        where = "" if all_namespaces else namespace or self.cluster.namespace
        youngest = self.clock.now() - timedelta(minutes=since_minutes)
        found = [event for event in self._events(where, selector) if _after(event, youngest)]
        warned = sum(event["type"] == "Warning" for event in found)
        return ToolOutput({"events": found}, f"{len(found)} events, {warned} warnings")

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
            wait_s: Look again for so many seconds until it is complete or failed.

        Returns:
            `{"resource", "namespace", "complete", "failed", "message", "desired", "updated",
            "ready", "available", "paused", "aborted", "promoted", "revision", "images",
            "restarted_at", "generation", "gitops_owner"}`. Not complete and not failed: still
            under way.
        """
        ends = self.clock.monotonic() + wait_s
        while True:
            _, found = self._object(resource, name, namespace)
            now = rollout.progress(found)
            if now is None:
                raise UsageFault(f"{objects.reference(found)} has no rollouts")
            if now.complete or now.failed or self.clock.monotonic() >= ends:
                break
            self.clock.sleep(_POLL_S)
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
            is same, changed, missing (would be created) or refused (`reason` says why). `diff` is
            text with Secret values hidden; `live` and `predicted` are given when changed.
        """
        results = [
            self._diff_one(one, namespace, field_manager, force=force_conflicts)
            for one in manifests
        ]
        count = dict.fromkeys(("same", "changed", "missing", "refused"), 0)
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

    # -- shared with the writes -----------------------------------------------------------

    def _templates_of(self, workload: Mapping[str, Any]) -> list[dict[str, Any]]:
        """ReplicaSets or ControllerRevisions in the workload's namespace that match it."""
        kind = workload.get("kind")
        if kind not in {"Deployment", "Rollout", "StatefulSet", "DaemonSet"}:
            raise UsageFault(f"{objects.reference(workload)} has no revisions")
        plural = "replicasets" if kind in {"Deployment", "Rollout"} else "controllerrevisions"
        return self._matching(plural, workload)

    def _matching(self, plural: str, workload: Mapping[str, Any]) -> list[dict[str, Any]]:
        selector = (workload.get("spec") or {}).get("selector") or {}
        kind = self.cluster.resource(plural)
        path = self.cluster.path(kind, objects.metadata(workload).get("namespace", ""))
        found = self.cluster.list(path, {"labelSelector": objects.selector_text(selector)})
        return [typed(item, kind) for item in found["items"]]

    # -- parts of the reads ---------------------------------------------------------------

    def _get_one(
        self,
        resource: str,
        name: str,
        namespace: str,
        show_managed_fields: bool,
        *,
        ignore_not_found: bool,
    ) -> ToolOutput:
        try:
            _, found = self._object(resource, name, namespace)
        except Denied as error:
            if ignore_not_found and error.status == 404:
                return ToolOutput(None, f"{resource}/{name} does not exist")
            raise
        found = objects.hide_last_applied(found)
        shown = found if show_managed_fields else objects.without_managed_fields(found)
        return ToolOutput(shown, f"{objects.reference(found)} found")

    def _list_all(
        self,
        types: Sequence[str],
        namespace: str,
        params: Mapping[str, Any],
        *,
        all_namespaces: bool,
    ) -> tuple[list[dict[str, Any]], list[tuple[str, Denied]]]:
        items: list[dict[str, Any]] = []
        failed: list[tuple[str, Denied]] = []
        for one in types:
            kind = self.cluster.resource(one)
            where = "" if all_namespaces else namespace or self.cluster.namespace
            try:
                found = self.cluster.list(kind.path(where), params)
            except Denied as error:
                failed.append((one, error))
                continue
            items += [objects.hide_last_applied(typed(item, kind)) for item in found["items"]]
        return items, failed

    def _pods_of(self, workload: Mapping[str, Any]) -> list[dict[str, Any]]:
        if workload.get("kind") == "Pod":
            return [dict(workload)]
        if workload.get("kind") not in _WORKLOADS:
            return []
        return self._matching("pods", workload)

    def _pod(self, resource: str, namespace: str) -> dict[str, Any]:
        """The pod meant; of a workload a ready one if there is one, else the newest."""
        if "/" not in resource:
            resource = f"pod/{resource}"
        _, found = self._object(resource, "", namespace)
        pods = self._pods_of(found)
        if not pods:
            raise UsageFault(f"{resource} has no pods", why="its selector matches none")

        def wanted(pod: Mapping[str, Any]) -> tuple[bool, str]:
            brief = objects.brief_pod(pod)
            ready, _, all_of = brief["ready"].partition("/")
            return ready == all_of, str(objects.metadata(pod).get("creationTimestamp"))

        return max(pods, key=wanted)

    def _events_about(self, found: Mapping[str, Any]) -> list[dict[str, Any]]:
        about = objects.metadata(found)
        selector = {
            "involvedObject.name": about.get("name"),
            "involvedObject.uid": about.get("uid"),
        }
        where = about.get("namespace") or "default"
        return self._events(where, {key: value for key, value in selector.items() if value})

    def _events(self, namespace: str, selector: Mapping[str, Any]) -> list[dict[str, Any]]:
        text = ",".join(f"{key}={value}" for key, value in selector.items())
        path = f"/api/v1/namespaces/{namespace}/events" if namespace else "/api/v1/events"
        found = self.cluster.list(path, {"fieldSelector": text})
        brief = [objects.brief_event(event) for event in found["items"]]
        return sorted(brief, key=lambda event: str(event["last"]))

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
        live = self._live(path)
        params = {
            **STRICT,
            "dryRun": "All",
            "fieldManager": field_manager,
            "force": str(force).lower(),
        }
        try:
            body = objects.without_managed_fields(manifest)
            predicted = self.cluster.send(
                "PATCH", path, body, content_type=APPLY, params=params, attempts=3
            )
        except Denied as error:
            return {**result, "status": "refused", "reason": error.why}
        predicted = typed(predicted, kind)
        result["diff"] = objects.difference(live, predicted)
        if live is None:
            return {**result, "status": "missing"}
        if result["diff"]:
            seen = {"live": live, "predicted": predicted}
            shown = {key: objects.hide_last_applied(one) for key, one in seen.items()}
            return {**result, "status": "changed", **shown}
        return result


def _or_refusal(
    read: Callable[[], list[dict[str, Any]]],
) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """What `read` gives; nothing and a warning where these credentials may not look."""
    try:
        return read(), ()
    except Denied as error:
        if error.status != 403:
            raise
        return [], (f"not shown: {error.why}",)


def _after(event: Mapping[str, Any], youngest: datetime) -> bool:
    try:
        return datetime.fromisoformat(str(event["last"])) >= youngest
    except (ValueError, TypeError):
        return True
