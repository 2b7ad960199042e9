"""Flux through the Kubernetes API: what it reconciles, from where, and asking it to.

Flux has no server of its own: its state is in custom resources, its commands are
annotations and fields on them. What they say is read in `flux_objects`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from aof.clock import isoformat
from aof.errors import PlanRefused, Unreachable, UsageFault
from aof.messages import Effect, ToolOutput
from aof.tools import flux_objects as reading
from aof.tools import kubernetes_objects as objects
from aof.tools.base import Setting, operation
from aof.tools.cluster_tool import ClusterTool, Name, Namespace, typed
from aof.tools.flux_kinds import PLURALS, SOURCES, Kind, command
from aof.transport.kubernetes import FIELD_MANAGER, MERGE
from aof.transport.kubernetes_resources import Resource

_SOURCE_WAIT_S = 120
_LOG_LINES = 5000


class Flux(ClusterTool):
    """The Flux objects of one cluster."""

    name: ClassVar[str] = "flux"
    about: ClassVar[str] = "Flux: Kustomizations, HelmReleases and sources; reconcile, suspend."
    settings_read: ClassVar[tuple[Setting, ...]] = (
        *ClusterTool.settings_read,
        Setting("FLUX_NAMESPACE", "namespace of Flux and where none is given (flux-system)"),
    )

    @property
    def _namespace(self) -> str:
        return self.settings.get("FLUX_NAMESPACE") or "flux-system"

    def probe(self) -> str:
        """Ask whether the cluster has Flux; says which API versions."""
        cluster = super().probe()
        found = [self._resource(kind).api_version for kind in ("kustomization", "gitrepository")]
        return f"Flux ({', '.join(found)}) in {cluster.split(', namespace')[0]}"

    @operation(timeout_s=60, aliases=("flux_kustomization_list", "flux_kustomization_get"))
    def get_kustomizations(
        self, name: Name = "", namespace: Namespace = "", all_namespaces: bool = False
    ) -> ToolOutput:
        """List Kustomizations: readiness, applied revision, source, path, suspension.

        Args:
            name: Only this one.
            namespace: Namespace; leave out for Flux's own.
            all_namespaces: Of all namespaces.

        Returns:
            `{"kustomizations": [{kind, name, namespace, ready, failed, reconciling, stalled,
            reason, message, ready_since, suspended, interval, requested_at, handled, revision,
            commit, attempted, path, prune, target_namespace, source, inventory, object}]}`.
            `failed` is false while it only waits for something. `revision` is the last applied
            one; `handled` is true when the last request to reconcile, if any, and the newest
            generation have been dealt with.
        """
        found = self._read("kustomization", name, namespace, all_namespaces=all_namespaces)
        return _listed("kustomizations", [reading.kustomization(one) for one in found])

    @operation(timeout_s=60, aliases=("flux_helmrelease_list", "flux_helmrelease_get"))
    def get_helmreleases(
        self, name: Name = "", namespace: Namespace = "", all_namespaces: bool = False
    ) -> ToolOutput:
        """List HelmReleases: readiness, deployed chart version, history, suspension.

        Args:
            name: Only this one.
            namespace: Namespace; leave out for Flux's own.
            all_namespaces: Of all namespaces.

        Returns:
            `{"helmreleases": [{kind, name, namespace, ready, ..., revision, attempted, chart,
            version, failures, source, history, object}]}`; the common fields as in
            `get_kustomizations`. `history` is newest first.
        """
        found = self._read("helmrelease", name, namespace, all_namespaces=all_namespaces)
        return _listed("helmreleases", [reading.helm_release(one) for one in found])

    @operation(timeout_s=60)
    def get_sources(
        self,
        kind: Literal[
            "", "gitrepository", "ocirepository", "helmrepository", "helmchart", "bucket"
        ] = "",
        name: Name = "",
        namespace: Namespace = "",
        *,
        all_namespaces: bool = False,
    ) -> ToolOutput:
        """List sources (Git, OCI and Helm repositories, charts, buckets) and what they hold.

        Args:
            kind: Only this kind.
            name: Only this one; needs `kind`.
            namespace: Namespace; leave out for Flux's own.
            all_namespaces: Of all namespaces.

        Returns:
            `{"sources": [{kind, name, namespace, ready, ..., url, ref, revision, commit,
            fetched_at, object}]}`; the common fields as in `get_kustomizations`.
        """
        if name and not kind:
            raise UsageFault("a source is named by kind and name", fix="give its kind")
        found = [
            one
            for word in ([kind] if kind else SOURCES)
            for one in self._read(
                word, name, namespace, all_namespaces=all_namespaces, optional=not kind
            )
        ]
        return _listed("sources", [reading.source(one) for one in found])

    @operation(timeout_s=90)
    def logs(
        self,
        kind: str = "",
        name: Name = "",
        namespace: Namespace = "",
        *,
        level: Literal["", "info", "error", "debug"] = "",
        since_minutes: Annotated[int, Field(ge=1)] = 60,
        tail: Annotated[int, Field(ge=1, le=5000)] = 200,
    ) -> ToolOutput:
        """Read the logs of the Flux controllers, newest last.

        Args:
            kind: Only about objects of this kind, e.g. Kustomization.
            name: Only about objects of this name.
            namespace: Only about objects in this namespace.
            level: Only this level.
            since_minutes: Only this young.
            tail: At most so many entries, the newest.

        Returns:
            `{"entries": [{at, level, kind, name, namespace, message, error, controller}]}`.
        """
        wanted = {"name": name, "namespace": namespace, "level": level}
        wanted = {key: value for key, value in wanted.items() if value}
        entries = [
            entry
            for pod in self._controllers()
            for entry in self._log(pod, since_minutes)
            if all(entry[key] == value for key, value in wanted.items())
            and (not kind or str(entry["kind"]).lower() == kind.lower())
        ]
        entries.sort(key=lambda entry: str(entry["at"]))
        failed = sum(entry["level"] == "error" for entry in entries)
        shown = entries[-tail:]
        return ToolOutput({"entries": shown}, f"{len(shown)} entries, {failed} errors")

    @operation(effect=Effect.WRITE, command=command("reconcile"), timeout_s=660)
    def reconcile(
        self,
        kind: Kind,
        name: Name,
        namespace: Namespace = "",
        *,
        with_source: bool = False,
        wait_s: Annotated[int, Field(ge=0, le=600)] = 0,
    ) -> ToolOutput:
        """Ask Flux to reconcile an object now, by annotating it.

        Args:
            kind: Kind of the object.
            name: Name of the object.
            namespace: Namespace; leave out for Flux's own.
            with_source: Have its source fetched first, and wait for that.
            wait_s: Wait so long for the object to be handled and ready.

        Returns:
            `{"requested_at", "handled", "ready", "revision", "message"}` as last seen.
            Suspended objects are refused: Flux ignores the request.
        """
        found = self._awake(kind, name, namespace)
        if with_source:
            self._reconcile_source(kind, found)
        token = self._request(kind, found)
        last = self._settled(kind, found, token, wait_s)
        data = {"requested_at": token, **last}
        state = "ready" if last["ready"] and last["handled"] else "asked for"
        return ToolOutput(data, f"{kind}/{name}: {state} at {last['revision'] or 'no revision'}")

    @operation(effect=Effect.WRITE, command=command("suspend"))
    def suspend(self, kind: Kind, name: Name, namespace: Namespace = "") -> ToolOutput:
        """Stop Flux from reconciling an object; what runs keeps running.

        Args:
            kind: Kind of the object.
            name: Name of the object.
            namespace: Namespace; leave out for Flux's own.

        Returns:
            `{"suspended": true, "changed": bool}`.
        """
        return self._set_suspended(kind, name, namespace, suspended=True)

    @operation(effect=Effect.WRITE, command=command("resume"))
    def resume(self, kind: Kind, name: Name, namespace: Namespace = "") -> ToolOutput:
        """Let Flux reconcile a suspended object again; it does so at once.

        Args:
            kind: Kind of the object.
            name: Name of the object.
            namespace: Namespace; leave out for Flux's own.

        Returns:
            `{"suspended": false, "changed": bool}`.
        """
        return self._set_suspended(kind, name, namespace, suspended=False)

    # -- changes ----------------------------------------------------------------------------

    def _one(self, kind: str, name: str, namespace: str) -> dict[str, Any]:
        if not name:
            raise UsageFault(f"no name of a {kind} is given")
        return self._read(kind, name, namespace)[0]

    def _awake(self, kind: str, name: str, namespace: str) -> dict[str, Any]:
        found = self._one(kind, name, namespace)
        if (found.get("spec") or {}).get("suspend"):
            raise PlanRefused(
                f"{kind}/{name} is suspended",
                why="Flux does not reconcile suspended objects",
                fix=f"first: {command('resume')({'kind': kind, 'name': name})}",
            )
        return found

    def _patch(self, kind: str, found: Mapping[str, Any], body: Mapping[str, Any]) -> None:
        about = objects.metadata(found)
        path = self._resource(kind).path(about["namespace"], about["name"])
        params = {"fieldManager": FIELD_MANAGER}
        self.cluster.send("PATCH", path, body, content_type=MERGE, params=params)

    def _request(self, kind: str, found: Mapping[str, Any]) -> str:
        token = isoformat(self.clock.now())
        annotations = {reading.REQUESTED_AT: token}
        self._patch(kind, found, {"metadata": {"annotations": annotations}})
        return token

    def _reconcile_source(self, kind: str, found: Mapping[str, Any]) -> None:
        """Have the source fetched; what depends on an old one must not run on it."""
        read = reading.helm_release if kind == "helmrelease" else reading.kustomization
        about = read(found)["source"]
        word = str(about["kind"]).lower()
        if kind not in {"kustomization", "helmrelease"} or word not in SOURCES:
            raise UsageFault(f"a {kind} has no source to reconcile first")
        source = self._awake(word, about["name"], about["namespace"])
        last = self._settled(word, source, self._request(word, source), _SOURCE_WAIT_S)
        if not (last["handled"] and last["ready"]):
            raise Unreachable(
                f"the source {word}/{about['name']} was not fetched within {_SOURCE_WAIT_S} s",
                why=last["message"] or "its controller did not handle the request",
                fix="see: flux get sources all",
            )

    def _settled(
        self, kind: str, found: Mapping[str, Any], token: str, wait_s: float
    ) -> dict[str, Any]:
        """Look until the request is handled and the object ready, or the time is up."""
        about = objects.metadata(found)
        read = {"kustomization": reading.kustomization, "helmrelease": reading.helm_release}
        ends = self.clock.monotonic() + wait_s
        while True:
            now = self._one(kind, about["name"], about["namespace"])
            seen = read.get(kind, reading.source)(now)
            last = {key: seen[key] for key in ("handled", "ready", "revision", "message")}
            last["handled"] = last["handled"] and seen["requested_at"] == token
            done = (
                last["handled"] and not seen["reconciling"] and (seen["ready"] or seen["stalled"])
            )
            left = ends - self.clock.monotonic()
            if done or left <= 0:
                return last
            self._await_change(self._resource(kind), now, left)

    def _set_suspended(
        self, kind: str, name: str, namespace: str, *, suspended: bool
    ) -> ToolOutput:
        found = self._one(kind, name, namespace)
        changed = bool((found.get("spec") or {}).get("suspend")) != suspended
        if changed:
            self._patch(kind, found, {"spec": {"suspend": suspended}})
        word = "suspended" if suspended else "resumed"
        text = f"{kind}/{name}: {word}" if changed else f"{kind}/{name}: was {word} already"
        return ToolOutput({"suspended": suspended, "changed": changed}, text)

    # -- requests ---------------------------------------------------------------------------

    def _resource(self, kind: str) -> Resource:
        try:
            return self.cluster.resource(PLURALS[kind])
        except UsageFault as error:
            raise Unreachable(
                f"the cluster has no {kind}: Flux is not installed, or without it",
                why=error.why,
                fix="see: flux check",
            ) from error

    def _read(
        self,
        kind: str,
        name: str,
        namespace: str,
        *,
        all_namespaces: bool = False,
        optional: bool = False,
    ) -> list[dict[str, Any]]:
        """Objects of a kind; an `optional` kind that this cluster lacks has none."""
        try:
            resource = self._resource(kind)
        except Unreachable:
            if optional:
                return []
            raise
        where = "" if all_namespaces else namespace or self._namespace
        if name:
            path = resource.path(namespace or self._namespace, name)
            return [typed(self.cluster.get(path), resource)]
        found = self.cluster.list(resource.path(where))
        return [typed(item, resource) for item in found["items"]]

    def _controllers(self) -> Iterator[dict[str, Any]]:
        """The pods of Flux's controllers."""
        deployments = self.cluster.resource("deployments.apps").path(self._namespace)
        pods = self.cluster.resource("pods").path(self._namespace)
        found = self.cluster.list(deployments, {"labelSelector": "app.kubernetes.io/part-of=flux"})
        if not found["items"]:
            raise Unreachable(
                f"no Flux controllers in namespace {self._namespace}",
                why="no deployment there has the label app.kubernetes.io/part-of=flux",
                fix="set FLUX_NAMESPACE to the namespace Flux runs in",
            )
        for deployment in found["items"]:
            selector = objects.selector_text(deployment["spec"]["selector"])
            yield from self.cluster.list(pods, {"labelSelector": selector})["items"]

    def _log(self, pod: Mapping[str, Any], since_minutes: int) -> Iterator[dict[str, Any]]:
        name = objects.metadata(pod)["name"]
        path = self.cluster.resource("pods").path(self._namespace, name)
        containers = [one["name"] for one in pod["spec"]["containers"]]
        params = {
            "container": "manager" if "manager" in containers else containers[0],
            "sinceSeconds": since_minutes * 60,
            "tailLines": _LOG_LINES,
        }
        body = self.cluster.read(f"{path}/log", params, accept="*/*").body
        for line in body.decode("utf-8", "replace").splitlines():
            entry = reading.log_entry(line)
            if entry is not None:
                yield entry


def _listed(word: str, found: list[dict[str, Any]]) -> ToolOutput:
    found.sort(key=lambda one: (str(one["kind"]), str(one["namespace"]), str(one["name"])))
    ill = [one["name"] for one in found if not one["ready"]]
    asleep = sum(one["suspended"] for one in found)
    text = f"{len(found)} {word}, {len(ill)} not ready"
    if ill:
        text += f" ({', '.join(map(str, ill[:5]))}{', ...' if len(ill) > 5 else ''})"
    return ToolOutput({word: found}, f"{text}, {asleep} suspended" if asleep else text)
