"""What `kubectl` reads of objects: their JSON, their pods, logs and events.

Rollouts, permissions and dry runs stand in `kubectl_reads`, the writes in `kubectl`.
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
from aof.tools.cluster_tool import ClusterTool, Name, Namespace, Type, type_and_name, typed
from aof.transport.kubernetes import Denied

_LOG_BYTES = 1024 * 1024
_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Rollout", "ReplicaSet", "Job")


class KubectlObjects(ClusterTool):
    """Reads of objects; base of `KubectlReads`."""

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

    def _matching(self, plural: str, workload: Mapping[str, Any]) -> list[dict[str, Any]]:
        selector = (workload.get("spec") or {}).get("selector") or {}
        kind = self.cluster.resource(plural)
        path = self.cluster.path(kind, objects.metadata(workload).get("namespace", ""))
        found = self.cluster.list(path, {"labelSelector": objects.selector_text(selector)})
        return [typed(item, kind) for item in found["items"]]


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
